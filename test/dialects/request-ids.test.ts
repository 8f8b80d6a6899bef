// One id for a request and for every line of the log that comes of it, in whatever object that is.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fullDisk } from "../support/failures.ts";
import { faultsIn, listen } from "../support/log-lines.ts";
import { MessengerClient } from "../support/messenger.ts";
import type { Kind } from "../support/meter.ts";
import { patch } from "../support/meter.ts";
import { call, knock, people, Socket } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.restoreAllMocks();
});

/** No message can be written any more in this chat. */
const breakDisk = (chat: number): Promise<unknown> => fullDisk("CHAT", `chat:${chat}`, /INSERT INTO messages/);

/** These calls of this object fail. */
async function outOfOrder(kind: Kind, name: string, ...methods: string[]): Promise<void> {
  const stop = await patch(kind, name, methods, (old) => {
    return function (this: unknown, ...args: unknown[]) {
      if ((this as { ctx: DurableObjectState }).ctx.id.name === name) throw new Error("out of order");
      return old.apply(this, args);
    };
  });
  undo.push(stop);
}

describe("the id of a request", () => {
  it("is the client's where it is well-formed, else Cloudflare's, else a new one", async () => {
    const given = async (headers: Record<string, string>): Promise<string | null> =>
      (await call("GET", "/health", undefined, headers)).headers.get("x-request-id");
    expect(await given({ "x-request-id": "order-4711_a.b", "cf-ray": "8f00-FRA" })).toBe("order-4711_a.b");
    for (const bad of ["short", "x".repeat(65), "has a space", "semi;colon", '"quoted-id"']) {
      expect(await given({ "x-request-id": bad, "cf-ray": "8f0000-FRA" })).toBe("8f0000-FRA");
      expect(await given({ "x-request-id": bad })).toMatch(/^[0-9a-f-]{36}$/);
      expect(await given({ "cf-ray": bad })).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("is borne by the fault of an object that happened in it, and by the 500 that the client got", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "so that it is open");
    await breakDisk(chat);
    const lines = listen();
    const failed = await ann.call(
      "POST",
      `/v1/chats/${chat}/messages`,
      { text: "lost" },
      { "x-request-id": "the-failed-one" },
    );
    expect(failed).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(failed.headers.get("x-request-id")).toBe("the-failed-one");
    expect(faultsIn(lines()).map(({ where, request }) => [where, request])).toEqual(
      expect.arrayContaining([
        ["commit", "the-failed-one"],
        ["chat", "the-failed-one"],
      ]),
    );
    expect(faultsIn(lines()).every(({ request }) => request === "the-failed-one")).toBe(true);
    // What comes next is another request.
    await ann.call("POST", `/v1/chats/${chat}/messages`, { text: "lost" }, { "x-request-id": "the-next-one" });
    expect(faultsIn(lines()).at(-1)).toMatchObject({ request: "the-next-one" });
  });

  it.each(["/v1/socket", "own"])("of an upgrade goes with what its connection does later (%s)", async (path) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    const address = path === "own" ? `/v1/chats/${chat}/socket` : path;
    const { webSocket, headers } = await knock(address, {
      "sec-websocket-protocol": `parlance.v1, bearer.${ann.token}`,
      "x-request-id": "the-upgrade",
    });
    expect(headers.get("x-request-id")).toBe("the-upgrade");
    if (webSocket === null) throw new Error("refused");
    const socket = new Socket(webSocket);
    await socket.do("message.send", { chat_id: chat, text: "so that it is open" });
    await breakDisk(chat);
    const lines = listen();
    expect(await socket.do("message.send", { chat_id: chat, text: "lost" })).toMatchObject({ ok: false });
    expect(faultsIn(lines()).length).toBeGreaterThan(0);
    expect(faultsIn(lines()).every(({ request }) => request === "the-upgrade")).toBe(true);
    socket.close();
  });

  it("is borne by the faults of the Inbox that was asked", async () => {
    const [ann, bob] = await people("ann", "bob");
    await ann.say((await ann.direct(bob)).id, "so that there is a list");
    await expect.poll(async () => (await bob.get("/v1/chats")).body.items.length).toBe(1);
    await runInDurableObject(env.INBOX.getByName(`user:${bob.id}`), (_, { storage: { sql } }) => {
      sql.exec("ALTER TABLE chats RENAME TO hidden");
    });
    const lines = listen();
    const failed = await bob.call("GET", "/v1/chats", undefined, { "x-request-id": "the-list" });
    expect(failed.status).toBe(500);
    expect(faultsIn(lines()).map(({ where, request }) => [where, request])).toContainEqual(["list", "the-list"]);
    expect(faultsIn(lines()).every(({ request }) => request === "the-list")).toBe(true);
  });

  it("is borne by what a Lobby and a Gateway do because of it", async () => {
    const [bob] = await people("bob");
    const client = await MessengerClient.of(bob);
    const names = [0, 1, 2, 3].map((number) => `messenger/local/${number}`);
    for (const name of names) await outOfOrder("GATEWAY", name, "news");
    const lines = listen();
    await call(
      "POST",
      "/v1/auth/register",
      { username: `new${Date.now()}`, password: "long enough" },
      {
        "x-request-id": "the-newcomer",
      },
    );
    await expect.poll(() => faultsIn(lines()).some(({ where }) => where === "news")).toBe(true);
    const news = faultsIn(lines()).filter(({ where }) => where === "news");
    expect(news.every(({ request }) => request === "the-newcomer")).toBe(true);
    client.close();
  });

  it("of a Socket.IO connection goes with what it does later", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "so that it is open");
    const client = await MessengerClient.join({ token: ann.token }, "/ws/", { "x-request-id": "the-handshake" });
    await client.ask("fetch-unread-chats-count", { user: ann.username });
    await breakDisk(chat);
    const lines = listen();
    client.emit("send-message", { user: bob.username, message: "lost" });
    await expect.poll(() => faultsIn(lines()).length).toBeGreaterThan(0);
    expect(faultsIn(lines()).every(({ request }) => request === "the-handshake")).toBe(true);
    client.close();
  });
});
