// What waits in a lane is brought, whatever is under way with what came before it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { NOTHING } from "../../src/objects/chat/commit.ts";
import { Outbox } from "../../src/objects/chat/delivery.ts";
import { Room } from "../../src/objects/chat/room.ts";
import type { Delivery } from "../../src/objects/rpc.ts";
import { people } from "../support/people.ts";

it("is not forgotten where an Inbox confirms the row before, right before it is started", async () => {
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.direct(bob);
  await ann.say(chat.id, "first");
  await expect.poll(() => bob.unread(chat.id)).toBe(1);
  const brought = await runInDurableObject(env.CHAT.getByName(`chat:${chat.id}`), async (_, { storage }) => {
    const room = new Room(storage);
    const deliveries: Delivery[] = [];
    const confirmed = Promise.withResolvers<number>();
    const asked = Promise.withResolvers<void>();
    const outbox = new Outbox(storage.sql, room, {
      deliver: async (user, delivery) => {
        if (user === bob.id) deliveries.push(delivery);
        return { written: false, ears: null };
      },
      written: (user) => {
        if (user !== bob.id) return Promise.resolve(room.clock);
        asked.resolve();
        return confirmed.promise;
      },
      push: () => Promise.resolve([]),
      unreached: () => {},
      follow: () => Promise.resolve(),
      subscribed: () => false,
      publish: () => Promise.resolve(),
      failed: () => {},
      late: () => {},
      creator: null,
      waitUntil: () => {},
      now: () => Date.now(),
    });
    const row = { ...NOTHING, rows: [bob.id] };
    outbox.send(row, null, room.clock - 1);
    await asked.promise;
    const gathered = outbox.gather(row, null, room.clock - 1);
    confirmed.resolve(room.clock);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const before = deliveries.length;
    outbox.start(gathered);
    await new Promise((resolve) => setTimeout(resolve, 0));
    outbox.stop();
    return deliveries.slice(before);
  });
  expect(brought).toEqual([expect.objectContaining({ row: expect.objectContaining({ unread: 1 }) })]);
});
