// A chat that grows past a hundred members while its people are there, or while it dies: nobody falls behind.

import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { LARGE_CHAT } from "../../src/core/limits.ts";
import { patch } from "../support/meter.ts";
import type { Person } from "../support/people.ts";
import { people, person } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** A group of just as many as a chat may have before it counts as large. */
async function full(): Promise<{ owner: Person; bob: Person; eve: Person; chat: number }> {
  const [owner, bob, eve] = await people("owner", "bob", "eve");
  const { directory } = storesOf(env);
  const others = [];
  for (let n = 3; n < LARGE_CHAT; n++) {
    others.push((await directory.users.create(appId(1), { username: `extra-${crypto.randomUUID()}` })).id);
  }
  const chat = (await owner.post("/v1/chats", { title: "Full", members: [bob.id, eve.id, ...others] })).body.id;
  await expect.poll(() => eve.unread(chat)).toBe(0);
  return { owner, bob, eve, chat };
}

describe("a chat that becomes large", () => {
  it("goes on pushing to those who are online, and their list stays right", async () => {
    const { owner, bob, chat } = await full();
    const b = await bob.socket();
    await owner.say(chat, "small");
    await b.event("message.created", (event) => event.message.text === "small");
    const late = await person("late");
    expect((await owner.put(`/v1/chats/${chat}/members/${late.id}`)).status).toBe(200);
    await b.event("member.added");
    await owner.say(chat, "large");
    await b.event("message.created", (event) => event.message.text === "large");
    await expect.poll(() => bob.unread(chat)).toBe(2);
    b.close();
  });

  it("loses nothing on the wire in the moment in which it grows", async () => {
    const { owner, bob, chat } = await full();
    const b = await bob.socket();
    let between = 1;
    undo.push(
      await patch("CHAT", `chat:${chat}`, ["attach"], (old) => {
        return async function (this: unknown, ...args: unknown[]) {
          if (between-- > 0) await owner.say(chat, "in between");
          return old.apply(this, args);
        };
      }),
    );
    const late = await person("late");
    await owner.put(`/v1/chats/${chat}/members/${late.id}`);
    await b.event("message.created", (event) => event.message.text === "in between");
    await owner.say(chat, "afterwards");
    await b.event("message.created", (event) => event.message.text === "afterwards");
    expect(b.events.flatMap(({ rev }) => rev ?? [])).toEqual([2, 3, 4]);
    await expect.poll(() => bob.unread(chat)).toBe(2);
    b.close();
  });

  it("attaches in the end who could not be attached at first", async () => {
    const { owner, bob, chat } = await full();
    const b = await bob.socket();
    let failures = 1;
    undo.push(
      await patch("CHAT", `chat:${chat}`, ["attach"], (old) => {
        return function (this: unknown, ...args: unknown[]) {
          if (failures-- > 0) throw new Error("out of reach");
          return old.apply(this, args);
        };
      }),
    );
    const late = await person("late");
    await owner.put(`/v1/chats/${chat}/members/${late.id}`);
    await b.event("member.added");
    await expect.poll(() => failures).toBeLessThanOrEqual(0);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`));
        return failures;
      })
      .toBeLessThan(0);
    await owner.say(chat, "large");
    await b.event("message.created", (event) => event.message.text === "large");
    b.close();
  });

  it("and dies before anyone was told so is asked by those who are offline", async () => {
    const { owner, eve, chat } = await full();
    const late = await person("late");
    // Nothing leaves the chat any more: each delivery is under way until the end.
    const stop = await patch("INBOX", `user:${owner.id}`, ["deliver"], () => () => new Promise(() => undefined));
    undo.push(stop);
    expect((await owner.put(`/v1/chats/${chat}/members/${late.id}`)).status).toBe(200);
    await abortAllDurableObjects();
    stop();
    await owner.say(chat, "large");
    await expect.poll(() => eve.unread(chat)).toBe(1);
    await owner.say(chat, "larger");
    await expect.poll(() => eve.unread(chat)).toBe(2);
  });
});
