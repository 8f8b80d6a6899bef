// Rows that an Inbox gathers in a burst: what comes in between loses none, and none outlives what it belongs to.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chatId } from "../../src/core/ids.ts";
import { DELIVERY } from "../../src/core/limits.ts";
import type { Delivered } from "../../src/objects/rpc.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { allArrived } from "../support/crowd.ts";
import { EventsClient } from "../support/events.ts";
import { replace } from "../support/failures.ts";
import { whileTimeStands } from "../support/patience.ts";
import type { Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** `by` says so much in `chat` that the Inbox of `whose` gathers a row; how much. */
async function burst(by: Person, chat: number, whose: Person): Promise<number> {
  const gathered: Delivered[] = [];
  const heal = await replace("INBOX", `user:${whose.id}`, "deliver", async (call) => {
    const delivered = (await call()) as Delivered;
    if (!delivered.written) gathered.push(delivered);
    return delivered;
  });
  undo.push(heal);
  let count = 0;
  await whileTimeStands(async () => {
    for (; gathered.length === 0 && count < 3 * DELIVERY.burst; count++) await by.say(chat, `text ${count}`);
  });
  expect(gathered).not.toEqual([]);
  heal();
  return count;
}

describe("rows that an Inbox gathers", () => {
  it("are not written once all that it had is erased", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    const client = await EventsClient.connect();
    await client.call("list-chats", { user: { id: bob.id } });
    await burst(ann, id, bob);
    const inbox = inboxStub(env, bob.id);
    await inbox.eraseWithApp();
    // Resolves when the gathering is over.
    expect(await inbox.written(chatId(id))).toBe(undefined);
  });

  it("are written a moment later where the disk is full, and the chat comes to rest", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    const b = await bob.socket();
    let failed = false;
    const count = await burst(ann, id, bob);
    await runInDurableObject(env.INBOX.getByName(`user:${bob.id}`), (_, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      Object.assign(sql, {
        exec: (query: string, ...bindings: unknown[]) => {
          if (!query.includes("INTO chats")) return exec(query, ...bindings);
          Object.assign(sql, { exec });
          failed = true;
          throw new Error("database or disk is full: SQLITE_FULL");
        },
      });
    });
    await expect.poll(() => failed).toBe(true);
    await allArrived(id);
    expect(await bob.unread(id)).toBe(count);
    b.close();
  });
});
