// Sockets live as long as their token; presence says who is there.

import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { appId } from "../../src/core/ids.ts";
import { PRESENCE } from "../../src/core/limits.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { countCalls } from "../support/meter.ts";
import type { Socket } from "../support/people.ts";
import { people, Person } from "../support/people.ts";

afterEach(() => {
  vi.useRealTimers();
});

const inbox = (who: Person) => env.INBOX.getByName(`user:${who.id}`);

function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

/** The same person in another session, for `ms`. */
async function session(who: Person, ms: number): Promise<{ self: Person; tokenId: string; expiresAt: number }> {
  const tokenId = crypto.randomUUID();
  const expiresAt = Math.ceil((Date.now() + ms) / 1_000) * 1_000;
  const one = { appId: appId(1), userId: who.id, tokenId, expiresAt };
  await storesOf(env).directory.tokens.add(one);
  const token = await createTokenSigner(env.TOKEN_SECRET ?? "").sign(one);
  return { self: new Person(who.id, who.username, token), tokenId, expiresAt };
}

async function pair(): Promise<[Person, Person]> {
  const [ann, bob] = await people("ann", "bob");
  if (ann === undefined || bob === undefined) throw new Error("no people");
  return [ann, bob];
}

const closed = (socket: Socket): Promise<void> => socket.until(() => socket.closed !== undefined, "the close");

describe("the end of a token", () => {
  it("by logout closes every socket that it opened, at once, and no other of the user's", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const { self: phone } = await session(ann, 3_600_000);
    const [a, aHere] = [await ann.socket(), await ann.socket(chat.id)];
    const [p, pHere] = [await phone.socket(), await phone.socket(chat.id)];
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    for (const socket of [a, aHere]) {
      await closed(socket);
      expect(socket.closed?.code).toBe(1008);
    }
    expect((await ann.get("/v1/me")).status).toBe(401);
    await bob.say(chat.id, "to the phone");
    await Promise.all([p.event("message.created"), pHere.event("message.created")]);
    expect([p.closed, pHere.closed]).toEqual([undefined, undefined]);
  });

  it("closes all sockets that it opened on one chat, of which the Inbox was told once, and of their end with the last", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const first = await ann.socket(chat.id);
    const { calls, stop } = await countCalls([["INBOX", `user:${ann.id}`]]);
    const more = [await ann.socket(chat.id), await ann.socket(chat.id)];
    first.close();
    await closed(first);
    const [second, third] = more as [Socket, Socket];
    second.close();
    await closed(second);
    expect(calls.get("INBOX.addConnection")).toBeUndefined();
    expect(calls.get("INBOX.removeConnections")).toBeUndefined();
    expect((await bob.get(`/v1/users/${ann.id}`)).body.online).toBe(true);
    // One that opens while the last one closes stands, too.
    third.close();
    const fourth = await ann.socket(chat.id);
    await closed(third);
    const fifth = await ann.socket(chat.id);
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    for (const socket of [fourth, fifth]) {
      await closed(socket);
      expect(socket.closed?.code).toBe(1008);
    }
    await expect.poll(() => calls.get("INBOX.removeConnections") ?? 0).toBeGreaterThan(0);
    stop();
  });

  it("by its date closes them too, and nothing that was asked meanwhile is done", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const { self } = await session(ann, 60_000);
    const [all, here] = [await self.socket(), await self.socket(chat.id)];
    later(61_000);
    all.send(JSON.stringify({ id: 1, do: "message.send", chat_id: chat.id, text: "too late" }));
    await closed(all);
    await runDurableObjectAlarm(inbox(ann));
    await closed(here);
    expect([all.closed?.code, here.closed?.code]).toEqual([1008, 1008]);
    expect((await bob.get(`/v1/chats/${chat.id}/messages`)).body.items).toEqual([]);
  });

  it("while a connection is being opened does not let it stand", async () => {
    const [ann] = await pair();
    const { tokenId, expiresAt } = await session(ann, 60_000);
    await inboxStub(env, ann.id).endSessions(tokenId, expiresAt);
    const info = { id: "native/local/0#late", tokenId, expiresAt, graceMs: 0 };
    const actor = { appId: appId(1), userId: ann.id };
    expect(await inboxStub(env, ann.id).addConnection(actor, ann.username, info)).toBeNull();
    expect(await inboxStub(env, ann.id).addConnection(actor, null, info)).toBeNull();
    expect(await inboxStub(env, ann.id).online()).toBe(false);
  });

  it("by deletion of the account closes all, and the account is gone from every chat", async () => {
    const [ann, bob] = await pair();
    const group = await ann.group("Left behind", bob);
    await bob.say(group.id, "from bob");
    const b = await bob.socket();
    expect((await bob.delete("/v1/me")).status).toBe(204);
    await closed(b);
    await expect.poll(async () => (await ann.get(`/v1/chats/${group.id}`)).body.members.length).toBe(1);
    const { body } = await ann.get(`/v1/chats/${group.id}/messages`);
    expect(body.items[0]).toMatchObject({ text: "from bob", user: { id: bob.id, username: `deleted:${bob.id}` } });
  });
});

describe("presence", () => {
  it("is told to who watches: online with the first connection, offline a while after the last", async () => {
    const [ann, bob] = await pair();
    const a = await ann.socket();
    expect(await a.do("presence.watch", { user_id: bob.id })).toMatchObject({ ok: true, online: false });
    const b = await bob.socket();
    expect(await a.event("presence")).toEqual({ event: "presence", user_id: bob.id, online: true });
    const second = await bob.socket();
    b.close();
    second.close();
    await expect.poll(async () => (await ann.get(`/v1/users?q=${bob.username}`)).body.items[0].online).toBe(true);
    // Back within the grace: nobody notices.
    const third = await bob.socket();
    later(PRESENCE.graceMs + 1_000);
    await runDurableObjectAlarm(inbox(bob));
    expect(a.events.filter((event) => event.event === "presence")).toHaveLength(1);
    third.close();
    await expect
      .poll(async () => {
        later(PRESENCE.graceMs + 1_000);
        await runDurableObjectAlarm(inbox(bob));
        return a.events.filter((event) => event.event === "presence").map((event) => event.online);
      })
      .toEqual([true, false]);
    expect((await ann.get(`/v1/users?q=${bob.username}`)).body.items[0].online).toBe(false);
    await a.do("presence.unwatch", { user_id: bob.id });
    await bob.socket();
    await a.do("presence.watch", { user_id: ann.id });
    expect(a.events.filter((event) => event.event === "presence")).toHaveLength(2);
  });

  it("does not believe in connections that a crash left behind", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    await bob.socket();
    await bob.socket(chat.id);
    await abortAllDurableObjects();
    const a = await ann.socket();
    // The grace of a reconnect is granted once the loss is noticed.
    await a.do("presence.watch", { user_id: bob.id });
    later(PRESENCE.graceMs + 1_000);
    await runDurableObjectAlarm(inbox(bob));
    expect(await a.event("presence")).toMatchObject({ user_id: bob.id, online: false });
  });
});
