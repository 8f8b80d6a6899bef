// Many messages at once: committed together, told together, and written into lists together; in order, each once, and exact.

import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countCalls, countRows } from "../support/meter.ts";
import type { Body, Person, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

/** What a connection may send at once. */
const MANY = 90;
/** Long enough for so many frames to be read, also on a busy machine. */
const HOLD_MS = 1_000;

const texts = (socket: Socket): string[] =>
  socket.events.flatMap((event) => (event.event === "message.created" ? [event.message.text] : []));

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `m${n}`);

/** The events of a frame. */
const eventsOf = (frame: string): Body[] => [JSON.parse(frame)].flat();

/** Sends all of it without waiting; the answers, in the order of the questions. */
const burst = (socket: Socket, all: readonly string[], more: object = {}): Promise<Body[]> =>
  Promise.all(all.map((text) => socket.do("message.send", { ...more, text, client_id: text })));

/** The next commit of the chat takes until the commands of a whole burst wait behind it. */
async function holdCommits(chat: number): Promise<void> {
  await runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage }) => {
    const sync = storage.sync.bind(storage);
    storage.sync = async () => {
      storage.sync = sync;
      await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
      await sync();
    };
  });
}

async function pair(): Promise<[Person, Person, number]> {
  const [ann, bob] = await people("ann", "bob");
  return [ann, bob, (await ann.direct(bob)).id];
}

describe("messages that come faster than they are committed", () => {
  it("are answered and heard in their order, several in a frame; one alone is a frame by itself", async () => {
    const [ann, bob, chat] = await pair();
    const [a, own, all] = [await ann.socket(chat), await bob.socket(chat), await bob.socket()];
    await a.do("message.send", { text: "alone", client_id: "alone" });
    for (const socket of [own, all]) await socket.event("message.created");
    for (const socket of [own, all])
      expect(JSON.parse(socket.frames[0] ?? "")).toMatchObject({ event: "message.created" });

    // The first commit is not on the disk before all the others have come.
    await holdCommits(chat);
    const answers = await burst(a, numbered(MANY));
    expect(answers.map(({ ok, message }) => ok && message.seq)).toEqual(numbered(MANY).map((_, n) => n + 2));
    for (const socket of [own, all]) {
      await socket.until(() => texts(socket).length > MANY, "all of it");
      expect(texts(socket)).toEqual(["alone", ...numbered(MANY)]);
    }
    const sizes = own.frames.map((frame) => eventsOf(frame).length);
    expect(sizes).toEqual([1, 1, MANY - 1]);
    expect(all.frames.length).toBeLessThan(MANY);
    expect(await bob.unread(chat)).toBe(MANY + 1);
  });

  it("cost a list no more than some rows, and those who hear of it no call for each", async () => {
    const [ann, bob, chat] = await pair();
    const [a, all] = [await ann.socket(chat), await bob.socket()];
    await a.do("message.send", { text: "first" });
    await all.event("message.created");
    const rows = await countRows("INBOX", `user:${bob.id}`);
    const { calls, stop } = await countCalls([["INBOX", `user:${bob.id}`]]);
    const before = rows();
    await burst(a, numbered(MANY));
    await all.until(() => texts(all).length > MANY, "all of it");
    await expect.poll(() => bob.unread(chat)).toBe(MANY + 1);
    stop();
    expect(rows() - before).toBeGreaterThan(0);
    expect(rows() - before).toBeLessThan(MANY / 2);
    // Two lists.
    expect(calls.get("INBOX.deliver")).toBeLessThan(2 * MANY);
  });

  it("end where a member is removed: they hear nothing of what came after, and everything before", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Burst", bob, eve);
    const [a, b, e] = [await ann.socket(chat.id), await bob.socket(chat.id), await eve.socket(chat.id)];
    const before = burst(a, numbered(20));
    const gone = ann.delete(`/v1/chats/${chat.id}/members/${bob.id}`);
    const after = burst(a, ["after 1", "after 2", "after 3"]);
    await Promise.all([before, gone, after]);
    await expect.poll(() => b.closed?.code).toBe(1008);
    await e.until(() => texts(e).length === 23, "all of it");
    const heard = texts(b);
    expect(heard).toEqual(texts(e).slice(0, heard.length));
    const removal = e.events.find(({ event }) => event === "member.removed");
    const last = b.events.findLast(({ event }) => event === "message.created");
    expect(last === undefined || last.rev < removal.rev).toBe(true);
    expect(heard).toHaveLength(
      e.events.filter(({ event, rev }) => event === "message.created" && rev < removal.rev).length,
    );
  });

  it("reach somebody who comes in the middle of it without a hole from then on", async () => {
    const [ann, bob, chat] = await pair();
    const senders = await Promise.all(Array.from({ length: 6 }, () => ann.socket(chat)));
    const sent = Promise.all(
      senders.map((socket, at) =>
        burst(
          socket,
          numbered(MANY).map((text) => `${at} ${text}`),
        ),
      ),
    );
    const all = await bob.socket();
    await sent;
    const [last] = senders;
    const { message } = await (last as Socket).do("message.send", { text: "the last" });
    await all.event("message.created", (event) => event.message.id === message.id);
    const seqs = all.events.flatMap((event) => (event.event === "message.created" ? [event.message.seq] : []));
    expect(seqs).toEqual(seqs.map((_, n) => (seqs[0] ?? 0) + n));
    await expect.poll(() => bob.unread(chat)).toBe(6 * MANY + 1);
  });

  it("are each there once, and counted, where objects are evicted or die at any time and all is sent again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("chat", "inbox", "all"), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        async (ends, count) => {
          const [ann, bob, chat] = await pair();
          const all = await bob.socket();
          const a = await ann.socket(chat);
          const sent = numbered(count);
          let broken = burst(a, sent);
          for (const end of ends) {
            if (end === "chat") await evictDurableObject(env.CHAT.getByName(`chat:${chat}`)).catch(() => undefined);
            else if (end === "inbox")
              await evictDurableObject(env.INBOX.getByName(`user:${bob.id}`)).catch(() => undefined);
            else await abortAllDurableObjects();
            // Answers of what broke off never come.
            void broken.catch(() => undefined);
            broken = Promise.all(sent.map((text) => ann.post(`/v1/chats/${chat}/messages`, { text, client_id: text })));
            await broken.catch(() => undefined);
          }
          for (const text of sent) {
            const { status } = await ann.post(`/v1/chats/${chat}/messages`, { text, client_id: text });
            expect([200, 201]).toContain(status);
          }
          const { items } = (await ann.get(`/v1/chats/${chat}/messages?limit=100`)).body;
          expect(items.map(({ text }: Body) => text).toSorted()).toEqual(sent.toSorted());
          await expect.poll(() => bob.unread(chat)).toBe(count);
          all.close();
        },
      ),
      { numRuns: 12 },
    );
  });
});
