// A chat is made once and whole, or not at all; and what was begun and cut off is brought to its end.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId, chatId } from "../../src/core/ids.ts";
import { SWEEP } from "../../src/core/limits.ts";
import { chatStub, inboxStub } from "../../src/objects/rpc.ts";
import { timeGoesBy } from "../support/alarms.ts";
import { upload } from "../support/files.ts";
import type { Body, Person } from "../support/people.ts";
import { people, service } from "../support/people.ts";

afterEach(() => {
  vi.useRealTimers();
});

const listed = async (who: Person): Promise<number[]> =>
  (await who.get("/v1/chats")).body.items.map((chat: Body) => chat.id);

async function pair(): Promise<[Person, Person]> {
  const [ann, bob] = await people("ann", "bob");
  if (ann === undefined || bob === undefined) throw new Error("no people");
  return [ann, bob];
}

describe("making a chat", () => {
  it("twenty people's worth of haste from both sides makes one direct chat, once in each list", async () => {
    const [ann, bob] = await pair();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? ann : bob).post("/v1/chats", { members: [(n % 2 === 0 ? bob : ann).id] }),
      ),
    );
    const ids = new Set(answers.map((answer) => answer.body.id));
    expect(ids.size).toBe(1);
    expect(answers.every((answer) => answer.status === 200 || answer.status === 201)).toBe(true);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([...ids]);
  });

  it("that was cut off after the directory is finished by itself, for everyone in it", async () => {
    const [ann, bob] = await pair();
    const { directory } = storesOf(env);
    // As the use case does it, up to the point where the process dies.
    await inboxStub(env, ann.id).sweepLater("chats");
    const id = await directory.chats.create({
      appId: appId(1),
      kind: "group",
      title: "Half",
      createdBy: ann.id,
      members: [bob.id],
    });
    expect(await listed(bob)).toEqual([]);
    await timeGoesBy(ann.id, SWEEP.creationMs + 10_000);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([id]);
    await expect.poll(() => directory.chats.unopened(ann.id, Date.now())).toEqual([]);
  });

  it("that was cut off is also whole for whoever opens it first", async () => {
    const [ann, bob] = await pair();
    const { directory } = storesOf(env);
    const { id } = await directory.chats.direct(appId(1), ann.id, bob.id);
    expect((await ann.post("/v1/chats", { members: [bob.id] })).body.id).toBe(id);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([id]);
  });

  it("an id that is no chat leaves nothing behind in its object", async () => {
    const [ann] = await pair();
    expect((await ann.get("/v1/chats/999999")).status).toBe(404);
    expect(await chatStub(env, chatId(999_999)).isMember({ appId: appId(1), userId: ann.id })).toBe(false);
  });
});

describe("an upload", () => {
  it("that no message takes up is gone after a day, and one that was sent stays", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const [kept, lost] = [
      (await upload(ann, new Uint8Array([1, 2, 3]))).body,
      (await upload(ann, new Uint8Array([4, 5, 6]))).body,
    ];
    await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [kept.id] });
    await expect.poll(async () => (await bob.get(`/v1/attachments/${kept.id}`)).status).toBe(200);
    const before = (await env.FILES.list()).objects.map((object) => object.key);
    expect(before).toEqual(expect.arrayContaining([`1/${kept.id}`, `1/${lost.id}`]));
    await timeGoesBy(ann.id, SWEEP.orphanMs + 10_000);
    const left = (await env.FILES.list()).objects.map((object) => object.key);
    expect(left).toContain(`1/${kept.id}`);
    expect(left).not.toContain(`1/${lost.id}`);
    const { directory } = storesOf(env);
    expect(await directory.attachments.find(lost.id)).toBeNull();
  });
});

describe("the race between making and erasing", () => {
  it("ends with one chat that works", async () => {
    const [ann, bob] = await pair();
    for (let round = 0; round < 5; round++) {
      const chat = await ann.direct(bob);
      const [, again] = await Promise.all([
        ann.delete(`/v1/chats/${chat.id}`),
        service().chats.direct({ appId: appId(1), userId: bob.id }, ann.id),
      ]);
      expect(again.chat.members).toHaveLength(2);
    }
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "still here");
    await expect.poll(() => bob.unread(chat.id)).toBe(1);
  });
});
