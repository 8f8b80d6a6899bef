/** A chat of very many people. Speaks the public surface, but for the people whom nobody hears of. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import type { Person } from "./people.ts";
import { people } from "./people.ts";
import { soon } from "./patience.ts";

/** A group of `size`, most of whom are never there. */
export async function crowd(size: number): Promise<{ owner: Person; bob: Person; eve: Person; chat: number }> {
  const [owner, bob, eve] = await people("owner", "bob", "eve");
  if (owner === undefined || bob === undefined || eve === undefined) throw new Error("no people");
  const { directory } = storesOf(env);
  const others = [];
  for (let n = 3; n < size; n++) {
    others.push(
      (await directory.users.create(appId(1), { username: `extra${n}-${crypto.randomUUID().slice(0, 8)}` })).id,
    );
  }
  const first = [bob.id, eve.id, ...others.slice(0, 90)];
  const chat = (await owner.post("/v1/chats", { title: "Crowd", members: first })).body.id;
  for (const user of others.slice(90)) await owner.put(`/v1/chats/${chat}/members/${user}`);
  return { owner, bob, eve, chat };
}

/** Waits until all that has happened in a chat has arrived everywhere: its alarm notes that. */
export async function allArrived(chat: number): Promise<void> {
  const stub = env.CHAT.getByName(`chat:${chat}`);
  await soon(async () => {
    await runDurableObjectAlarm(stub);
    const noted = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql
        .exec(
          `SELECT value + 0 AS delivered, (
             SELECT max(clock) FROM (SELECT clock FROM messages UNION ALL SELECT clock FROM changes)
           ) AS clock FROM meta WHERE key = 'delivered'`,
        )
        .toArray(),
    );
    expect(noted).toEqual([{ delivered: noted[0]?.["clock"], clock: expect.any(Number) }]);
  });
}
