// How long messages are kept, when something else happens at the same time or goes wrong.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chatStub, lobbyStub } from "../../src/objects/rpc.ts";
import { patch } from "../support/meter.ts";
import { after, alarmOf, lobby, round, scene, texts } from "../support/retention.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** Lets calls of one object fail, as many as `fails` says. */
async function failing(
  kind: "CHAT" | "LOBBY",
  name: string,
  method: string,
  fails: (times: number) => boolean,
): Promise<() => number> {
  let times = 0;
  undo.push(
    await patch(kind, name, [method], (old) => {
      return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
        if (this.ctx.id.name === name && fails(++times)) throw new Error("out of reach");
        return old.apply(this, args);
      };
    }),
  );
  return () => times;
}

describe("deleting old messages", () => {
  it("stops where the app says that it keeps them, also if the Lobby was not told", async () => {
    const { app, ann, bob, change, show } = await scene();
    const { id } = await ann.direct(bob);
    await change({ retentionDays: 1 });
    await round(app.id);
    await failing("LOBBY", `app:${app.id}`, "retain", () => true);
    expect((await change({ retentionDays: null })).status).toBe(500);
    expect((await show()).retentionDays).toBeNull();
    await after(-5, () => ann.say(id, "to be kept"));
    await after(1.1, () => round(app.id));
    expect(await texts(bob, id)).toEqual(["to be kept"]);
    expect(await alarmOf(app.id)).toBeNull();
  });

  it("stops at once where it is switched off while it is under way", async () => {
    const { app, ann, bob, change } = await scene();
    const chats = [await ann.direct(bob), await ann.group("Group", bob)];
    await after(-5, async () => {
      for (const { id } of chats) await ann.say(id, "old");
    });
    let calls = 0;
    undo.push(
      await patch("CHAT", `chat:${chats[0].id}`, ["expire"], (old) => {
        return async function (this: unknown, ...args: unknown[]) {
          if (calls++ === 0) await change({ retentionDays: null });
          return old.apply(this, args);
        };
      }),
    );
    await change({ retentionDays: 1 });
    await round(app.id);
    expect(await texts(bob, chats[0].id)).toEqual([null]);
    expect(await texts(bob, chats[1].id)).toEqual(["old"]);
    expect(await alarmOf(app.id)).toBeNull();
  });

  it("goes on with the other chats where one can not be asked, and with that one the next day", async () => {
    const { app, ann, bob, change } = await scene();
    const [broken, fine] = [await ann.direct(bob), await ann.group("Group", bob)];
    await after(-5, async () => {
      await ann.say(broken.id, "out of reach");
      await ann.say(fine.id, "old");
    });
    const tries = await failing("CHAT", `chat:${broken.id}`, "expire", () => true);
    await change({ retentionDays: 1 });
    await round(app.id);
    expect(await texts(bob, fine.id)).toEqual([null]);
    expect(await texts(bob, broken.id)).toEqual(["out of reach"]);
    expect(tries()).toBeGreaterThan(1);
    for (const one of undo.splice(0)) one();
    await after(1.1, () => round(app.id));
    expect(await texts(bob, broken.id)).toEqual([null]);
  });

  it("ends with the app, whose last look at its files finds nothing to do", async () => {
    const { app, ann, bob, change, remove } = await scene();
    const { id } = await ann.direct(bob);
    await ann.say(id, "gone with the app");
    await change({ retentionDays: 1 });
    await round(app.id);
    expect((await remove()).status).toBe(200);
    const rows = () => env.DB.prepare("SELECT 1 AS n FROM apps WHERE id = ?").bind(app.id).first("n");
    await expect
      .poll(async () => {
        await runDurableObjectAlarm(lobby(app.id));
        return rows();
      })
      .toBeNull();
    expect(await alarmOf(app.id)).toBeGreaterThan(Date.now() + 60_000);
    await after(1.1, () => runDurableObjectAlarm(lobby(app.id)));
    const left = await runInDurableObject(lobby(app.id), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'").toArray(),
    );
    expect(left).toEqual([]);
    expect(await alarmOf(app.id)).toBeNull();
  });

  it("does not put off the end of an app that begins meanwhile", async () => {
    const { app, ann, bob, change } = await scene();
    const { id } = await ann.direct(bob);
    await after(-5, () => ann.say(id, "old"));
    // While the first chat is asked, the app's end begins, and gets no further than its note.
    await failing("CHAT", `chat:${id}`, "eraseWithApp", () => true);
    undo.push(
      await patch("CHAT", `chat:${id}`, ["expire"], (old) => {
        return async function (this: unknown, ...args: unknown[]) {
          await lobbyStub(env, app.id).eraseApp(app.id);
          return old.apply(this, args);
        };
      }),
    );
    await change({ retentionDays: 1 });
    await runDurableObjectAlarm(lobby(app.id));
    expect(await alarmOf(app.id)).toBeLessThan(Date.now() + 60_000);
  });

  it("founds no chat that was never opened", async () => {
    const { app } = await scene();
    const row = await env.DB.prepare(
      "INSERT INTO chats (app_id, kind, created_by, created_at) VALUES (?, 'room', 0, 0) RETURNING id",
    )
      .bind(app.id)
      .first<{ id: number }>();
    const chat = (row?.id ?? 0) as Parameters<typeof chatStub>[1];
    expect(await chatStub(env, chat).expire(Date.now())).toEqual({ ok: true, value: false });
    const tables = await runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'messages'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
