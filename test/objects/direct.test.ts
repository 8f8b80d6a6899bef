// What the Chat tells Gateways itself: whoever comes, goes or can't be reached meanwhile, each connection hears it once and in order.

import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anHourLater } from "../support/alarms.ts";
import { countCalls, patch } from "../support/meter.ts";
import type { Body, Person, Socket } from "../support/people.ts";
import { people, person } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function pair(): Promise<[Person, Person, number]> {
  const [ann, bob] = await people("ann", "bob");
  return [ann, bob, (await ann.direct(bob)).id];
}

const say = (socket: Socket, chat: number, text: string): Promise<Body> =>
  socket.do("message.send", { chat_id: chat, text, client_id: text });

/** The numbers of the messages that a socket has heard, not those that it has sent. */
const heard = (socket: Socket): number[] =>
  socket.events.flatMap((event) => (event.event === "message.created" ? [event.message.seq] : []));

/** The numbers of all messages that a socket knows of, as they came: of its own from the answers. */
const known = (socket: Socket): number[] =>
  socket.frames.flatMap((frame) =>
    [JSON.parse(frame)].flat().flatMap((one: Body) => (one.message === undefined ? [] : [one.message.seq])),
  );

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("two people who both speak without waiting", () => {
  it("see all messages in one order, their own among the others'", async () => {
    const [ann, bob, chat] = await pair();
    const [a, b] = [await ann.socket(), await bob.socket()];
    // From the second message on the chat knows where both are.
    await say(a, chat, "first");
    await b.event("message.created");
    const texts = range(1, 60);
    await Promise.all(texts.flatMap((n) => [say(a, chat, `a${n}`), say(b, chat, `b${n}`)]));
    for (const socket of [a, b]) {
      await socket.until(() => known(socket).length >= 121, "all messages");
      expect(known(socket)).toEqual(range(1, 121));
    }
  });
});

describe("a connection that opens while much is said", () => {
  it("hears the rest of it, once and in order, and so do those that were there", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 12 }), opens: fc.boolean(), closes: fc.boolean() }), {
          minLength: 3,
          maxLength: 8,
        }),
        async (rounds) => {
          const [ann, bob, chat] = await pair();
          const [a, first] = [await ann.socket(), await bob.socket()];
          const later: { socket: Socket; since: number }[] = [];
          let said = 0;
          for (const { size, opens, closes } of rounds) {
            const burst = range(1, size).map((n) => say(a, chat, `${said + n}`));
            if (opens) {
              const socket = await bob.socket();
              // What was said before it stood it may have heard or not; what is said from here on it hears.
              await Promise.all(burst);
              later.push({ socket, since: said + size });
            } else await Promise.all(burst);
            said += size;
            if (closes) later.shift()?.socket.close();
          }
          await first.until(() => heard(first).length >= said, "all messages");
          expect(heard(first)).toEqual(range(1, said));
          for (const { socket, since } of later) {
            await socket.until(() => since === said || heard(socket).at(-1) === said, "the last message");
            expect(heard(socket)).toEqual(range(heard(socket)[0] ?? 1, heard(socket).at(-1) ?? 0));
            expect(heard(socket)[0] ?? 0).toBeLessThanOrEqual(since + 1);
          }
          expect(await bob.unread(chat)).toBe(said);
          for (const { socket } of later) socket.close();
          for (const socket of [a, first]) socket.close();
        },
      ),
      { numRuns: 8 },
    );
  });
});

describe("a Gateway that fails for a moment", () => {
  it("has its people told by their Inboxes: each message once and in order", async () => {
    const [ann, bob, chat] = await pair();
    const [a, b] = [await ann.socket(chat), await bob.socket()];
    await a.do("message.send", { text: "first" });
    await b.event("message.created");
    let failures = 0;
    undo.push(
      await patch("GATEWAY", "native/local/0", ["deliver"], (old) => {
        return function (this: unknown, ...args: unknown[]) {
          // Which of the calls fail: one from the Chat, and the Inbox's first that follows.
          if (failures < 2) {
            failures++;
            throw new Error("out of reach for a moment");
          }
          return old.apply(this, args);
        };
      }),
    );
    await Promise.all(range(2, 30).map((n) => a.do("message.send", { text: `m${n}` })));
    await b.until(() => heard(b).at(-1) === 30, "the last message");
    expect(failures).toBe(2);
    expect(heard(b)).toEqual(range(1, 30));
    expect(b.closed).toBeUndefined();
  });
});

describe("a Gateway that fails while an Inbox does", () => {
  it("has what it did not tell brought when the Inbox is served again: once and in order", async () => {
    const [ann, bob, chat] = await pair();
    const [a, b] = [await ann.socket(chat), await bob.socket()];
    await a.do("message.send", { text: "first" });
    await b.event("message.created");
    const lines = vi.spyOn(console, "log");
    undo.push(() => lines.mockRestore());
    const isLogged = (where: string): boolean =>
      lines.mock.calls.some(([line]) => String(line).includes(`"event":"fault","where":"${where}"`));
    // The chat's call to the Gateway fails only when it has heard that the Inbox has failed.
    const { promise: failing, reject: fail } = Promise.withResolvers<never>();
    let calls = 0;
    undo.push(
      await patch("GATEWAY", "native/local/0", ["deliver"], (old) => {
        return function (this: unknown, ...args: unknown[]) {
          return calls++ === 0 ? failing : old.apply(this, args);
        };
      }),
    );
    let isCutOff = true;
    undo.push(
      await patch("INBOX", `user:${bob.id}`, ["deliver"], (old) => {
        return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
          if (isCutOff && this.ctx.id.name === `user:${bob.id}`) throw new Error("cut off for a while");
          return old.apply(this, args);
        };
      }),
    );
    await a.do("message.send", { text: "second" });
    await expect.poll(() => isLogged("delivery")).toBe(true);
    await a.do("message.send", { text: "third" });
    fail(new Error("out of reach for a moment"));
    await expect.poll(() => isLogged("push")).toBe(true);
    isCutOff = false;
    await expect
      .poll(async () => {
        await anHourLater(chat);
        return heard(b).at(-1);
      })
      .toBe(3);
    expect(heard(b)).toEqual([1, 2, 3]);
    expect(b.closed).toBeUndefined();
    expect(await bob.unread(chat)).toBe(3);
  });

  it("has nothing told twice that it has told", async () => {
    const [ann, bob, chat] = await pair();
    const [a, b] = [await ann.socket(chat), await bob.socket()];
    await a.do("message.send", { text: "first" });
    await b.event("message.created");
    let isCutOff = true;
    undo.push(
      await patch("INBOX", `user:${bob.id}`, ["deliver"], (old) => {
        return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
          if (isCutOff && this.ctx.id.name === `user:${bob.id}`) throw new Error("cut off for a while");
          return old.apply(this, args);
        };
      }),
    );
    for (const text of ["second", "third", "fourth"]) await a.do("message.send", { text });
    isCutOff = false;
    await expect
      .poll(async () => {
        await anHourLater(chat);
        return heard(b).length;
      })
      .toBe(4);
    expect(await bob.unread(chat)).toBe(4);
    expect(heard(b)).toEqual([1, 2, 3, 4]);
  });
});

describe("what a burst costs", () => {
  it("no call to an Inbox for each message where its user is told directly, and lists that are exact when asked", async () => {
    const crowd = await Promise.all(range(1, 20).map((n) => person(`p${n}`)));
    const [ann, ...others] = crowd as [Person, ...Person[]];
    const chat = (await ann.group("all", ...others)).id as number;
    const a = await ann.socket(chat);
    const sockets = await Promise.all(others.map((one) => one.socket()));
    await a.do("message.send", { text: "first" });
    await Promise.all(sockets.map((socket) => socket.event("message.created")));
    const { calls, stop } = await countCalls([["INBOX", `user:${ann.id}`]]);
    undo.push(stop);
    const count = 90;
    for (let n = 0; n < 3; n++) {
      await Promise.all(range(1, count / 3).map((m) => a.do("message.send", { text: `${n}.${m}` })));
    }
    await Promise.all(sockets.map((socket) => socket.until(() => heard(socket).length > count, "all messages")));
    expect(calls.get("INBOX.deliver")).toBeLessThan((count * crowd.length) / 4);
    for (const socket of sockets) expect(heard(socket)).toEqual(range(1, count + 1));
    expect(await Promise.all(others.map((one) => one.unread(chat)))).toEqual(others.map(() => count + 1));
  });
});
