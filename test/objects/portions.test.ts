// A Gateway that is slow, and does not fail: everything that has gathered for it is told, in order, a portion at a time.

import { afterEach, describe, expect, it } from "vitest";
import { DELIVERY } from "../../src/core/limits.ts";
import type { Push } from "../../src/objects/rpc.ts";
import { patch } from "../support/meter.ts";
import { people, service } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

describe("a Gateway that is slow", () => {
  it("has its people hear all that has gathered meanwhile, however much, and their lists are right in the end", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const b = await bob.socket();
    await ann.say(chat.id, "first");
    await b.event("message.created");
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const sizes: number[] = [];
    undo.push(
      await patch("GATEWAY", "native/local/0", ["deliver"], (old) => {
        return async function (this: unknown, ...args: unknown[]) {
          for (const { events } of args[0] as Push[]) sizes.push(events.length);
          await gate;
          return old.apply(this, args);
        };
      }),
    );
    const actor = { appId: 1, userId: ann.id } as Parameters<ReturnType<typeof service>["chats"]["get"]>[0];
    const texts = Array.from({ length: 2 * DELIVERY.portion + 50 }, (_, n) => `m${n}`);
    for (const text of texts) {
      await service().chats.command<"message.send">(actor, chat.id, { do: "message.send", draft: { text } });
    }
    go();
    const heard = (): string[] =>
      b.events.flatMap((event) => (event.event === "message.created" ? [event.message.text] : []));
    await expect.poll(heard).toEqual(["first", ...texts]);
    expect(Math.max(...sizes)).toBe(DELIVERY.portion);
    expect(b.events.filter(({ event }) => event === "chat.updated")).toEqual([]);
    await expect.poll(() => bob.unread(chat.id)).toBe(texts.length + 1);
  });
});
