// One upload goes with one message, however many chats are asked to take it at the same instant; nobody else's message fails for that.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { appId } from "../../src/core/ids.ts";
import type { Draft } from "../../src/core/message.ts";
import { GroupCommit } from "../../src/objects/chat/group-commit.ts";
import type { ChatCalls } from "../../src/objects/rpc.ts";
import { file } from "../support/files.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type Sending = readonly [from: Person, draft: Draft];

/** Has a chat commit all of these together, in this order: they wait while the commit before them is being written. */
async function sendTogether(chat: number, sendings: readonly Sending[]): Promise<Body[]> {
  const send = (object: ChatCalls, [from, draft]: Sending): Promise<Body> =>
    object.execute({ appId: appId(1), userId: from.id }, { do: "message.send", draft }, null);
  return runInDurableObject(env.CHAT.getByName(`chat:${chat}`), async (object, { storage }) => {
    const calls = object as unknown as ChatCalls;
    const written = Promise.withResolvers<void>();
    const sync = storage.sync.bind(storage);
    storage.sync = async () => {
      storage.sync = sync;
      await written.promise;
    };
    const added = vi.spyOn(GroupCommit.prototype, "add");
    const before = send(calls, [(sendings[0] as Sending)[0], { text: "is being written" }]);
    await expect.poll(() => added.mock.calls.length).toBe(1);
    const answers: Promise<Body>[] = [];
    for (const sending of sendings) {
      answers.push(send(calls, sending));
      await expect.poll(() => added.mock.calls.length).toBe(1 + answers.length);
    }
    written.resolve();
    await before;
    return Promise.all(answers);
  });
}

const refused = { ok: false, failure: { code: "input.invalid", errors: [{ path: "attachments.0" }] } };

describe("one upload that is sent twice to one chat at the same instant", () => {
  it("goes with the first; the other is refused, and so is nobody else's message that is committed with them", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [{ id }, other] = [await file(ann), await file(ann)];
    const answers = await sendTogether(chat.id, [
      [ann, { attachments: [id] }],
      [ann, { attachments: [id], clientId: "another" }],
      [bob, { text: "by the way" }],
      [ann, { attachments: [other.id, id] }],
      [bob, { text: "and besides" }],
    ]);
    expect(answers).toMatchObject([
      { ok: true, value: { message: { attachments: [{ id }] } } },
      refused,
      { ok: true },
      { ok: false, failure: { code: "input.invalid", errors: [{ path: "attachments.1" }] } },
      { ok: true },
    ]);
    const { items } = (await bob.get(`/v1/chats/${chat.id}/messages?after=0`)).body;
    expect(items.map(({ seq, text, attachments }: Body) => [seq, text, attachments.length])).toEqual([
      [1, "is being written", 0],
      [2, null, 1],
      [3, "by the way", 0],
      [4, "and besides", 0],
    ]);
    // What went with nothing is still free.
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [other.id] })).status).toBe(201);
    await expect.poll(() => bob.unread(chat.id)).toBe(3);
  });

  it("under one client_id is one message, that both are answered with", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const { id } = await file(ann);
    const draft = { attachments: [id], clientId: "once" };
    const answers = await sendTogether(chat.id, [
      [ann, draft],
      [ann, draft],
    ]);
    expect(answers).toMatchObject([
      { ok: true, value: { created: true, message: { seq: 2 } } },
      { ok: true, value: { created: false, message: { seq: 2, attachments: [{ id }] } } },
    ]);
  });
});

describe("one upload that is sent to several chats at the same instant", () => {
  it("goes with one message, and the others are refused", async () => {
    const [ann, ...others] = await people("ann", "bob", "eve", "dan");
    const chats: number[] = [];
    for (const other of others) chats.push((await ann.direct(other)).id);
    for (let round = 0; round < 5; round++) {
      const draft = { attachments: [(await file(ann)).id] };
      const answers = await Promise.all(chats.map((chat) => ann.post(`/v1/chats/${chat}/messages`, draft)));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 400, 400]);
      for (const { status, body } of answers)
        if (status === 400) expect(body).toMatchObject({ code: "input.invalid", errors: [{ path: "attachments.0" }] });
    }
    const counts = await Promise.all(
      chats.map(async (chat) => (await ann.get(`/v1/chats/${chat}/messages?after=0`)).body.items.length),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
  });
});

describe("an upload whose message was not stored", () => {
  it("is free for every chat where the message was refused", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [chat, other] = [await ann.direct(bob), await ann.direct(eve)];
    const [{ id }, { id: theirs }] = [await file(ann), await file(bob)];
    const refusals = [
      { attachments: [id], reply_to: chat.id * 2 ** 24 + 7 },
      { attachments: [id, id] },
      { attachments: [id, theirs] },
      { attachments: [id], client_id: "" },
    ];
    for (const draft of refusals) expect((await ann.post(`/v1/chats/${chat.id}/messages`, draft)).status).toBe(400);
    expect((await eve.post(`/v1/chats/${chat.id}/messages`, { attachments: [id] })).status).toBe(403);
    expect((await ann.post(`/v1/chats/${other.id}/messages`, { attachments: [id] })).status).toBe(201);
  });

  it("waits for the message to be sent again where the chat failed, and goes with it after a crash", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [chat, other] = [await ann.direct(bob), await ann.direct(eve)];
    const draft = { attachments: [(await file(ann)).id], client_id: "in doubt" };
    const object = env.CHAT.getByName(`chat:${chat.id}`);
    await runInDurableObject(object, (_, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      Object.assign(sql, {
        exec: (query: string, ...bindings: unknown[]) => {
          if (query.includes("INSERT INTO messages")) throw new Error("database or disk is full: SQLITE_FULL");
          return exec(query, ...bindings);
        },
      });
    });
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, draft)).status).toBe(500);
    await evictDurableObject(object);
    expect((await ann.post(`/v1/chats/${other.id}/messages`, draft)).status).toBe(400);
    const sent = await ann.post(`/v1/chats/${chat.id}/messages`, draft);
    expect([sent.status, sent.body.attachments.length]).toEqual([201, 1]);
    const again = await ann.post(`/v1/chats/${chat.id}/messages`, draft);
    expect([again.status, again.body.id]).toEqual([200, sent.body.id]);
  });
});
