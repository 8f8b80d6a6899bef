// A write to the disk that fails: nothing of the commit stays, nobody hears of it, no number is used up, and the next one works.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GATEWAY, PRESENCE } from "../../src/core/limits.ts";
import { GroupCommit } from "../../src/objects/chat/group-commit.ts";
import { fullDisk } from "../support/failures.ts";
import { file } from "../support/files.ts";
import { MethodsClient } from "../support/methods.ts";
import type { Body, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";
import { anHourLater } from "../support/alarms.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

const texts = (socket: Socket): string[] =>
  socket.events.flatMap((event) => (event.event === "message.created" ? [event.message.text] : []));

describe("a Chat whose disk is full for a while", () => {
  it("refuses a message in every way in, stores and tells nothing of it, and takes it when it is sent again", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [a, own, b] = [await ann.socket(), await ann.socket(chat.id), await bob.socket()];
    const methods = await MethodsClient.of(ann);
    await ann.say(chat.id, "before");
    const heal = await fullDisk("CHAT", `chat:${chat.id}`, /INSERT INTO messages/);
    const draft = { text: "refused at first", client_id: "again" };
    const rest = await ann.post(`/v1/chats/${chat.id}/messages`, draft);
    expect([rest.status, rest.body.code]).toEqual([500, "internal"]);
    const answers = [
      await a.do("message.send", { chat_id: chat.id, ...draft }),
      await own.do("message.send", draft),
      await methods.call("send_message", { chat: chat.id, text: "refused" }),
    ];
    expect(answers.slice(0, 2)).toMatchObject([{ ok: false }, { ok: false }]);
    expect(answers[2]).toMatchObject({ type: "error", data: { type: "system_error" } });
    expect(JSON.stringify([rest.body, answers])).not.toMatch(/SQLITE|disk|INSERT/);
    expect(heal()).toBeGreaterThanOrEqual(4);

    const stored = await own.do("message.send", draft);
    expect(stored).toMatchObject({ ok: true, message: { seq: 2 } });
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, draft)).body.id).toBe(stored.message.id);
    await ann.say(chat.id, "after");
    await b.event("message.created", ({ message }) => message.seq === 3);
    expect(texts(b)).toEqual(["before", "refused at first", "after"]);
    const { items } = (await bob.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
    expect(items.map(({ seq, text }: Body) => [seq, text])).toEqual([
      [1, "before"],
      [2, "refused at first"],
      [3, "after"],
    ]);
    expect(await bob.unread(chat.id)).toBe(3);
  });

  it.each([
    ["a message with a file", /INSERT INTO files/],
    ["an edit", /INSERT INTO changes/],
    ["a deletion", /INSERT INTO changes/],
    ["a title", /INSERT INTO changes/],
  ])("takes the beginning of %s back with its end", async (what, statement) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Before", bob);
    const b = await bob.socket();
    const message = await ann.say(chat.id, "before");
    const attachment = await file(ann);
    await b.event("message.created");
    const act = (): Promise<{ status: number }> => {
      if (what === "an edit") return ann.patch(`/v1/chats/${chat.id}/messages/${message.id}`, { text: "after" });
      if (what === "a deletion") return ann.delete(`/v1/chats/${chat.id}/messages/${message.id}`);
      if (what === "a title") return ann.patch(`/v1/chats/${chat.id}`, { title: "After" });
      return ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [attachment.id] });
    };
    const state = async (): Promise<Body> => {
      const { rev, title, last_seq } = (await bob.get(`/v1/chats/${chat.id}`)).body;
      const { items } = (await bob.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
      return { rev, title, last_seq, items: items.map(({ text, rev }: Body) => [text, rev]) };
    };
    const before = await state();
    const heard = b.events.length;
    const heal = await fullDisk("CHAT", `chat:${chat.id}`, statement);
    expect((await act()).status).toBe(500);
    expect(heal()).toBe(1);
    expect(await state()).toEqual(before);
    expect([200, 201, 204]).toContain((await act()).status);
    const after = await state();
    expect(after.rev).toBe(before.rev + 1);
    await b.until(() => b.events.some((event) => event.rev === after.rev), "the change");
    expect(b.events.slice(heard).flatMap((event) => (event.rev === undefined ? [] : [event.rev]))).toEqual([after.rev]);
  });

  it("refuses a read, and the count is what it was", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    for (const text of ["one", "two"]) await ann.say(chat.id, text);
    await expect.poll(() => bob.unread(chat.id)).toBe(2);
    const heal = await fullDisk("CHAT", `chat:${chat.id}`, /^\s*(UPDATE members|INSERT INTO reads)/);
    expect((await bob.post(`/v1/chats/${chat.id}/read`)).status).toBe(500);
    expect(heal()).toBe(1);
    expect((await bob.get(`/v1/chats/${chat.id}`)).body.unread).toBe(2);
    expect((await bob.post(`/v1/chats/${chat.id}/read`)).body).toEqual({ unread: 0 });
    await expect.poll(() => bob.unread(chat.id)).toBe(0);
    const { items } = (await ann.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
    expect(items.map(({ read }: Body) => read)).toEqual([true, true]);
  });
});

describe("a Chat whose disk fails after the commit, while others wait for the next", () => {
  it("answers all of them, has what it acknowledged and nothing of what it refused, and goes on", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Lost", bob, eve);
    const object = env.CHAT.getByName(`chat:${chat.id}`);
    const [own, all] = [await ann.socket(chat.id), await bob.socket()];
    await own.do("message.send", { text: "before" });
    await all.event("message.created");
    const lines = vi.spyOn(console, "log");
    const added = vi.spyOn(GroupCommit.prototype, "add");
    undo.push(() => vi.restoreAllMocks());

    const lost = Promise.withResolvers<void>();
    const heal = await runInDurableObject(object, (_, { storage }) => {
      const sync = storage.sync.bind(storage);
      storage.sync = () => lost.promise;
      return () => Object.assign(storage, { sync });
    });
    expect(await own.do("message.send", { text: "acknowledged" })).toMatchObject({ ok: true, message: { seq: 2 } });
    const drafts = [
      { text: "from a socket", client_id: "one" },
      { text: "over REST", client_id: "two" },
    ];
    const waiting = own.do("message.send", drafts[0]);
    const rest = ann.post(`/v1/chats/${chat.id}/messages`, drafts[1]);
    await expect.poll(() => added.mock.calls.length).toBe(3);
    lost.reject(new Error("the disk is gone"));
    expect(await waiting).toMatchObject({ ok: false, error: { code: "internal" } });
    expect((await rest).status).toBe(500);
    heal();
    const faults: Body[] = lines.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(faults).toContainEqual(expect.objectContaining({ event: "fault", where: "commit", chat: chat.id }));
    // What it has heard may not be there: it comes back, and asks.
    await own.until(() => own.closed !== undefined, "the close");
    expect(own.closed?.code).toBe(1013);

    const again = await ann.socket(chat.id);
    const { messages } = await again.do("changes", { since: chat.rev });
    expect(messages.map(({ text }: Body) => text)).toEqual(["before", "acknowledged"]);
    expect(await again.do("message.send", drafts[0])).toMatchObject({ ok: true, message: { seq: 3 } });
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, drafts[1])).body.seq).toBe(4);
    await all.event("message.created", ({ message }) => message.seq === 4);
    expect(texts(all)).toEqual(["before", "acknowledged", "from a socket", "over REST"]);
    for (const one of [bob, eve]) expect(await one.unread(chat.id)).toBe(4);
  });

  it("brings what it acknowledged, also where nobody says anything more", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const own = await ann.socket(chat.id);
    await own.do("message.send", { text: "before" });
    await anHourLater(chat.id);
    await runInDurableObject(env.CHAT.getByName(`chat:${chat.id}`), (_, { storage }) => {
      const sync = storage.sync.bind(storage);
      storage.sync = () => {
        storage.sync = sync;
        return Promise.reject(new Error("the disk is gone"));
      };
    });
    expect(await own.do("message.send", { text: "acknowledged" })).toMatchObject({ ok: true });
    await own.until(() => own.closed !== undefined, "the close");
    await anHourLater(chat.id);
    await expect.poll(async () => (await bob.get("/v1/chats")).body.items[0].last_message.text).toBe("acknowledged");
    expect(await bob.unread(chat.id)).toBe(2);
  });
});

describe("an Inbox whose disk is full for a while", () => {
  it("has every line right in the end, and its connections have heard everything", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await expect.poll(() => bob.unread(chat.id)).toBe(0);
    const b = await bob.socket();
    const heal = await fullDisk("INBOX", `user:${bob.id}`, /INTO chats/);
    for (let n = 0; n < 5; n++) await ann.say(chat.id, `m${n}`);
    await expect
      .poll(async () => {
        await anHourLater(chat.id);
        return texts(b).length;
      })
      .toBeGreaterThan(0);
    expect(heal()).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await anHourLater(chat.id);
        return [await bob.unread(chat.id), new Set(texts(b)).size];
      })
      .toEqual([5, 5]);
    expect((await bob.get("/v1/chats")).body.items[0]).toMatchObject({ last_seq: 5, last_message: { text: "m4" } });
    await ann.say(chat.id, "after");
    await expect.poll(() => bob.unread(chat.id)).toBe(6);
  });
});

describe("a Gateway whose disk is full for a while", () => {
  it("opens no connection of which nobody would know, and opens the next", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const first = await bob.socket();
    // Whichever of them takes it, and the one that is asked next.
    const names = Array.from({ length: 2 * GATEWAY.spread }, (_, n) => `native/local/${n}`);
    const heals = await Promise.all(names.map((name) => fullDisk("GATEWAY", name, /INTO connections/)));
    await expect(bob.socket()).rejects.toThrow();
    expect(heals.reduce((sum, heal) => sum + heal(), 0)).toBe(2);
    const second = await bob.socket();
    await ann.say(chat.id, "heard by both");
    for (const socket of [first, second]) await socket.event("message.created");
    for (const socket of [first, second]) {
      socket.close();
      await socket.until(() => socket.closed !== undefined, "the close");
    }
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await expect
      .poll(async () => {
        vi.setSystemTime(Date.now() + PRESENCE.graceMs + 1_000);
        await runDurableObjectAlarm(env.INBOX.getByName(`user:${bob.id}`));
        return (await ann.get(`/v1/users/${bob.id}`)).body.online;
      })
      .toBe(false);
  });
});
