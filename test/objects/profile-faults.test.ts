// Who cannot be told that somebody is called something else now is told a moment later.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { timeGoesBy } from "../support/alarms.ts";
import { allArrived } from "../support/crowd.ts";
import { FAILURES, replace } from "../support/failures.ts";
import { soon } from "../support/patience.ts";
import type { Body, Person } from "../support/people.ts";
import { people, service } from "../support/people.ts";
import { appId } from "../../src/core/ids.ts";
import { personOf } from "../../src/core/people.ts";
import type { InboxCalls } from "../../src/objects/rpc.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

const inbox = (who: Person) => env.INBOX.getByName(`user:${who.id}`);

describe("a new name", () => {
  /** The name of who wrote last, in the lists of these chats that `who` has. */
  const names = async (who: Person): Promise<string[]> =>
    (await who.get("/v1/chats")).body.items.map((chat: Body) => chat.last_message.user.name);

  it.each(FAILURES)("reaches all chats, and the one that %s at first a moment later", async (_, fail) => {
    const [ann, bob] = await people("ann", "bob");
    const chats: number[] = [(await bob.direct(ann)).id];
    for (let n = 1; n < 20; n++) chats.push((await bob.group(`Group ${n}`, ann)).id);
    for (const chat of chats) await ann.say(chat, "hello");
    await expect.poll(async () => (await names(bob)).length).toBe(chats.length);
    const heal = await replace("CHAT", `chat:${chats[0]}`, "personChanged", fail);
    undo.push(heal);
    // It is stored, and will be told.
    expect((await ann.patch("/v1/me", { name: "Ann B." })).status).toBe(200);
    await soon(async () => {
      expect((await names(bob)).filter((name) => name === "Ann B.")).toHaveLength(chats.length - 1);
    });
    heal();
    expect(await runDurableObjectAlarm(inbox(ann))).toBe(true);
    await soon(async () => expect(new Set(await names(bob))).toEqual(new Set(["Ann B."])));
  });

  it("that comes behind a newer one changes nothing, nor does one that was read before and is added with somebody", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await bob.direct(ann);
    await ann.say(id, "hello");
    const { body: old } = await ann.get("/v1/me");
    await ann.patch("/v1/me", { name: "Ann B." });
    await soon(async () => expect(await names(bob)).toEqual(["Ann B."]));
    const record = await service().users.get(appId(1), ann.id);
    const before = { ...personOf(record), name: old.name, updatedAt: record.updatedAt - 1 };
    await (inbox(ann) as unknown as InboxCalls).profileChanged(before);
    await allArrived(id);
    expect(await names(bob)).toEqual(["Ann B."]);
    expect((await bob.get(`/v1/chats/${id}`)).body.members.map((one: Body) => one.user.name)).toContain("Ann B.");
  });

  it("that a chat could not be told does not come back once the account is gone", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await bob.direct(ann);
    await ann.say(id, "hello");
    const heal = await replace("CHAT", `chat:${id}`, "personChanged", () => {
      throw new Error("out of reach");
    });
    undo.push(heal);
    await ann.patch("/v1/me", { name: "Ann B." });
    expect((await ann.delete("/v1/me")).status).toBe(204);
    await soon(async () => expect(await names(bob)).toEqual(["Deleted user"]));
    heal();
    await timeGoesBy(ann.id, 60_000);
    vi.useRealTimers();
    await allArrived(id);
    expect(await names(bob)).toEqual(["Deleted user"]);
    const [message] = (await bob.get(`/v1/chats/${id}/messages`)).body.items;
    expect(message.user.name).toBe("Deleted user");
  });

  it("reaches a chat also where the Inbox dies on the way", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await bob.direct(ann);
    await ann.say(id, "hello");
    let asked = false;
    const answered = Promise.withResolvers<void>();
    const heal = await replace("CHAT", `chat:${id}`, "personChanged", async () => {
      asked = true;
      await answered.promise;
      throw new Error("out of reach");
    });
    undo.push(heal);
    const patched = ann.patch("/v1/me", { name: "Ann B." });
    await expect.poll(() => asked).toBe(true);
    await runInDurableObject(inbox(ann), (_, state) => state.abort("crashed")).catch(() => undefined);
    expect((await patched).status).toBe(500);
    answered.resolve();
    heal();
    expect(await runDurableObjectAlarm(inbox(ann))).toBe(true);
    await soon(async () => expect(await names(bob)).toEqual(["Ann B."]));
  });
});
