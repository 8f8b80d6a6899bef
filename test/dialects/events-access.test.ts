// Who may connect to `events`: whoever brings the key of an app, and anyone where the app is open.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createObjects } from "../../src/objects/objects.ts";
import type { Opening } from "../support/events.ts";
import { EventsClient, appWithKey, setKey } from "../support/events.ts";
import { patch } from "../support/meter.ts";
import { call, knock } from "../support/people.ts";

const REFUSED = { 3: '"authentication required"', 4: '{"message":"authentication required"}' } as const;

async function refusalOf(opening: Opening): Promise<string | undefined> {
  const client = await EventsClient.open(opening);
  const { refusal } = client;
  client.close();
  return refusal;
}

/** The app that the connection acts for, by a user that it makes. */
async function appOf(opening: Opening): Promise<unknown> {
  const client = await EventsClient.connect(opening);
  const id = await client.user(crypto.randomUUID());
  client.close();
  const row = await env.DB.prepare("SELECT app_id FROM users WHERE id = ?").bind(Number(id)).first();
  return row?.["app_id"];
}

describe.each([3, 4] as const)("a client of Engine.IO %i", (version) => {
  it("acts for the app whose key it brings in the query", async () => {
    const app = await appWithKey();
    expect(await appOf({ version, query: { key: app.key } })).toBe(app.id);
    expect(await appOf({ version, query: { key: app.key, app: "something of the client's own" } })).toBe(app.id);
  });

  it("acts for an open app without a key: by the query, by the header, else the default one", async () => {
    const app = await appWithKey();
    await env.DB.prepare("UPDATE apps SET open = 1 WHERE id = ?").bind(app.id).run();
    expect(await appOf({ version })).toBe(1);
    expect(await appOf({ version, query: { key: "" } })).toBe(1);
    expect(await appOf({ version, query: { app: app.uuid } })).toBe(app.id);
    expect(await appOf({ version, headers: { "X-App-Id": app.uuid } })).toBe(app.id);
  });

  it("is refused by a closed app, with a wrong key, and where there is no such app", async () => {
    const app = await appWithKey();
    for (const query of [
      { app: app.uuid },
      { app: app.uuid, key: "wrong" },
      { key: "wrong" },
      { key: app.uuid },
      { app: crypto.randomUUID() },
      { app: "nonsense" },
    ]) {
      expect(await refusalOf({ version, query }), JSON.stringify(query)).toBe(REFUSED[version]);
    }
    expect(await refusalOf({ version, headers: { "X-App-Id": app.uuid } })).toBe(REFUSED[version]);
  });

  it("is put out when the key is changed or the app is closed, and comes back with the new key alone", async () => {
    const app = await appWithKey();
    const client = await EventsClient.connect({ version, query: { key: app.key } });
    const user = await client.user("ann");
    const chat = await client.chat("Team", user);
    const key = crypto.randomUUID();
    await setKey(app.id, key);
    await createObjects(env).closeApp(app.id);
    await client.until(() => client.closed, "the end of the connection");
    expect(await refusalOf({ version, query: { key: app.key } })).toBe(REFUSED[version]);
    const back = await EventsClient.connect({ version, query: { key } });
    expect(await back.user("ann")).toBe(user);
    expect((await back.call("list-chats", { user: { id: user } })).chats).toMatchObject([{ id: chat }]);
    expect(client.messages()).toEqual([]);
  });
});

describe("version 4", () => {
  it("may bring the key in `auth`, where it goes before the query", async () => {
    const [one, two] = [await appWithKey(), await appWithKey()];
    expect(await appOf({ auth: { key: one.key } })).toBe(one.id);
    expect(await appOf({ auth: { key: one.key }, query: { key: two.key } })).toBe(one.id);
    expect(await refusalOf({ auth: { key: "wrong" }, query: { key: two.key } })).toBe(REFUSED[4]);
  });

  it("is refused for a key that is no string", async () => {
    for (const key of [1, true, {}, [], { key: "x" }]) {
      expect(await refusalOf({ auth: { key } }), JSON.stringify(key)).toBe(REFUSED[4]);
    }
    expect(await appOf({ auth: { key: null } })).toBe(1);
  });

  it("never hears two apps on one connection", async () => {
    const [one, two] = [await appWithKey(), await appWithKey()];
    const client = await EventsClient.connect({ auth: { key: one.key } });
    const user = await client.user("ann");
    const chat = await client.chat("Team", user);
    client.send("41");
    client.send(`40${JSON.stringify({ key: two.key })}`);
    await client.until(() => client.refusal !== undefined);
    client.send(`40${JSON.stringify({ key: one.key })}`);
    await client.until(() => client.frames.filter((frame) => frame.startsWith("40")).length === 2);
    expect((await client.call("list-chats", { user: { id: user } })).chats).toMatchObject([{ id: chat }]);
  });

  it("is refused where the key was changed after it was looked up, and before the Lobby knew of it", async () => {
    const app = await appWithKey();
    const stop = await patch("LOBBY", `app:${app.id}`, ["listen"], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        await setKey(app.id, crypto.randomUUID());
        await createObjects(env).closeApp(app.id);
        return old.apply(this, args);
      };
    });
    const refusal = await refusalOf({ auth: { key: app.key } }).finally(stop);
    expect(refusal).toBe(REFUSED[4]);
  });
});

describe("the path", () => {
  it("is there with and without the last slash", async () => {
    for (const path of ["/socket.io", "/socket.io/"]) {
      expect((await knock(`${path}?EIO=4&transport=websocket`, {})).status).toBe(101);
    }
  });

  it("leaves connections with a token in the query to `rooms`, also where it is empty", async () => {
    for (const [token, message] of [
      ["", "No token key found"],
      ["t", "token key mismatch"],
    ] as const) {
      const opened = await call("GET", `/socket.io/?EIO=4&transport=polling&token=${token}`);
      const { sid } = JSON.parse(String(opened.body).slice(1));
      const path = `/socket.io/?EIO=4&transport=polling&token=${token}&sid=${sid}`;
      expect((await call("POST", path, "40")).body).toBe("ok");
      expect((await call("GET", path)).body).toBe(`44${JSON.stringify({ message })}`);
    }
  });

  it("opens by long polling too, with the app of the header", async () => {
    const app = await appWithKey();
    await env.DB.prepare("UPDATE apps SET open = 1 WHERE id = ?").bind(app.id).run();
    const opened = await call("GET", "/socket.io/?EIO=4&transport=polling", undefined, { "X-App-Id": app.uuid });
    const { sid } = JSON.parse(String(opened.body).slice(1));
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const user = { external_id: crypto.randomUUID(), name: "N", photo: "" };
    expect((await call("POST", path, "40")).body).toBe("ok");
    await call("POST", path, `420${JSON.stringify(["create-user", { user }])}`);
    let polled = "";
    while (!polled.includes("430[")) polled += String((await call("GET", path)).body);
    const id = /"id":"(\d+)"/.exec(polled)?.[1];
    const row = await env.DB.prepare("SELECT app_id FROM users WHERE id = ?").bind(Number(id)).first();
    expect(row?.["app_id"]).toBe(app.id);
  });
});
