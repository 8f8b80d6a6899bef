// A clock that jumps back an hour: order, ids and times of a chat go on, and nothing waits for the hour to pass once more. And an
// alarm that comes most of an hour late.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DELIVERY, GATEWAY, PRESENCE } from "../../src/core/limits.ts";
import { EventsClient } from "../support/events.ts";
import { patch } from "../support/meter.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const HOUR = 3_600_000;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** The clock says what it said an hour before `ms` from now. */
function jumpBack(ms = 0): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - HOUR + ms });
}

/** The Inbox of `who` refuses deliveries until `heal` is called. */
async function cutOff(who: Person): Promise<{ heal: () => void; tries: () => number }> {
  let tries = 0;
  const heal = await patch("INBOX", `user:${who.id}`, ["deliver"], (old) => {
    return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
      if (this.ctx.id.name !== `user:${who.id}`) return old.apply(this, args);
      tries++;
      throw new Error("cut off for a while");
    };
  });
  undo.push(heal);
  return { heal, tries: () => tries };
}

const chatObject = (chat: number) => env.CHAT.getByName(`chat:${chat}`);

/** The Gateway that a client of `events` came to. */
function gatewayOf({ frames }: EventsClient, version: 3 | 4) {
  const { sid } = JSON.parse(frames[0]?.slice(1) ?? "") as { sid: string };
  const [place, number] = sid.split("-");
  return env.GATEWAY.getByName(`${version === 4 ? "events" : "events-3"}/${place}/${number}`);
}

/** A client of `events` that listens to `chat`. */
async function listener(version: 3 | 4, chat: number): Promise<EventsClient> {
  const client = await EventsClient.connect({ version });
  await client.list(chat);
  return client;
}

const heard = (client: EventsClient, text: string) => () =>
  client.messages().some(({ message }) => message === text) || client.closed;

describe("a clock that jumps back an hour", () => {
  it("takes no number and no time of a chat back", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Group", bob);
    const hears = await EventsClient.connect();
    await hears.list(chat.id);
    const before = await ann.say(chat.id, "before", { client_id: "once" });
    const edited = await ann.patch(`/v1/chats/${chat.id}/messages/${before.id}`, { text: "before, edited" });
    jumpBack();
    const after = await bob.say(chat.id, "after");
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, { text: "again", client_id: "once" })).body.id).toBe(
      before.id,
    );
    const again = (await ann.patch(`/v1/chats/${chat.id}/messages/${before.id}`, { text: "edited again" })).body;
    const fresh = (await bob.patch(`/v1/chats/${chat.id}/messages/${after.id}`, { text: "after, edited" })).body;
    expect((await bob.delete(`/v1/chats/${chat.id}/messages/${after.id}`)).status).toBe(204);
    const renamed = (await bob.patch(`/v1/chats/${chat.id}`, { title: "Renamed" })).body;

    expect([before.seq, after.seq]).toEqual([1, 2]);
    expect(after.created_at >= before.created_at).toBe(true);
    expect(again.edited_at >= edited.body.edited_at).toBe(true);
    expect(fresh.edited_at >= fresh.created_at).toBe(true);
    const { items } = (await ann.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
    expect(items.map((message: Body) => message.id)).toEqual([before.id, after.id]);
    expect(items[1].deleted_at >= items[1].created_at).toBe(true);
    expect(renamed.updated_at >= after.created_at).toBe(true);
    expect([before.rev, edited.body.rev, after.rev, again.rev, fresh.rev]).toEqual([2, 3, 4, 5, 6]);
    await expect.poll(() => hears.messages(chat.id).map(({ id }) => Number(id))).toEqual([before.id, after.id]);
  });

  it("leaves a chat where it was in every list, also after a crash", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Group", bob);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    const { updated_at } = (await ann.patch(`/v1/chats/${chat.id}`, { title: "Before" })).body;
    vi.useRealTimers();
    jumpBack();
    await ann.patch(`/v1/chats/${chat.id}`, { title: "After" });
    await abortAllDurableObjects();
    const { body } = await ann.get(`/v1/chats/${chat.id}`);
    expect([body.title, body.updated_at]).toEqual(["After", updated_at]);
  });

  it("has an Inbox that could not be reached tried again as soon as ever", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await expect.poll(() => bob.unread(chat.id)).toBe(0);
    const { heal, tries } = await cutOff(bob);
    await ann.say(chat.id, "missed");
    await expect.poll(tries).toBe(1);
    heal();
    jumpBack(DELIVERY.retryMaxMs);
    await runDurableObjectAlarm(chatObject(chat.id));
    await expect.poll(() => bob.unread(chat.id)).toBe(1);
  });

  it("has the alarm of a chat stand no later than ever, once the chat is spoken in", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "before");
    const alarms: number[] = [];
    await runInDurableObject(chatObject(chat.id), (_, { storage }) => {
      const setAlarm = storage.setAlarm.bind(storage);
      Object.assign(storage, {
        setAlarm: (at: number) => {
          alarms.push(at);
          return setAlarm(at);
        },
      });
    });
    jumpBack();
    await ann.say(chat.id, "after");
    await expect.poll(() => alarms.length).toBeGreaterThan(0);
    expect(Math.max(...alarms)).toBeLessThanOrEqual(Date.now() + DELIVERY.spellMs);
  });

  it("closes no socket, refuses no frame, and a token ends when it is told to", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [all, own] = [await ann.socket(), await ann.socket(chat.id)];
    await all.do("message.send", { chat_id: chat.id, text: "before" });
    await own.do("message.send", { text: "before" });
    jumpBack();
    for (let n = 0; n < 30; n++) {
      expect(await all.do("message.send", { chat_id: chat.id, text: `m${n}` })).toMatchObject({ ok: true });
      expect(await own.do("message.send", { text: `n${n}` })).toMatchObject({ ok: true });
    }
    const later = await ann.socket();
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    for (const socket of [all, own, later]) await socket.until(() => socket.closed !== undefined, "the close");
    expect((await ann.get("/v1/me")).status).toBe(401);
    expect(await bob.unread(chat.id)).toBe(62);
  });

  it("has connections that a crash left behind believed no longer than ever", async () => {
    const [ann, bob] = await people("ann", "bob");
    const b = await bob.socket();
    const a = await ann.socket();
    // Bob's Inbox looks whether he is there, and remembers when it did.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + PRESENCE.verifyMs });
    expect(await a.do("presence.watch", { user_id: bob.id })).toMatchObject({ online: true });
    // His Gateway forgets him without a word.
    const heal = await patch("GATEWAY", "native/local/0", ["alive"], () => async () => []);
    undo.push(heal);
    vi.useRealTimers();
    jumpBack();
    await ann.get(`/v1/users/${bob.id}`);
    vi.setSystemTime(Date.now() + PRESENCE.graceMs + 1_000);
    await runDurableObjectAlarm(env.INBOX.getByName(`user:${bob.id}`));
    await expect.poll(async () => (await ann.get(`/v1/users/${bob.id}`)).body.online).toBe(false);
    b.close();
  });

  it.each([4, 3] as const)("has who listens by Socket.IO stay, and hear on: Engine.IO %i", async (version) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR });
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const listens = await listener(version, chat.id);
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await ann.say(chat.id, "after");
    await listens.until(heard(listens, "after"));
    if (version === 4) {
      await listens.until(() => listens.frames.includes("2"), "a ping");
      listens.send("3");
    }
    await listens.list(chat.id);
    vi.setSystemTime(Date.now() + 21_000);
    await runDurableObjectAlarm(gatewayOf(listens, version));
    await ann.say(chat.id, "later");
    await listens.until(heard(listens, "later"));
    expect(listens.closed).toBe(false);
    listens.close();
  });

  it("has a Gateway look after its connections no later than ever, once somebody connects", async () => {
    const [ann] = await people("ann");
    const first = await ann.socket();
    const alarms: number[] = [];
    await runInDurableObject(env.GATEWAY.getByName(`native/local/${ann.id % GATEWAY.spread}`), (_, { storage }) => {
      const setAlarm = storage.setAlarm.bind(storage);
      Object.assign(storage, {
        setAlarm: (at: number) => {
          alarms.push(at);
          return setAlarm(at);
        },
      });
    });
    jumpBack();
    const second = await ann.socket();
    expect(alarms).toHaveLength(1);
    expect(Math.max(...alarms)).toBeLessThanOrEqual(Date.now() + GATEWAY.sweepMs);
    for (const socket of [first, second]) socket.close();
  });

  it("and a crash at the same time lose nothing", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const sent = [];
    for (let n = 0; n < 6; n++) {
      if (n === 3) jumpBack();
      sent.push((await ann.say(chat.id, `m${n}`)).id);
      await abortAllDurableObjects();
    }
    const { items } = (await bob.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
    expect(items.map((message: Body) => message.id)).toEqual(sent);
    const times = items.map((message: Body) => message.created_at);
    expect(times).toEqual(times.toSorted());
    await expect.poll(() => bob.unread(chat.id)).toBe(6);
  });
});

describe("an alarm that is most of an hour late", () => {
  it("brings everything that waited for it, in order, and nothing else waits for it", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Group", bob, eve);
    const [b, e] = [await bob.socket(), await eve.socket()];
    await expect.poll(() => bob.unread(chat.id)).toBe(0);
    const { heal, tries } = await cutOff(bob);
    // The alarm that the runtime would run is put off, too.
    await runInDurableObject(chatObject(chat.id), (_, { storage }) => {
      const setAlarm = storage.setAlarm.bind(storage);
      Object.assign(storage, { setAlarm: () => setAlarm(Date.now() + HOUR) });
    });
    await ann.say(chat.id, "one");
    await expect.poll(tries).toBe(1);
    heal();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 0.9 * HOUR });
    await ann.say(chat.id, "two");
    await e.event("message.created", ({ message }) => message.text === "two");
    expect(await bob.unread(chat.id)).toBe(0);
    expect((await bob.get(`/v1/chats/${chat.id}`)).body.unread).toBe(2);
    await runDurableObjectAlarm(chatObject(chat.id));
    await b.event("message.created", ({ message }) => message.text === "two");
    await ann.say(chat.id, "three");
    for (const socket of [b, e]) {
      await socket.event("message.created", ({ message }) => message.text === "three");
      expect(socket.events.flatMap((one) => (one.event === "message.created" ? [one.message.text] : []))).toEqual([
        "one",
        "two",
        "three",
      ]);
    }
    await expect.poll(() => bob.unread(chat.id)).toBe(3);
  });

  it.each([4, 3] as const)("closes nobody who answers by Socket.IO: Engine.IO %i", async (version) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const listens = await listener(version, chat.id);
    const gateway = gatewayOf(listens, version);
    const answers = async (): Promise<void> => {
      if (version === 4) listens.send("3");
      await listens.list(chat.id);
    };
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 0.9 * HOUR });
    await runDurableObjectAlarm(gateway);
    if (version === 4) await listens.until(() => listens.frames.includes("2") || listens.closed, "a ping");
    await answers();
    vi.setSystemTime(Date.now() + 21_000);
    await runDurableObjectAlarm(gateway);
    await ann.say(chat.id, "still there");
    await listens.until(heard(listens, "still there"));
    expect(listens.closed).toBe(false);
    listens.close();
  });
});
