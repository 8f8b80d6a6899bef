// A connection that closes while what it has asked for is under way leaves nothing behind, neither at its Gateway nor elsewhere.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import type { Kind } from "../support/meter.ts";
import { patch } from "../support/meter.ts";
import { people } from "../support/people.ts";

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
