// What was acknowledged arrives, once in effect and in order, whatever fails on the way.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { patch } from "../support/meter.ts";
import type { Body, Person, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

const chatObject = (chat: number) => env.CHAT.getByName(`chat:${chat}`);

/** The Inbox of `who` refuses deliveries until the returned function is called. */
async function cutOff(who: Person): Promise<() => void> {
  let failing = true;
  undo.push(
    await patch("INBOX", `user:${who.id}`, ["deliver"], (old) => {
      return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
        if (failing && this.ctx.id.name === `user:${who.id}`) throw new Error("cut off for a while");
        return old.apply(this, args);
      };
    }),
  );
  return () => {
    failing = false;
  };
}

/** Runs the chat's alarm, later and later, until it has none any more. */
async function settle(chat: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (let round = 0; round < 120; round++) {
    // All who lag are due by then; later only what was on its way has to come to its end.
    vi.setSystemTime(Date.now() + (round === 0 ? 10 * 60_000 : 10_000));
    if (!(await runDurableObjectAlarm(chatObject(chat)))) return;
    // Deliveries go on after the alarm's turn, also those that were being gathered.
    await expect
      .poll(() => runInDurableObject(chatObject(chat), (_, { storage }) => storage.sql.databaseSize > 0))
      .toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the chat never came to rest");
}

const texts = (socket: Socket): string[] =>
  socket.events.flatMap((event) => (event.event === "message.created" ? [event.message.text] : []));

async function trio(): Promise<[Person, Person, Body]> {
  const [ann, bob] = await people("ann", "bob");
  if (ann === undefined || bob === undefined) throw new Error("no people");
  return [ann, bob, await ann.direct(bob)];
}

describe("an Inbox that fails for a while", () => {
  it("has an exact list and hears each event once and in order afterwards, and the chat comes to rest", async () => {
    const [ann, bob, chat] = await trio();
    const b = await bob.socket();
    await ann.say(chat.id, "before");
    await b.event("message.created");
    const heal = await cutOff(bob);
    const sent = [];
    for (let n = 0; n < 5; n++) sent.push(await ann.say(chat.id, `missed ${n}`));
    await ann.patch(`/v1/chats/${chat.id}/messages/${sent[1].id}`, { text: "edited" });
    await ann.delete(`/v1/chats/${chat.id}/messages/${sent[2].id}`);
    await bob.post(`/v1/chats/${chat.id}/read`, { message_id: sent[0].id });
    // What was on its way before the Inbox failed is heard; the rest comes with it.
    expect(texts(b).length).toBeLessThan(6);
    heal();
    await settle(chat.id);

    expect(await bob.unread(chat.id)).toBe(4);
    const listed = (await bob.get("/v1/chats")).body.items[0];
    expect(listed).toMatchObject({ last_seq: 6, last_message: { text: "missed 4" } });
    await b.event("message.created", (event) => event.message.text === "missed 4");
    expect(texts(b)).toEqual(["before", "missed 0", "edited", "missed 3", "missed 4"]);
    const revs = b.events.flatMap((event) => (event.rev === undefined ? [] : [event.rev]));
    expect(revs).toEqual(revs.toSorted((x, y) => x - y));
    expect(await runInDurableObject(chatObject(chat.id), (_, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("that missed very much is told that there is a hole, and `changes` fills it", async () => {
    const [ann, bob, chat] = await trio();
    const b = await bob.socket();
    const heal = await cutOff(bob);
    const a = await ann.socket(chat.id);
    for (let n = 0; n < 240; n++) {
      // Past the burst of one connection the rest goes over REST.
      if (n < 90) await a.do("message.send", { text: `m${n}` });
      else await ann.say(chat.id, `m${n}`);
    }
    heal();
    await settle(chat.id);
    const told = await b.event("chat.updated");
    expect(told.rev).toBe(241);
    expect(texts(b)).toEqual([]);
    expect(await bob.unread(chat.id)).toBe(240);
    const changes = await b.do("changes", { chat_id: chat.id, since: 1 });
    expect(changes.rev).toBe(241);
    expect(changes.messages.map((message: Body) => message.text)).toEqual(
      Array.from({ length: 240 }, (_, n) => `m${n}`),
    );
  });
});

describe("a Chat that dies between commit and delivery", () => {
  it("has it in the list of whoever asks for theirs right then, before its alarm goes off", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "delivered");
    await expect.poll(() => bob.unread(chat.id)).toBe(1);
    const heal = await cutOff(bob);
    await ann.say(chat.id, "committed");
    await runInDurableObject(chatObject(chat.id), (_, { storage }) => storage.deleteAlarm());
    await abortAllDurableObjects();
    heal();
    expect(await bob.unread(chat.id)).toBe(2);
  });

  it("tells everyone when it is back, also who lost membership or read meanwhile", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
    const chat = await ann.group("Doomed", bob, eve);
    await expect.poll(() => eve.unread(chat.id)).toBe(0);
    await settle(chat.id);
    vi.useRealTimers();
    const heals = [await cutOff(bob), await cutOff(eve)];
    const message = await ann.say(chat.id, "committed");
    await bob.post(`/v1/chats/${chat.id}/read`, {});
    await ann.delete(`/v1/chats/${chat.id}/members/${eve.id}`);
    await abortAllDurableObjects();
    for (const heal of heals) heal();
    await settle(chat.id);
    const bobs = (await bob.get("/v1/chats")).body.items[0];
    expect(bobs).toMatchObject({ unread: 0, members_count: 2, last_message: { id: message.id, read: true } });
    expect((await ann.get("/v1/chats")).body.items[0].last_message.read).toBe(true);
    expect((await eve.get("/v1/chats")).body.items).toEqual([]);
    expect((await eve.get(`/v1/chats/${chat.id}`)).status).toBe(403);
  });

  it("brings a new name, and a ghost's, to every list all the same, though nothing else has happened since", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [direct, group] = [await ann.direct(bob), await eve.group("Left", bob)];
    await ann.say(direct.id, "hello");
    await eve.say(group.id, "the last word");
    await eve.delete(`/v1/chats/${group.id}/members/${eve.id}`);
    for (const chat of [direct, group]) {
      await settle(chat.id);
      vi.useRealTimers();
    }
    // Each as they stand in Bob's list.
    const listed = async (): Promise<Body> => {
      const { items } = (await bob.get("/v1/chats")).body;
      const of = (id: number): Body => items.find((one: Body) => one.id === id);
      return { ann: of(direct.id).peer, eve: of(group.id).last_message.user };
    };
    expect(await listed()).toMatchObject({ ann: { name: ann.username }, eve: { username: eve.username } });

    // The deliveries that tell of it never end.
    let held = 0;
    const heal = await patch("INBOX", `user:${bob.id}`, ["deliver"], (old) => {
      return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
        if (this.ctx.id.name !== `user:${bob.id}`) return old.apply(this, args);
        held++;
        return new Promise(() => {});
      };
    });
    undo.push(heal);
    expect((await ann.patch("/v1/me", { name: "Ann Lee" })).status).toBe(200);
    expect((await eve.delete("/v1/me")).status).toBe(204);
    await expect.poll(() => held).toBe(2);
    // To their own Inboxes it has been spread.
    const left = (who: Person): Promise<unknown[]> =>
      runInDurableObject(env.INBOX.getByName(`user:${who.id}`), (_, { storage }) =>
        storage.sql.exec("SELECT key FROM meta WHERE key IN ('profile', 'erasing')").toArray(),
      );
    for (const who of [ann, eve]) await expect.poll(() => left(who)).toEqual([]);
    await abortAllDurableObjects();
    heal();
    for (const chat of [direct, group]) {
      await settle(chat.id);
      vi.useRealTimers();
    }
    const after = await listed();
    expect(after.ann).toMatchObject({ name: "Ann Lee" });
    expect(after.eve.username).not.toBe(eve.username);
    expect((await bob.get("/v1/chats")).body.items.map((one: Body) => one.unread)).toEqual([1, 1]);
  });

  it("tells whoever was added right before nothing of what was said before that", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = (await ann.post("/v1/chats", { title: "team", members: [bob.id] })).body.id;
    const e = await eve.socket();
    let isStuck = true;
    const stuck = [`user:${bob.id}`, `user:${eve.id}`];
    undo.push(
      await patch("INBOX", stuck[0] ?? "", ["deliver"], (old) => {
        return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
          if (isStuck && stuck.includes(this.ctx.id.name ?? "")) return new Promise(() => {});
          return old.apply(this, args);
        };
      }),
    );
    await ann.say(chat, "before she came");
    await ann.put(`/v1/chats/${chat}/members/${eve.id}`, {});
    await ann.say(chat, "once she was there");
    await runInDurableObject(chatObject(chat), (_, state) => state.abort()).catch(() => undefined);
    isStuck = false;
    await settle(chat);
    await e.event("message.created", ({ message }) => message.text === "once she was there");
    expect(e.events.map(({ event, message }) => message?.text ?? event)).toEqual([
      "chat.created",
      "once she was there",
    ]);
    expect(await eve.unread(chat)).toBe(1);
    expect(await bob.unread(chat)).toBe(2);
  });

  it("keeps what it acknowledged, with the same ids, and finds a resent message again", async () => {
    const [ann, bob, chat] = await trio();
    const sent = [];
    for (let n = 0; n < 10; n++) {
      sent.push((await ann.say(chat.id, `m${n}`, { client_id: `c${n}` })).id);
      if (n % 3 === 0) await abortAllDurableObjects();
    }
    for (let n = 0; n < 10; n++) {
      const again = await ann.post(`/v1/chats/${chat.id}/messages`, { text: "otherwise", client_id: `c${n}` });
      expect([again.status, again.body.id, again.body.text]).toEqual([200, sent[n], `m${n}`]);
    }
    const { body } = await bob.get(`/v1/chats/${chat.id}/messages?after=0`);
    expect(body.items.map((message: Body) => [message.id, message.seq])).toEqual(sent.map((id, n) => [id, n + 1]));
    await settle(chat.id);
    expect(await bob.unread(chat.id)).toBe(10);
  });
});

describe("a connection that has just been opened", () => {
  it("has the answer to what it says after what others have said before", async () => {
    const [ann, bob, chat] = await trio();
    await ann.say(chat.id, "before");
    await expect.poll(() => bob.unread(chat.id)).toBe(1);
    let letGo = (): void => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    undo.push(
      await patch("INBOX", `user:${ann.id}`, ["deliver"], (old) => {
        return async function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
          if (this.ctx.id.name === `user:${ann.id}`) await gate;
          return old.apply(this, args);
        };
      }),
    );
    const a = await ann.socket();
    await bob.say(chat.id, "his");
    const answered = a.do("message.send", { chat_id: chat.id, text: "hers" });
    const said = async (): Promise<string[]> =>
      (await bob.get(`/v1/chats/${chat.id}/messages`)).body.items.map((one: Body) => one.text);
    await expect.poll(said).toEqual(["hers", "his", "before"]);
    letGo();
    await answered;
    await a.event("message.created", ({ message }) => message.text === "his");
    const order = a.frames.map((frame) => /"text":"(\w+)"/.exec(frame)?.[1]);
    expect(order.filter((text) => text !== undefined)).toEqual(["his", "hers"]);
  });
});

describe("a Gateway that fails", () => {
  it("has its connections given up, so that their client comes back and asks", async () => {
    const [ann, bob, chat] = await trio();
    const b = await bob.socket();
    const stop = await patch("GATEWAY", "native/local/0", ["deliver"], () => () => {
      throw new Error("broken");
    });
    undo.push(stop);
    await ann.say(chat.id, "lost on the wire");
    await b.until(() => b.closed !== undefined, "the close");
    expect(b.closed?.code).toBe(1013);
    stop();
    await expect.poll(() => bob.unread(chat.id)).toBe(1);
    const again = await bob.socket();
    const changes = await again.do("changes", { chat_id: chat.id, since: chat.rev });
    expect(changes.messages.map((message: Body) => message.text)).toEqual(["lost on the wire"]);
    await ann.say(chat.id, "heard");
    expect((await again.event("message.created")).message.text).toBe("heard");
  });
});

describe("an Inbox that is evicted or dies", () => {
  it("misses nothing", async () => {
    const [ann, bob, chat] = await trio();
    for (let n = 0; n < 6; n++) {
      await ann.say(chat.id, `m${n}`);
      if (n % 2 === 0) await evictDurableObject(env.INBOX.getByName(`user:${bob.id}`));
      else await abortAllDurableObjects();
    }
    await settle(chat.id);
    expect(await bob.unread(chat.id)).toBe(6);
    expect((await bob.get("/v1/chats")).body.items[0].last_message.text).toBe("m5");
  });
});
