// Tenants' users and their tokens: registered by REST, let in on the socket, and what ends when.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { admin, operator, Rest, tenant } from "../support/operators.ts";
import type { Body } from "../support/people.ts";
import { person, service } from "../support/people.ts";
import { RoomsClient } from "../support/rooms.ts";

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const REFUSED = { message: "token key mismatch" };
const says = (status: number, message: string) => ({ status, body: { status, message } });

const clients: RoomsClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) {
    expect(client.flaws()).toEqual([]);
    client.close();
  }
});

async function knock(token: string, app?: string): Promise<RoomsClient> {
  const client = await RoomsClient.open(token, app === undefined ? {} : { query: `&app=${app}` });
  clients.push(client);
  return client;
}

/** A connection that was let in. */
async function enter(token: string, app?: string): Promise<RoomsClient> {
  const client = await knock(token, app);
  await client.until(() => client.id !== "", "CONNECT");
  return client;
}

const closed = (client: RoomsClient) => client.until(() => client.socket.closed !== undefined, "the close");

describe("POST /user", () => {
  it("makes a user, and brings one up to date; the answer is the user, never with a token", async () => {
    const { app, server } = await tenant(await operator());
    const ann = { appUserId: 2, firstName: "Ann", lastName: "Lee", token: "xyzbhgdkfjke" };
    const made = await server.post("/user", { appId: app.applicationId, ...ann });
    expect(made).toMatchObject({ status: 200 });
    expect(made.body).toEqual({
      id: expect.any(Number),
      appId: app.id,
      appUserId: 2,
      firstName: "Ann",
      middleName: null,
      lastName: "Lee",
      createdAt: TIME,
      updatedAt: TIME,
      deletedAt: null,
    });
    const again = await server.post("/user", { ...ann, appUserId: "2", lastName: "Lie", middleName: "B." });
    expect(again.body).toEqual({ ...made.body, lastName: "Lie", middleName: "B.", updatedAt: TIME });
    expect((await server.post("/user", { ...ann, lastName: "Lie" })).body.middleName).toBe("B.");
    expect((await server.get(`/user/${app.applicationId}`)).body).toEqual([{ ...again.body, updatedAt: TIME }]);
    const token = await env.DB.prepare("SELECT * FROM tenant_tokens WHERE user_id = ?").bind(made.body.id).first();
    expect(JSON.stringify(token)).not.toContain(ann.token);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ann.token));
    expect(token).toMatchObject({ hash: Buffer.from(digest).toString("hex") });
  });

  it("takes a form, an operator's token, and the app's UUID from header, query or body", async () => {
    const olga = await operator();
    const { app } = await tenant(olga);
    const fields = { appUserId: "a-7", firstName: "Ann", lastName: "Lee", token: "t" };
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const ways = [
      await olga.call("POST", "/user", new URLSearchParams({ ...fields, appId: app.applicationId }).toString(), form),
      await olga.call("POST", "/user", fields, { appId: app.applicationId }),
      await olga.call("POST", "/user", fields, { "x-app-id": app.applicationId }),
      await olga.call("POST", `/user?appId=${app.applicationId}`, fields),
    ];
    expect(ways.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(new Set(ways.map((answer) => answer.body.id)).size).toBe(1);
    expect(ways[0]?.body.appUserId).toBe("a-7");
    expect((await olga.post("/user", fields)).body).toEqual({ status: 422, message: "appId: is missing" });
    expect(await olga.post("/user", { ...fields, appId: crypto.randomUUID() })).toMatchObject(
      says(404, "App Not Found"),
    );
  });

  it("twenty at the same instant make one user", async () => {
    const { app, server, user } = await tenant(await operator());
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => user("same", `token ${n}`)));
    expect(new Set(made.map((one) => one.id)).size).toBe(1);
    expect((await server.get(`/user/${app.id}`)).body).toHaveLength(1);
    // One of the tokens is the last, and the others are dead.
    const let_in = await Promise.all(
      made.map((_, n) =>
        service()
          .tenants.authenticate(`token ${n}`, app.applicationId)
          .then(
            () => 1,
            () => 0,
          ),
      ),
    );
    expect(let_in.reduce((sum: number, one) => sum + one, 0)).toBe(1);
  });

  it("gives everyone a username: the id made fit, with a number where it is taken", async () => {
    const { app, user } = await tenant(await operator());
    const [spaced, plain] = [await user("Ann Lee!"), await user("ann-lee")];
    const { directory } = storesOf(env);
    const names = await Promise.all([spaced, plain].map((one) => directory.users.find(app.id, one.id)));
    expect(names.map((one) => one?.username)).toEqual(["Ann-Lee", "ann-lee-2"]);
    expect((await user("💥".repeat(100))).appUserId).toBe("💥".repeat(100));
  });

  it.each([
    [{ appUserId: undefined }, "appUserId"],
    [{ appUserId: "" }, "appUserId"],
    [{ appUserId: "x".repeat(256) }, "appUserId"],
    [{ appUserId: 1.5 }, "appUserId"],
    [{ appUserId: "\ud800" }, "appUserId"],
    [{ firstName: undefined }, "firstName"],
    [{ lastName: " " }, "lastName"],
    [{ middleName: 7 }, "middleName"],
    [{ token: undefined }, "token"],
    [{ token: "" }, "token"],
    [{ token: "x".repeat(4097) }, "token"],
  ])("refuses %j, and makes nobody", async (wrong, field) => {
    const { app, server } = await tenant(await operator());
    const body = { appUserId: 1, firstName: "Ann", lastName: "Lee", token: "secret-token", ...wrong };
    const answer = await server.post("/user", body);
    expect(answer).toMatchObject({ status: 422, body: { status: 422, message: expect.stringContaining(field) } });
    expect(answer.body.message).not.toContain("secret-token");
    expect((await server.get(`/user/${app.id}`)).body).toEqual([]);
  });

  it("names that changed reach the chats of the other dialects", async () => {
    const { app, user } = await tenant(await operator());
    const ann = await user(1);
    const bob = await person("bob", app.id);
    const chat = (await bob.post("/v1/chats", { members: [ann.id] })).body;
    expect(chat.peer.name).toBe("Ann Lee");
    await user(1, "token", { firstName: "Anna" });
    const peer = async () => (await bob.get("/v1/chats")).body.items[0].peer.name;
    await expect.poll(peer).toBe("Anna Lee");
  });
});

describe("the token", () => {
  it("lets its user in until another one is registered, which closes at once what it opened", async () => {
    const { user } = await tenant(await operator());
    const ann = await user(1, "first token");
    const a = await enter("first token");
    await user(1, "first token", { firstName: "Anna" });
    const again = await enter("first token");
    expect(a.socket.closed).toBeUndefined();
    expect((await user(1, "second token")).id).toBe(ann.id);
    await Promise.all([closed(a), closed(again)]);
    expect(await (await knock("first token")).refusal()).toEqual(REFUSED);
    await enter("second token");
  });

  it("that was replaced by a registration that was cut off is ended by the next one", async () => {
    const { app, user } = await tenant(await operator());
    const { id } = await user(1, "old");
    const a = await enter("old");
    // The directory has the new token; the connections of the old one were not closed any more.
    const { directory } = storesOf(env);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("new"));
    await directory.tenantTokens.register({ appId: app.id, userId: id }, Buffer.from(digest).toString("hex"));
    expect(a.socket.closed).toBeUndefined();
    await user(1, "new");
    await closed(a);
    const row = env.DB.prepare("SELECT ending FROM tenant_tokens WHERE user_id = ?").bind(id);
    expect(await row.first("ending")).toBe("[]");
  });

  it("of one user is none of another's in the same app", async () => {
    const { server, user } = await tenant(await operator());
    const ann = await user(1, "shared");
    const answer = await server.post("/user", { appUserId: 2, firstName: "Bob", lastName: "Low", token: "shared" });
    expect(answer).toMatchObject(says(409, "This token is another user's."));
    const caller = await service().tenants.authenticate("shared", null);
    expect(caller.user.id).toBe(ann.id);
  });

  it("of ours is taken too, in its own app alone", async () => {
    const { app } = await tenant(await operator());
    const [ann, zoe] = [await person("ann"), await person("zoe", app.id)];
    await enter(ann.token);
    await enter(zoe.token, app.applicationId.toUpperCase());
    expect(await (await knock(ann.token, app.applicationId)).refusal()).toEqual(REFUSED);
    expect(await (await knock(ann.token, "no app")).refusal()).toEqual(REFUSED);
  });
});

describe("DELETE /user/{id}", () => {
  it("ends the token and the connections at once; the messages stay, the id is free again", async () => {
    const { app, server, user } = await tenant(await operator());
    const [ann, bob] = [await user(1, "anns"), await user(2, "bobs")];
    await server.post("/room", { room: "both", users: [1, 2] });
    const [a, b] = [await enter("anns"), await enter("bobs")];
    await a.join("both");
    await a.say("I was here");
    expect(await server.delete(`/user/${ann.id}`)).toMatchObject({ status: 200, body: { message: "deleted" } });
    await closed(a);
    expect(await (await knock("anns")).refusal()).toEqual(REFUSED);
    await b.join("both");
    const [message] = await b.ask("load_more", "load_more");
    expect(message).toMatchObject({ userId: ann.id, message: Buffer.from("I was here").toString("base64") });
    const left = (await server.get(`/user/${app.id}`)).body as Body[];
    expect(left.map((one) => one.id)).toEqual([bob.id]);
    expect(await server.delete(`/user/${ann.id}`)).toMatchObject(says(404, `ChatUser id ${ann.id} Not Found`));
    expect((await user(1, "anns")).id).not.toBe(ann.id);
  });

  it("finds nobody by what is no id, nor anybody of another's app", async () => {
    const [olga, otto] = [await operator("olga"), await operator("otto")];
    const [shop, bar] = [await tenant(olga), await tenant(otto)];
    const ann = await shop.user(1);
    for (const id of ["99999999", "x", "0", "-1", "1.5"]) {
      expect(await olga.delete(`/user/${id}`)).toMatchObject(says(404, `ChatUser id ${id} Not Found`));
    }
    for (const other of [otto, bar.server]) {
      expect(await other.delete(`/user/${ann.id}`)).toMatchObject(says(404, `ChatUser id ${ann.id} Not Found`));
      expect(await other.get(`/user/${shop.app.applicationId}`)).toMatchObject(says(404, "App Not Found"));
    }
    expect((await (await admin()).delete(`/user/${ann.id}`)).status).toBe(200);
  });
});

describe("GET /user/{appId}", () => {
  it("is told in pages where one asks for them", async () => {
    const { app, server, user } = await tenant(await operator());
    for (const id of ["c", "a", "b"]) await user(id);
    const ids = (body: Body) => body.map((one: Body) => one.appUserId);
    const first = await server.get(`/user/${app.applicationId}?limit=2`);
    expect(ids(first.body)).toEqual(["a", "b"]);
    const rest = await server.get(`/user/${app.applicationId}?limit=2&after=${first.headers.get("next-after")}`);
    expect([ids(rest.body), rest.headers.get("next-after")]).toEqual([["c"], null]);
  });
});

describe("rotating an app's key", () => {
  it("ends the old one at once, and leaves tokens of users alone", async () => {
    const olga = await operator();
    const { app, server, user } = await tenant(olga);
    await user(1, "token of rotation");
    const a = await enter("token of rotation");
    const { status, body } = await olga.post(`/app/${app.id}/key`);
    expect(status).toBe(200);
    expect(body).toEqual({ ...app, key: expect.stringMatching(/^[\w-]{43}$/) });
    expect(body.key).not.toBe(app.key);
    expect(await server.get("/room")).toMatchObject(says(401, "Invalid key"));
    expect((await new Rest({ "x-app-key": body.key }).get("/room")).status).toBe(200);
    await a.ask("err", "join", "");
    expect(a.socket.closed).toBeUndefined();
  });

  it("gives the default app one", async () => {
    const { body } = await (await admin()).post("/app/1/key");
    expect((await new Rest({ "x-app-key": body.key }).get("/user/1")).status).toBe(200);
  });
});
