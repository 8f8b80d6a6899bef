// Whoever is there is told of what happens in their large chats, whatever comes in between when the chats learn that they are there.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { LARGE_CHAT } from "../../src/core/limits.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { chatId } from "../../src/core/ids.ts";
import { anHourLater } from "../support/alarms.ts";
import { allArrived, crowd } from "../support/crowd.ts";
import * as failures from "../support/failures.ts";
import { patch } from "../support/meter.ts";
import type { Body, Person, Socket } from "../support/people.ts";
import { again, person } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

let owner: Person;
let chat: number;

beforeAll(async () => {
  ({ owner, chat } = await crowd(LARGE_CHAT + 2));
});

const add = (who: Person) => owner.put(`/v1/chats/${chat}/members/${who.id}`);

/** What is said in a chat now is heard by `socket`. */
async function isHeard(socket: Socket, where = chat): Promise<void> {
  const text = crypto.randomUUID();
  await owner.say(where, text);
  await socket.event("message.created", ({ message }) => message.text === text);
}

const created = (socket: Socket): Promise<Body> => socket.event("chat.created", (event) => event.chat.id === chat);

/** As `failures.replace`; taken back with the end of the test at the latest. */
async function replace(...args: Parameters<typeof failures.replace>): Promise<() => void> {
  const heal = await failures.replace(...args);
  undo.push(heal);
  return heal;
}

describe("somebody who is there", () => {
  it("hears of a large chat to which they are added while their list is written", async () => {
    const late = await person("late");
    const l = await late.socket();
    const heal = await patch("GATEWAY", "native/local/0", ["deliver"], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        const gone = await old.apply(this, args);
        await inboxStub(env, late.id).written(chatId(chat));
        return gone;
      };
    });
    undo.push(heal);
    await add(late);
    await created(l);
    heal();
    await isHeard(l);
    l.close();
  });

  it("hears of a large chat that they were taken out of for a moment", async () => {
    const late = await person("late");
    await add(late);
    const l = await late.socket();
    await isHeard(l);
    const { promise, resolve } = Promise.withResolvers<void>();
    const heal = await replace("INBOX", `user:${late.id}`, "deliver", async (call) => {
      await promise;
      return call();
    });
    await owner.say(chat, "on its way");
    expect((await owner.delete(`/v1/chats/${chat}/members/${late.id}`)).status).toBe(204);
    await add(late);
    heal();
    resolve();
    await created(l);
    await allArrived(chat);
    await isHeard(l);
    l.close();
  });

  it.each(failures.FAILURES)(
    "hears of a large chat to which they are added where it %s when it is asked",
    async (_, fail) => {
      const late = await person("late");
      const l = await late.socket();
      let asked = false;
      const heal = await replace("CHAT", `chat:${chat}`, "attach", (call, [user]) => {
        if (user !== late.id) return call();
        asked = true;
        return fail();
      });
      await add(late);
      await expect.poll(() => asked).toBe(true);
      await inboxStub(env, late.id).written(chatId(chat));
      heal();
      await anHourLater(chat);
      await isHeard(l);
      l.close();
    },
  );

  it.each(failures.FAILURES)("hears of a large chat that %s when they come, once it can be asked", async (_, fail) => {
    const late = await person("late");
    await add(late);
    const heal = await replace("CHAT", `chat:${chat}`, "attach", (call, [user]) =>
      user === late.id ? fail() : call(),
    );
    const l = await late.socket();
    const { seq } = await owner.say(chat, "not heard");
    heal();
    expect(await runDurableObjectAlarm(env.INBOX.getByName(`user:${late.id}`))).toBe(true);
    await expect.poll(async () => (await late.get("/v1/chats")).body.items[0].last_message.seq).toBe(seq);
    await isHeard(l);
    l.close();
  });

  it("hears at once of all their other large chats where one fails", async () => {
    const late = await person("late");
    const { members } = (await owner.get(`/v1/chats/${chat}`)).body;
    const others: number[] = members.map(({ user }: Body) => user.id).filter((id: number) => id !== owner.id);
    const chats: number[] = [];
    for (let n = 0; n < 20; n++) {
      const some = [late.id, ...others.slice(0, LARGE_CHAT - 1)];
      chats.push((await owner.post("/v1/chats", { title: `Crowd ${n}`, members: some })).body.id);
    }
    await expect.poll(async () => (await late.get("/v1/chats?limit=100")).body.items.length).toBe(chats.length);
    const [first = 0, ...rest] = chats;
    const heal = await replace("CHAT", `chat:${first}`, "attach", () => {
      throw new Error("out of reach");
    });
    const l = await late.socket();
    for (const one of rest) await isHeard(l, one);
    heal();
    await runDurableObjectAlarm(env.INBOX.getByName(`user:${late.id}`));
    await isHeard(l, first);
    l.close();
  });

  it("hears of a large chat where they come back before it has learnt that they went, however the Lobby fails", async () => {
    const late = await person("late");
    await add(late);
    const l = await late.socket();
    await isHeard(l);
    const { promise, resolve } = Promise.withResolvers<void>();
    let asked = false;
    const heal = await replace("CHAT", `chat:${chat}`, "attach", async (call, [user, on]) => {
      if (user !== late.id || on === true) return call();
      asked = true;
      await promise;
      return call();
    });
    const healLobby = await replace("LOBBY", "app:1", "setOnline", () => {
      throw new Error("out of reach");
    });
    const back = await again(late);
    await late.post("/v1/auth/logout");
    await expect.poll(() => asked).toBe(true);
    healLobby();
    const coming = back.socket();
    const entered = (): Promise<number> =>
      runInDurableObject(
        env.INBOX.getByName(`user:${late.id}`),
        (_, { storage }) => storage.sql.exec("SELECT id FROM connections").toArray().length,
      );
    await expect.poll(entered).toBe(1);
    resolve();
    const b = await coming;
    heal();
    await isHeard(b);
    b.close();
  });
});

describe("somebody who is not there any more", () => {
  const attached = (who: Person): Promise<number> =>
    runInDurableObject(
      env.CHAT.getByName(`chat:${chat}`),
      (_, { storage }) => storage.sql.exec("SELECT 1 FROM attached WHERE user_id = ?", who.id).toArray().length,
    );

  it("on a socket for all chats costs a large chat no calls, though they are on one for another chat", async () => {
    const late = await person("late");
    await add(late);
    const other = (await late.direct(owner)).id;
    const l = await late.socket();
    const own = await (await again(late)).socket(other);
    expect(await attached(late)).toBe(1);
    await late.post("/v1/auth/logout");
    await l.until(() => l.closed !== undefined, "the close");
    await expect.poll(() => attached(late)).toBe(0);
    own.close();
  });

  it("has a list that is right as soon as they leave another chat's socket", async () => {
    const late = await person("late");
    await add(late);
    const other = (await late.direct(owner)).id;
    const own = await late.socket(other);
    const { seq } = await owner.say(chat, "not heard");
    own.close(1000);
    const open = (): Promise<number> =>
      runInDurableObject(
        env.INBOX.getByName(`user:${late.id}`),
        (_, { storage }) => storage.sql.exec("SELECT id FROM connections").toArray().length,
      );
    await expect.poll(open).toBe(0);
    const { items } = (await late.get("/v1/chats")).body;
    expect(items.find((one: Body) => one.id === chat).last_message.seq).toBe(seq);
  });
});
