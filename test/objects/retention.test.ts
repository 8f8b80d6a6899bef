// An app that does not keep messages for ever: the old ones go from every chat, as any deletion, and nothing else does.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RETENTION } from "../../src/core/limits.ts";
import { chatStub } from "../../src/objects/rpc.ts";
import { file } from "../support/files.ts";
import { countRows, patch } from "../support/meter.ts";
import type { Tenant } from "../support/operators.ts";
import { operator, tenant } from "../support/operators.ts";
import type { Body, Person } from "../support/people.ts";
import { person } from "../support/people.ts";

const DAY_MS = 86_400_000;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** Does `work` so many days from now; tokens stand in the present alone. */
async function after<T>(days: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

interface Scene extends Tenant {
  readonly ann: Person;
  readonly bob: Person;
  readonly change: (patch: object) => Promise<Body>;
}

async function scene(): Promise<Scene> {
  const by = await operator();
  const made = await tenant(by);
  const [ann, bob] = [await person("ann", made.app.id), await person("bob", made.app.id)];
  return { ...made, ann, bob, change: (patched) => by.call("PATCH", `/app/${made.app.id}`, patched) };
}

const lobby = (app: number) => env.LOBBY.getByName(`app:${app}`);

/** Runs the Lobby's alarm as long as it has more to do: until it waits for the next day. */
async function round(app: number): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const due = await runInDurableObject(lobby(app), (_, { storage }) => storage.getAlarm());
    if (due === null || due > Date.now() + 60_000) return;
    await runDurableObjectAlarm(lobby(app));
  }
  throw new Error("the round never came to its end");
}

const texts = async (who: Person, chat: number): Promise<(string | null)[]> =>
  (await who.get(`/v1/chats/${chat}/messages?limit=100`)).body.items.map((message: Body) => message.text).toReversed();

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
    const { change } = await scene();
    for (const wrong of [0, -1, 1.5, 3_651, "often", {}, true]) {
      expect((await change({ retentionDays: wrong })).status, JSON.stringify(wrong)).toBe(422);
    }
    expect((await change({ retentionDays: 3_650 })).body.retentionDays).toBe(3_650);
  });
});
