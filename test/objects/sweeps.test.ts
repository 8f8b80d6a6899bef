// What a user has begun and not ended is ended or cleared up, however slow it was, however much it is and whatever fails meanwhile.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { SWEEP } from "../../src/core/limits.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { timeGoesBy } from "../support/alarms.ts";
import { patch } from "../support/meter.ts";
import type { Body, Person } from "../support/people.ts";
import { people, person, service } from "../support/people.ts";
import { soon } from "../support/patience.ts";

const SECOND = 1_000;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

const { directory } = storesOf(env);

const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
};

/** The ids in the list of `who`, today: tokens stand no longer. */
async function listed(who: Person): Promise<number[]> {
  vi.useRealTimers();
  return (await who.get("/v1/chats")).body.items.map((chat: Body) => chat.id);
}

/** An upload of `who`, at whatever time. */
async function uploaded(who: Person): Promise<string> {
  const bytes = new TextEncoder().encode("a file");
  const actor = { appId: appId(1), userId: who.id };
  const { id } = await service().attachments.uploadBytes(actor, { bytes, name: "file.txt", contentType: null });
  return id;
}

/** Whether anything is left of an upload. */
async function isThere(id: string): Promise<boolean> {
  const [record, object] = [await directory.attachments.find(id), await env.FILES.head(`1/${id}`)];
  expect(record === null).toBe(object === null);
  return record !== null;
}

/** From when `who` says that something is begun until it is in the directory, so much time goes by. */
async function slowly(who: Person, ms: number): Promise<void> {
  undo.push(
    await patch("INBOX", `user:${who.id}`, ["sweepLater"], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        await old.apply(this, args);
        later(ms);
      };
    }),
  );
}

/** The creation of a group by `who` with `other`, which is cut off once the directory has it. */
async function halfMade(who: Person, other: Person): Promise<number> {
  await inboxStub(env, who.id).sweepLater("chats");
  const members = [other.id];
  return directory.chats.create({ appId: appId(1), kind: "group", title: "Half", createdBy: who.id, members });
}

/** Statements of the directory that match fail, until the returned function is called. */
function failing(statement: RegExp): () => void {
  const prototype = Object.getPrototypeOf(env.DB) as { prepare: (sql: string) => D1PreparedStatement };
  const old = prototype.prepare;
  prototype.prepare = function (this: unknown, sql: string) {
    if (statement.test(sql)) throw new Error("D1_ERROR: the network is gone");
    return old.call(this, sql);
  };
  const heal = (): void => {
    prototype.prepare = old;
  };
  undo.push(heal);
  return heal;
}

const ORPHANS = /chat_id IS NULL AND created_at/;
const UNOPENED = /opened_at IS NULL AND created_at/;

describe("an upload that no message takes up", () => {
  it.each([
    ["one second", SECOND, SWEEP.orphanMs + 10 * SECOND],
    ["half an hour", 1_800 * SECOND, 3 * SWEEP.orphanMs],
  ])("is gone in the end where it took %s", async (_, ms, end) => {
    const [ann] = await people("ann");
    await slowly(ann, ms);
    const id = await uploaded(ann);
    expect(await isThere(id)).toBe(true);
    await timeGoesBy(ann.id, end);
    expect(await isThere(id)).toBe(false);
  });

  it("is gone in the end where it came while others were cleared up", async () => {
    const [ann] = await people("ann");
    const first = await uploaded(ann);
    let second: string | undefined;
    const remove = env.FILES.delete.bind(env.FILES);
    undo.push(() => Reflect.deleteProperty(env.FILES, "delete"));
    env.FILES.delete = async (keys) => {
      second ??= await uploaded(ann);
      return remove(keys);
    };
    await timeGoesBy(ann.id, SWEEP.orphanMs + 10 * SECOND);
    expect(await isThere(first)).toBe(false);
    expect(await isThere(second ?? "")).toBe(true);
    await timeGoesBy(ann.id, SWEEP.orphanMs + 10 * SECOND);
    expect(await isThere(second ?? "")).toBe(false);
  });

  it.each(["a day", "the account's end"])("is gone after %s with five hundred others", async (when) => {
    const ann = await person("ann");
    await inboxStub(env, ann.id).sweepLater("files");
    const about = { name: "file", size: 1, mime: "text/plain", width: null, height: null, chatId: null };
    const records = Array.from({ length: 501 }, () => ({
      ...about,
      id: crypto.randomUUID(),
      appId: appId(1),
      userId: ann.id,
      createdAt: Date.now(),
    }));
    for (let at = 0; at < records.length; at += 100)
      await Promise.all(records.slice(at, at + 100).map((record) => directory.attachments.add(record)));
    if (when === "a day") await timeGoesBy(ann.id, SWEEP.orphanMs + 10 * SECOND);
    else expect((await ann.delete("/v1/me")).status).toBe(204);
    await soon(async () => expect(await directory.attachments.orphans(ann.id, Date.now() + 1)).toEqual([]));
  });
});

describe("a chat whose making was cut off", () => {
  it.each([
    ["one second", SECOND, SWEEP.creationMs + 10 * SECOND],
    ["half a minute", 30 * SECOND, 3 * SWEEP.creationMs],
  ])("is finished in the end where it took %s to get there", async (_, ms, end) => {
    const [ann, bob] = await people("ann", "bob");
    await slowly(ann, ms);
    const id = await halfMade(ann, bob);
    await timeGoesBy(ann.id, end);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([id]);
  });

  it("is finished in the end where it could not be opened at first", async () => {
    const [ann, bob] = await people("ann", "bob");
    const id = await halfMade(ann, bob);
    // Its object can't read it from the directory.
    const heal = failing(/FROM chats WHERE id = /);
    await timeGoesBy(ann.id, SWEEP.creationMs + 10 * SECOND);
    heal();
    await timeGoesBy(ann.id, SWEEP.creationMs);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([id]);
  });
});

describe("work of a user that fails again and again", () => {
  it("keeps no other work from its turn", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const { id: chat } = await ann.direct(bob);
    await ann.say(chat, "hello");
    const upload = await uploaded(ann);
    await halfMade(ann, eve);
    const heal = await patch("CHAT", `chat:${chat}`, ["personChanged"], () => () => {
      throw new Error("out of reach");
    });
    undo.push(heal);
    await ann.patch("/v1/me", { name: "Ann B." });
    failing(UNOPENED);
    later(SWEEP.orphanMs + 10 * SECOND);
    await timeGoesBy(ann.id, 3 * SECOND);
    expect(await isThere(upload)).toBe(false);
    heal();
    await timeGoesBy(ann.id, 10 * SECOND);
    expect(await listed(eve)).toEqual([]);
    await soon(async () => {
      expect((await bob.get("/v1/chats")).body.items[0].last_message.user.name).toBe("Ann B.");
    });
  });

  it("is done once it can be, whatever else fails", async () => {
    const [ann, bob] = await people("ann", "bob");
    const id = await halfMade(ann, bob);
    const upload = await uploaded(ann);
    const heal = failing(ORPHANS);
    later(SWEEP.orphanMs + 10 * SECOND);
    await timeGoesBy(ann.id, 5 * SECOND);
    expect(await isThere(upload)).toBe(true);
    heal();
    await timeGoesBy(ann.id, 60 * SECOND);
    expect(await isThere(upload)).toBe(false);
    for (const who of [ann, bob]) await expect.poll(() => listed(who)).toEqual([id]);
  });
});
