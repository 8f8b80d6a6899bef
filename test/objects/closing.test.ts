// A connection that closes while what it has asked for is under way leaves nothing behind, neither at its Gateway nor elsewhere.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { GatewayCalls } from "../../src/objects/rpc.ts";
import { gatewayOf, known, noted } from "../support/entries.ts";
import { appWithKey, EventsClient } from "../support/events.ts";
import type { Kind } from "../support/meter.ts";
import { silence } from "../support/patience.ts";
import { patch } from "../support/meter.ts";
import { call, people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

/** The next call of this method is answered once `release` is called; `asked` says whether it has come. */
async function hold(
  kind: Kind,
  name: string,
  method: string,
): Promise<{ release: () => void; asked: () => boolean; done: () => number }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let [asked, done] = [false, 0];
  undo.push(
    await patch(kind, name, [method], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        const isFirst = !asked;
        asked = true;
        if (isFirst) await promise;
        const result = await old.apply(this, args);
        done++;
        return result;
      };
    }),
  );
  return { release: resolve, asked: () => asked, done: () => done };
}

/** Rows of `table` in these objects together. */
async function rowsIn(kind: "CHAT" | "INBOX" | "GATEWAY", names: readonly string[], table: string): Promise<number> {
  let rows = 0;
  for (const name of names) {
    rows += await runInDurableObject(
      env[kind].getByName(name),
      (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
    );
  }
  return rows;
}

const gateways = (dialect: string): string[] => Array.from({ length: 4 }, (_, n) => `${dialect}/local/${n}`);

it("of whoever was lost in a crash, and was known together with others", async () => {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  await ann.say(id, "so that it is open");
  const sockets = [await ann.socket(), await ann.socket(), await ann.socket()];
  expect(await sockets[2]?.do("chat.join", { chat_id: id })).toMatchObject({ ok: true });
  expect(await rowsIn("CHAT", [`chat:${id}`], "listeners")).toBe(1);
  // As a crash leaves it: rows, and no socket that they are about.
  const gateway = gatewayOf(ann);
  const lost = "native/local/0#lost";
  for (const [stub, table] of [
    [gateway, "follows"] as const,
    [env.CHAT.getByName(`chat:${id}`), "listeners"] as const,
  ]) {
    await runInDurableObject(stub, (_, { storage }) => storage.sql.exec(`UPDATE ${table} SET connection = ?`, lost));
    await evictDurableObject(stub);
  }
  await runDurableObjectAlarm(gateway);
  await expect.poll(() => rowsIn("CHAT", [`chat:${id}`], "listeners")).toBe(0);
  expect(await rowsIn("GATEWAY", gateways("native"), "follows")).toBe(0);
  for (const socket of sockets) socket.close();
});

it("of whoever was coming in while their Gateway looked for those who are lost, and is lost in a crash later", async () => {
  const [ann] = await people("ann");
  const { release, asked } = await hold("INBOX", `user:${ann.id}`, "addConnection");
  const opening = ann.socket();
  await expect.poll(asked).toBe(true);
  expect(await runDurableObjectAlarm(gatewayOf(ann))).toBe(true);
  release();
  const socket = await opening;
  await runInDurableObject(gatewayOf(ann), (_, { storage }) => storage.sql.exec("UPDATE connections SET id = 'lost'"));
  expect(await runDurableObjectAlarm(gatewayOf(ann))).toBe(true);
  expect(await noted(ann)).toBe(0);
  socket.close();
});

it("of whoever's end nobody was told of", async () => {
  const [ann] = await people("ann");
  const sockets = [await ann.socket(), await ann.socket()];
  let lost = 0;
  undo.push(
    await patch("GATEWAY", "native/local/0", ["webSocketClose"], () => async () => {
      lost++;
    }),
  );
  for (const socket of sockets) socket.close();
  await expect.poll(() => lost).toBe(2);
  expect([await noted(ann), await known(ann)]).toEqual([2, 2]);
  await runDurableObjectAlarm(gatewayOf(ann));
  await expect.poll(() => known(ann)).toBe(0);
  expect(await noted(ann)).toBe(0);
});

it("of whoever watches for somebody", async () => {
  const [ann, bob] = await people("ann", "bob");
  const socket = await ann.socket();
  const { release, asked, done } = await hold("INBOX", `user:${bob.id}`, "watch");
  socket.send(JSON.stringify({ id: 1, do: "presence.watch", user_id: bob.id }));
  await expect.poll(asked).toBe(true);
  socket.close();
  await expect.poll(() => rowsIn("GATEWAY", gateways("native"), "connections")).toBe(0);
  release();
  await expect.poll(done).toBe(1);
  await expect.poll(() => rowsIn("INBOX", [`user:${bob.id}`], "watchers")).toBe(0);
  expect(await rowsIn("GATEWAY", gateways("native"), "follows")).toBe(0);
});

it("of whoever joins a chat", async () => {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  await ann.say(id, "so that it is open");
  const socket = await ann.socket();
  const { release, asked, done } = await hold("CHAT", `chat:${id}`, "hear");
  socket.send(JSON.stringify({ id: 1, do: "chat.join", chat_id: id }));
  await expect.poll(asked).toBe(true);
  socket.close();
  await expect.poll(() => rowsIn("GATEWAY", gateways("native"), "connections")).toBe(0);
  release();
  await expect.poll(done).toBe(2);
  expect(await rowsIn("CHAT", [`chat:${id}`], "listeners")).toBe(0);
  expect(await rowsIn("GATEWAY", gateways("native"), "follows")).toBe(0);
});

it("of whoever listens for an app, and is thrown out before all was asked that what they said takes", async () => {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  const client = await EventsClient.connect();
  const { release, asked } = await hold("INBOX", `user:${ann.id}`, "subscribe");
  const said = { chat: { id: String(id) }, user: { id: String(ann.id) }, message: { value: "hello", type: "text" } };
  client.send(`42${JSON.stringify(["new-message", said])}`);
  await expect.poll(asked).toBe(true);
  // No packet at all.
  client.send("9");
  await expect.poll(() => client.closed).toBe(true);
  await expect.poll(() => rowsIn("GATEWAY", gateways("events"), "carried")).toBe(0);
  release();
  await expect.poll(() => rowsIn("CHAT", [`chat:${id}`], "messages")).toBe(1);
  await expect.poll(() => rowsIn("INBOX", [`user:${ann.id}`], "subscribers")).toBe(0);
  expect(await rowsIn("CHAT", [`chat:${id}`], "subscribers")).toBe(0);
  expect(await rowsIn("GATEWAY", gateways("events"), "subscriptions")).toBe(0);
});

it("of whoever listened to many, while the Gateway has nothing else left and lets go of a socket that never spoke", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  undo.push(() => vi.restoreAllMocks());
  const { id, key } = await appWithKey();
  const client = await EventsClient.connect({ version: 3, query: { key } });
  const users = await Promise.all(Array.from({ length: 20 }, (_, n) => client.user(`user-${n}`)));
  const [first = ""] = users;
  const chat = await client.chat("all", ...users);
  for (const user of users) await client.say(chat, user, "hello");
  const listened = users.map((user) => `user:${user}`);
  expect(await rowsIn("INBOX", listened, "subscribers")).toBe(20);
  await EventsClient.connect({ version: 3, query: { key } });
  const { release, asked } = await hold("INBOX", `user:${first}`, "subscribe");
  client.send("9");
  await expect.poll(asked).toBe(true);
  let resets = 0;
  await runInDurableObject(
    env.GATEWAY.getByName("events-3/local/0"),
    async (instance: DurableObject & GatewayCalls, ctx) => {
      ctx.abort = () => void resets++;
      const sockets = ctx.getWebSockets();
      await instance.closeApp(id, 1008, "");
      // Clients answer.
      for (const socket of sockets) await instance.webSocketClose?.(socket, 1005, "", true);
      await ctx.storage.sync();
    },
  );
  await silence(() => resets);
  expect(resets).toBe(0);
  release();
  await expect.poll(() => rowsIn("INBOX", listened, "subscribers")).toBe(0);
  expect(await rowsIn("CHAT", [`chat:${chat}`], "subscribers")).toBe(0);
  await expect.poll(() => resets).toBe(1);
});

it("of a client that polls, whose token ends between two polls", async () => {
  const [ann] = await people("ann");
  const opened = await call("GET", "/ws/?EIO=4&transport=polling");
  const path = `/ws/?EIO=4&transport=polling&sid=${JSON.parse(String(opened.body).slice(1)).sid}`;
  await call("POST", path, `40/chat,${JSON.stringify({ token: ann.token })}`);
  expect((await call("GET", path)).body).toMatch(/^40\/chat/);
  expect(await rowsIn("GATEWAY", gateways("messenger"), "carried")).toBe(1);
  await ann.post("/v1/auth/logout");
  await expect.poll(() => rowsIn("GATEWAY", gateways("messenger"), "connections")).toBe(0);
  expect(await rowsIn("GATEWAY", gateways("messenger"), "carried")).toBe(0);
  // It still learns that it is over: the packet that closes is "1", which `call` reads as JSON.
  expect((await call("GET", path)).body).toBe(1);
});

it("of connections whose object died after their sessions had ended, and before they were let go", async () => {
  const [name = ""] = gateways("messenger");
  const gateway = env.GATEWAY.getByName(name);
  await runInDurableObject(gateway, (_, { storage }) => {
    const attached = { id: `${name}#lost`, session: null, username: null, app: null, origin: "", state: null };
    storage.sql.exec("INSERT INTO carried (key, attached) VALUES ('lost', ?)", JSON.stringify(attached));
  });
  await evictDurableObject(gateway);
  expect(await rowsIn("GATEWAY", [name], "carried")).toBe(0);
});

it("of whoever leaves while the object that has their socket is evicted", async () => {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  const [own, socket] = [await ann.socket(id), await bob.socket()];
  const chat = env.CHAT.getByName(`chat:${id}`);
  // No alarm is left that would look after them.
  await runDurableObjectAlarm(chat);
  expect(await noted(bob)).toBe(1);
  expect([await rowsIn("CHAT", [`chat:${id}`], "sockets"), await known(ann), await known(bob)]).toEqual([1, 1, 1]);
  await evictDurableObject(chat);
  await evictDurableObject(gatewayOf(bob));
  for (const one of [own, socket]) one.close();
  await expect.poll(async () => [await known(ann), await known(bob)]).toEqual([0, 0]);
  expect([await rowsIn("CHAT", [`chat:${id}`], "sockets"), await noted(bob)]).toEqual([0, 0]);
});

it("of whoever was lost in a crash, also at a Gateway to which somebody comes whenever it has just been evicted", async () => {
  const [ann] = await people("ann");
  await ann.socket();
  const gateway = gatewayOf(ann);
  const alarm = (): Promise<number | null> => runInDurableObject(gateway, (_, { storage }) => storage.getAlarm());
  const first = await alarm();
  expect(first).not.toBeNull();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20_000 });
  undo.push(() => vi.useRealTimers());
  await evictDurableObject(gateway);
  await ann.socket();
  expect(await alarm()).toBe(first);
});
