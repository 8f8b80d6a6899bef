// Whoever is there is told of what happens in their large chats, whatever comes in between when the chats learn that they are there.

import { runInDurableObject } from "cloudflare:test";
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
import { person } from "../support/people.ts";

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
});

describe("somebody who is not there any more", () => {
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
