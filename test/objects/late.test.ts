// What arrives late, after its chat was erased or left, changes nothing any more.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { appId, chatId, userId } from "../../src/core/ids.ts";
import type { ChatRow, Delivery } from "../../src/objects/rpc.ts";
import { chatStub, inboxStub } from "../../src/objects/rpc.ts";
import { patch } from "../support/meter.ts";
import type { Body, Person } from "../support/people.ts";
import { people, person } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

/** Deliveries to `who` that bring a row wait for `release`; `waiting` tells how many do. */
async function hold(who: Person): Promise<{ release: () => void; waiting: () => number; passed: () => number }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  let passed = 0;
  undo.push(
    await patch("INBOX", `user:${who.id}`, ["deliver"], (old) => {
      return async function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
        const [delivery] = args as [Delivery];
        const isHeld = this.ctx.id.name === `user:${who.id}` && delivery.row !== null;
        if (isHeld) {
          waiting++;
          await promise;
        }
        const result = await old.apply(this, args);
        if (isHeld) passed++;
        return result;
      };
    }),
  );
  return { release: resolve, waiting: () => waiting, passed: () => passed };
}

const listed = async (who: Person): Promise<number[]> =>
  (await who.get("/v1/chats")).body.items.map((chat: Body) => chat.id);

/** Runs the chat's alarm until it has none. */
async function finish(chat: number): Promise<void> {
  for (let round = 0; round < 20 && (await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`))); round++);
}

describe("a chat that is erased while messages are on their way", () => {
  it("does not come back into anyone's list, and nothing is told after its end", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await expect.poll(() => listed(bob)).toEqual([chat.id]);
    const b = await bob.socket();
    const held = await hold(bob);
    await ann.say(chat.id, "on its way");
    await expect.poll(held.waiting).toBe(1);
    await ann.say(chat.id, "waits behind it");
    expect((await ann.delete(`/v1/chats/${chat.id}`)).status).toBe(204);
    await b.event("chat.removed");
    await finish(chat.id);
    held.release();
    await expect.poll(held.passed).toBeGreaterThan(0);
    // A chat made afterwards is heard after all that could still come.
    const next = await ann.direct(bob);
    await b.event("chat.created", (event) => event.chat.id === next.id);
    expect(b.events.map((event) => event.event)).toEqual(["chat.removed", "chat.created"]);
    expect(await listed(bob)).toEqual([next.id]);
  });

  it("may have nobody left in it: an account that is gone takes its notes to itself along", async () => {
    const ann = await person("ann");
    const chat = await ann.direct(ann);
    await ann.say(chat.id, "to myself");
    expect((await ann.delete("/v1/me")).status).toBe(204);
    await expect
      .poll(() => env.DB.prepare("SELECT count(*) AS n FROM chats WHERE id = ?").bind(chat.id).first<number>("n"))
      .toBe(0);
    await finish(chat.id);
    const erased = await chatStub(env, chatId(chat.id)).open({ appId: appId(1), userId: ann.id }, null);
    expect(erased).toMatchObject({ ok: false, failure: { code: "not_found" } });
  });
});

describe("an Inbox", () => {
  const row = (unread: number): ChatRow => ({
    chat: {
      id: chatId(1),
      appId: appId(1),
      kind: "group",
      title: "Late",
      name: null,
      createdBy: userId(1),
      props: {},
      membersCount: 2,
      createdAt: 1,
      updatedAt: 1,
      rev: 1,
      lastSeq: 0,
    },
    unread,
    lastMessage: null,
    peer: null,
    large: false,
  });

  it.each([
    ["that knew the chat", [row(1), null, row(1)]],
    ["that did not know it yet", [null, row(1)]],
  ])("%s does not take a chat back that was left since", async (_, rows) => {
    const ann = await person("ann");
    const inbox = inboxStub(env, ann.id);
    const end = 6;
    for (const one of rows) {
      await inbox.deliver({ chatId: chatId(1), clock: one === null ? end : end - 1, row: one, events: [] });
    }
    expect(await listed(ann)).toEqual([]);
    // Being added again is later, and counts.
    await inbox.deliver({ chatId: chatId(1), clock: end + 1, row: row(0), events: [] });
    expect(await listed(ann)).toEqual([1]);
    await inbox.deliver({ chatId: chatId(1), clock: end, row: null, events: [] });
    expect(await listed(ann)).toEqual([1]);
  });
});
