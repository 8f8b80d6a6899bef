// A chat of more than a hundred people pushes only to those who are online, and everyone's list is right all the same.

import { describe, expect, it } from "vitest";
import { LARGE_CHAT } from "../../src/core/limits.ts";
import { allArrived, crowd } from "../support/crowd.ts";
import { countCalls, patch } from "../support/meter.ts";
import { person } from "../support/people.ts";

describe("a large chat", () => {
  it("pushes to who is online and is asked by who is not", async () => {
    const { owner, bob, eve, chat } = await crowd(LARGE_CHAT + 2);
    const o = await owner.socket();
    const b = await bob.socket();
    // Attached from the first connection on: the next message is heard.
    await expect
      .poll(async () => {
        await owner.say(chat, "anyone?");
        return b.events.some((event) => event.event === "message.created");
      })
      .toBe(true);
    await allArrived(chat);
    const { calls, stop } = await countCalls([["INBOX", `user:${owner.id}`]]);
    await owner.say(chat, "to those who are here");
    await b.event("message.created", (event) => event.message.text === "to those who are here");
    await allArrived(chat);
    stop();
    // Each attached Inbox was called, and no other.
    expect(calls.get("INBOX.deliver")).toBe(2);
    const count = (await eve.get(`/v1/chats/${chat}`)).body.last_seq;
    expect(await eve.unread(chat)).toBe(count);
    await eve.post(`/v1/chats/${chat}/read`, {});
    expect(await eve.unread(chat)).toBe(0);
    expect(await bob.unread(chat)).toBe(count);
    o.close();
  });

  it("is heard from the first moment of a connection, however slow it is to learn of it", async () => {
    const { owner, bob, chat } = await crowd(LARGE_CHAT + 2);
    const o = await owner.socket();
    const stop = await patch("CHAT", `chat:${chat}`, ["attach"], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return old.apply(this, args);
      };
    });
    try {
      const b = await bob.socket();
      await owner.say(chat, "at once");
      await b.event("message.created", (event) => event.message.text === "at once");
      b.close();
    } finally {
      stop();
    }
    o.close();
  });

  it("becomes one, and a small one again, without anyone's list going wrong", async () => {
    const { owner, eve, chat } = await crowd(LARGE_CHAT);
    await owner.say(chat, "small");
    await expect.poll(() => eve.unread(chat)).toBe(1);
    const late = await person("late");
    await owner.put(`/v1/chats/${chat}/members/${late.id}`);
    await owner.say(chat, "large");
    await expect.poll(() => eve.unread(chat)).toBe(2);
    await expect.poll(() => late.unread(chat)).toBe(1);
    expect((await owner.delete(`/v1/chats/${chat}/members/${late.id}`)).status).toBe(204);
    await expect.poll(() => late.unread(chat)).toBe(undefined);
    await owner.say(chat, "small again");
    await expect.poll(() => eve.unread(chat)).toBe(3);
  });

  it("tells those whom it concerns, also where they are offline: who was added and who was removed", async () => {
    const { owner, eve, chat } = await crowd(LARGE_CHAT + 5);
    const late = await person("late");
    await owner.put(`/v1/chats/${chat}/members/${late.id}`);
    await expect.poll(() => late.unread(chat)).toBe(0);
    await owner.delete(`/v1/chats/${chat}/members/${eve.id}`);
    await expect.poll(() => eve.unread(chat)).toBe(undefined);
  });
});
