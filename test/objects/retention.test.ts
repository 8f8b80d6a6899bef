// An app that does not keep messages for ever: the old ones go from every chat, as any deletion, and nothing else does.

import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RETENTION } from "../../src/core/limits.ts";
import { chatStub } from "../../src/objects/rpc.ts";
import { file } from "../support/files.ts";
import { countReads, countRows, patch } from "../support/meter.ts";
import type { Body } from "../support/people.ts";
import { DAY_MS, after, alarmOf, round, scene, texts } from "../support/retention.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

describe("an app that keeps messages for so many days", () => {
  it("deletes what is older from every chat, with its files; counts, places and what is younger stay", async () => {
    const { app, ann, bob, change } = await scene();
    const [direct, group] = [await ann.direct(bob), await ann.group("Group", bob)];
    const attachment = (await file(ann, "old.txt")).id;
    await after(-10, async () => {
      await ann.say(direct.id, "old with a file", { attachments: [attachment] });
      await ann.say(direct.id, "old");
      await bob.say(group.id, "old in the group");
    });
    await ann.say(direct.id, "young");
    await expect.poll(() => bob.unread(direct.id)).toBe(3);
    const before = (await bob.get(`/v1/chats/${direct.id}`)).body.rev;

    expect(await change({ retentionDays: 7 })).toMatchObject({ status: 200, body: { retentionDays: 7 } });
    await round(app.id);
    expect(await texts(bob, direct.id)).toEqual([null, null, "young"]);
    expect(await texts(ann, group.id)).toEqual([null]);
    const { items } = (await bob.get(`/v1/chats/${direct.id}/messages`)).body;
    expect(items.map((message: Body) => message.seq)).toEqual([3, 2, 1]);
    expect(items[2]).toMatchObject({ attachments: [], deleted_at: expect.any(String), user: { id: ann.id } });
    await expect.poll(() => bob.unread(direct.id)).toBe(1);
    const changes = (await bob.get(`/v1/chats/${direct.id}/changes?since=${before}`)).body;
    expect(changes.messages.map((message: Body) => message.seq).toSorted()).toEqual([1, 2]);
    await expect.poll(() => env.FILES.head(`${app.id}/${attachment}`)).toBeNull();
    expect(await env.DB.prepare("SELECT 1 FROM attachments WHERE id = ?").bind(attachment).first()).toBeNull();
  });

  it("does so again the next day, and no more once it is switched off", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    await after(-0.5, () => ann.say(id, "one"));
    await change({ retentionDays: 1 });
    await round(app.id);
    expect(await texts(bob, id)).toEqual(["one"]);
    await ann.say(id, "two");
    await after(0.9, () => round(app.id));
    expect(await texts(bob, id)).toEqual(["one", "two"]);
    // A day after the round: half a day after "one" had its day.
    await after(1.01, () => round(app.id));
    expect(await texts(bob, id)).toEqual([null, null]);
    await ann.say(id, "three");
    expect((await change({ retentionDays: null })).body.retentionDays).toBeNull();
    await after(9, () => round(app.id));
    expect(await texts(bob, id)).toEqual([null, null, "three"]);
  });

  it("goes on where it was cut off, also through more messages than go at once", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    const many = RETENTION.messages + 5;
    await after(-3, async () => {
      for (let n = 0; n < many; n++) await ann.say(id, `m${n}`);
    });
    let failures = 3;
    undo.push(
      await patch("CHAT", `chat:${id}`, ["expire"], (old) => {
        return function (this: unknown, ...args: unknown[]) {
          if (failures-- > 0) throw new Error("cut off for a while");
          return old.apply(this, args);
        };
      }),
    );
    await change({ retentionDays: 1 });
    for (let n = 0; n < 6; n++) {
      await round(app.id);
      await abortAllDurableObjects();
    }
    const { items } = (await bob.get(`/v1/chats/${id}/messages?limit=100`)).body;
    expect(items.every((message: Body) => message.deleted_at !== null)).toBe(true);
    await expect.poll(() => bob.unread(id)).toBe(0);
    expect((await bob.get(`/v1/chats/${id}`)).body.last_seq).toBe(many);
  });

  it("tells those who are there of each message once, in order, and of their count once for all", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    const said: Body[] = [];
    await after(-3, async () => {
      for (let n = 0; n < 5; n++) said.push(await ann.say(id, `old ${n}`));
    });
    await ann.say(id, "young");
    // Read out of order: the first and the third.
    for (const at of [0, 2]) await bob.post(`/v1/chats/${id}/read`, { message_id: said[at].id });
    await expect.poll(() => bob.unread(id)).toBe(4);
    const sockets = [await bob.socket(), await bob.socket(id), await ann.socket()];
    await change({ retentionDays: 1 });
    await round(app.id);
    for (const socket of sockets) {
      await socket.event("message.deleted", (event) => event.message_id === said[4].id);
      const deleted = socket.events.filter(({ event }) => event === "message.deleted");
      expect(deleted.map((event) => event.message_id)).toEqual(said.map((message) => message.id));
      expect(deleted.map((event) => event.rev - deleted[0].rev)).toEqual([0, 1, 2, 3, 4]);
    }
    for (const socket of sockets.slice(0, 2)) {
      await socket.event("unread");
      const counts = socket.events.filter(({ event }) => event === "unread");
      expect(counts.map(({ unread }) => unread)).toEqual([1]);
    }
    expect(sockets[2]?.events.filter(({ event }) => event === "unread")).toEqual([]);
    expect((await bob.get(`/v1/chats/${id}`)).body.unread).toBe(1);
    await expect.poll(() => bob.unread(id)).toBe(1);
    await abortAllDurableObjects();
    expect((await bob.get(`/v1/chats/${id}`)).body).toMatchObject({ unread: 1, last_seq: 6 });
    expect((await bob.post(`/v1/chats/${id}/read`, {})).body.unread).toBe(0);
  });

  it("goes through more chats than are asked at once", async () => {
    const { app, ann, bob, change } = await scene();
    const chats: number[] = [];
    await after(-3, async () => {
      for (let n = 0; n < RETENTION.chats + 3; n++) {
        chats.push((await ann.group(`Group ${n}`, bob)).id);
        await ann.say(chats.at(-1) ?? 0, "old");
      }
    });
    await change({ retentionDays: 1 });
    await round(app.id);
    for (const chat of chats) expect(await texts(bob, chat)).toEqual([null]);
    expect(await alarmOf(app.id)).toBeGreaterThan(Date.now() + DAY_MS / 2);
  });

  it("asks for the files of many messages at once", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    const files = await Promise.all(Array.from({ length: 30 }, async (_, n) => (await file(ann, `${n}.txt`)).id));
    await after(-3, async () => {
      for (const one of files) await ann.say(id, "old", { attachments: [one] });
    });
    const kept = "SELECT count(*) AS n FROM attachments WHERE app_id = ? AND chat_id IS NOT NULL";
    await expect.poll(() => env.DB.prepare(kept).bind(app.id).first("n")).toBe(30);
    const remove = vi.spyOn(env.FILES, "delete");
    await change({ retentionDays: 1 });
    await round(app.id);
    await expect.poll(() => env.DB.prepare(kept).bind(app.id).first("n")).toBe(0);
    expect((await env.FILES.list({ prefix: `${app.id}/` })).objects).toEqual([]);
    expect(remove.mock.calls.length).toBeLessThan(4);
    remove.mockRestore();
  });

  it("leaves what is gone out of every search", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    await after(-3, async () => {
      for (let n = 0; n < 2 * RETENTION.messages; n++) await ann.say(id, "old");
    });
    await ann.say(id, "young");
    await change({ retentionDays: 1 });
    await round(app.id);
    // Everything has arrived, and that is stored: nothing is told again.
    while (await runDurableObjectAlarm(env.CHAT.getByName(`chat:${id}`)));
    await abortAllDurableObjects();
    const rowsRead = await countReads(id);
    const page = { do: "message.list", present: true, limit: 100 } as const;
    const actor = { appId: app.id, userId: bob.id };
    const listed = await chatStub(env, id).execute(actor, page, null);
    expect(listed).toMatchObject({ value: { items: [{ text: "young" }] } });
    const range = { do: "message.range", from: null, to: null, before: null, limit: 100 } as const;
    expect(await chatStub(env, id).execute(actor, range, null)).toMatchObject({
      value: { items: [{ text: "young" }] },
    });
    expect((await bob.get(`/v1/chats/${id}`)).body.unread).toBe(1);
    expect((await bob.post(`/v1/chats/${id}/read`, {})).body.unread).toBe(0);
    // Opening the chat, two pages, a count and a read: what is gone is many more rows.
    expect(await rowsRead()).toBeLessThan(RETENTION.messages);
  });

  it("touches no other app", async () => {
    const [one, other] = [await scene(), await scene()];
    const [mine, theirs] = [await one.ann.direct(one.bob), await other.ann.direct(other.bob)];
    await after(-5, async () => {
      await one.ann.say(mine.id, "mine");
      await other.ann.say(theirs.id, "theirs");
    });
    await one.change({ retentionDays: 1 });
    await round(one.app.id);
    expect(await texts(one.bob, mine.id)).toEqual([null]);
    expect(await texts(other.bob, theirs.id)).toEqual(["theirs"]);
  });

  it("costs a chat without anything old no row", async () => {
    const { ann, bob } = await scene();
    const { id } = await ann.direct(bob);
    await ann.say(id, "young");
    await expect.poll(() => bob.unread(id)).toBe(1);
    const rows = await countRows("CHAT", `chat:${id}`);
    expect(await chatStub(env, id).expire(Date.now() - DAY_MS)).toEqual({ ok: true, value: false });
    expect(rows()).toBe(0);
  });

  it("says what is no number of days", async () => {
    const { change, show } = await scene();
    for (const wrong of [
      0,
      -1,
      1.5,
      3_651,
      4_000,
      1e300,
      "0",
      "-7",
      "1.5",
      "4000",
      " 7",
      "7d",
      "often",
      [7],
      {},
      true,
    ]) {
      const { status, body } = await change({ retentionDays: wrong });
      expect(status, JSON.stringify(wrong)).toBe(422);
      expect(body.message).toMatch(/^retentionDays: /);
    }
    expect((await show()).retentionDays).toBeNull();
    for (const days of [1, 7, 3_650]) {
      expect((await change({ retentionDays: days })).body.retentionDays).toBe(days);
      expect((await show()).retentionDays).toBe(days);
    }
    expect((await change({ name: "Another" })).body).toMatchObject({ name: "Another", retentionDays: 3_650 });
    expect((await change({ retentionDays: null })).body.retentionDays).toBeNull();
    expect((await show()).retentionDays).toBeNull();
  });

  it("takes it from a form too", async () => {
    const { change } = await scene();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await change("retentionDays=7", form)).body.retentionDays).toBe(7);
    expect((await change("retentionDays=0", form)).status).toBe(422);
    expect((await change("retentionDays=", form)).body.retentionDays).toBeNull();
  });
});
