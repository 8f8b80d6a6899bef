// What waits in a lane is brought, whatever is under way with what came before it; unless the chat has stopped.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { ChatEvent } from "../../src/core/events.ts";
import type { UserId } from "../../src/core/ids.ts";
import { DELIVERY } from "../../src/core/limits.ts";
import { NOTHING } from "../../src/objects/chat/commit.ts";
import type { Commit } from "../../src/objects/chat/commit.ts";
import type { DeliveryPorts } from "../../src/objects/chat/delivery.ts";
import { Outbox } from "../../src/objects/chat/delivery.ts";
import * as messaging from "../../src/objects/chat/messaging.ts";
import { Room } from "../../src/objects/chat/room.ts";
import type { Delivered, Delivery, Push } from "../../src/objects/rpc.ts";
import type { Person } from "../support/people.ts";
import { people } from "../support/people.ts";

interface Stage {
  readonly outbox: Outbox;
  readonly room: Room;
  /** Users whose Inboxes were called, in order. */
  readonly called: UserId[];
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** An outbox of its own over a chat of two, of which everything has been delivered. */
async function onStage(
  ports: Pick<DeliveryPorts, "deliver" | "written"> & Partial<DeliveryPorts>,
  play: (stage: Stage, ann: Person, bob: Person) => Promise<void>,
): Promise<void> {
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.direct(bob);
  await ann.say(chat.id, "first");
  await expect.poll(() => bob.unread(chat.id)).toBe(1);
  await runInDurableObject(env.CHAT.getByName(`chat:${chat.id}`), async (_, { storage }) => {
    const room = new Room(storage);
    storage.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('delivered', ?)", String(room.clock));
    const called: UserId[] = [];
    const outbox = new Outbox(storage.sql, room, {
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
      ...ports,
      deliver: (user, delivery) => {
        called.push(user);
        return ports.deliver(user, delivery);
      },
    });
    await play({ outbox, room, called }, ann, bob);
    outbox.stop();
  });
}

it("is not forgotten where an Inbox confirms the row before, right before it is started", async () => {
  const confirmed = Promise.withResolvers<number>();
  const asked = Promise.withResolvers<void>();
  const ports = {
    deliver: () => Promise.resolve({ written: false, ears: null }),
    written: () => {
      asked.resolve();
      return confirmed.promise;
    },
  };
  await onStage(ports, async ({ outbox, room, called }, _, bob) => {
    const row = { ...NOTHING, rows: [bob.id] };
    outbox.send(row, null, room.clock - 1);
    await asked.promise;
    const gathered = outbox.gather(row, null, room.clock - 1);
    confirmed.resolve(room.clock);
    await turn();
    expect(called).toEqual([bob.id]);
    outbox.start(gathered);
    expect(called).toEqual([bob.id, bob.id]);
  });
});

it("calls no Inbox any more once the chat has stopped, though an event was still to be told directly", async () => {
  const ports = {
    deliver: (user: UserId) => Promise.resolve({ written: true, ears: [`native/local/0#${user}`] }),
    written: () => Promise.resolve(undefined),
    push: () => new Promise<string[]>(() => {}),
  };
  await onStage(ports, async ({ outbox, room, called }, ann, bob) => {
    const event: ChatEvent = {
      type: "typing",
      chatId: room.id,
      userId: ann.id,
      user: room.members.person(ann.id),
      on: true,
      said: true,
    };
    const told = (to: Person): Commit => ({
      ...NOTHING,
      tellings: [{ shared: false, event: () => event, to: [to.id] }],
    });
    for (const one of [ann, bob]) outbox.send(told(one), null, room.clock);
    await turn();
    expect(called).toEqual([ann.id, bob.id]);
    // Now both are told directly; Bob's event waits for Ann's.
    for (const one of [ann, bob]) outbox.send(told(one), null, room.clock);
    await turn();
    expect(called).toEqual([ann.id, bob.id, ann.id]);
    outbox.stop();
    await turn();
    expect(called).toEqual([ann.id, bob.id, ann.id]);
  });
});

it("tells again all that a Gateway did not, of the events that were on their way there while a replay began", async () => {
  const many = DELIVERY.portion + 5;
  const delivered: Delivery[] = [];
  const [first, second] = [Promise.withResolvers<string[]>(), Promise.withResolvers<string[]>()];
  const taken = Promise.withResolvers<void>();
  const pushes = [() => first.promise, () => second.promise];
  const reached: number[] = [];
  const ports = {
    written: () => Promise.resolve(undefined),
    push: (_: string, all: readonly Push[]) => {
      reached.push(all.flatMap(({ events }) => events).length);
      return pushes.shift()?.() ?? Promise.resolve([]);
    },
  };
  let bobs: UserId | undefined;
  const deliver = async (user: UserId, delivery: Delivery): Promise<Delivered> => {
    if (user !== bobs) return { written: true, ears: [] };
    delivered.push(delivery);
    if (delivered.length === 2) await taken.promise;
    return { written: true, ears: [`native/local/0#${user}`] };
  };
  await onStage({ ...ports, deliver }, async ({ outbox, room }, ann, bob) => {
    bobs = bob.id;
    const actor = { appId: room.appId, userId: ann.id };
    const say = (text: string): void => {
      const before = room.clock;
      const command = { do: "message.send", draft: { text } } as const;
      const { commit } = messaging.send(room, actor, command, [], () => false, outbox.delivered(), Date.now());
      outbox.send(commit, null, before);
    };
    say("so that it is known where Bob is");
    await expect.poll(() => delivered.length).toBe(1);
    await turn();
    say("under way");
    const since = room.clock;
    for (let n = 0; n < many; n++) say(`m${n}`);
    outbox.replayTo(bob.id, since);
    first.resolve([]);
    taken.resolve();
    await expect.poll(() => reached).toEqual([1, DELIVERY.portion]);
    second.reject(new Error("out of reach"));
    const again = (): number[] =>
      delivered.flatMap((one) => (one.again === true ? one.events.map(({ clock }) => clock) : []));
    await expect.poll(() => again().at(-1)).toBe(room.clock);
    expect(again()).toEqual(Array.from({ length: many }, (_, n) => since + 1 + n));
  });
});
