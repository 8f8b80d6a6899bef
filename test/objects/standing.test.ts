// The directory is asked for a token once while its user is online, and a token that has ended lets nobody in all the same.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PRESENCE } from "../../src/core/limits.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { patch } from "../support/meter.ts";
import type { Person, Socket } from "../support/people.ts";
import { again, knock, people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

/** Does `before` ahead of each look-up of a token, here and in every object; how many there were. */
function watchTokens(before: () => Promise<void> = async () => {}): () => number {
  const prototype = Object.getPrototypeOf(env.DB) as { prepare: (sql: string) => D1PreparedStatement };
  const old = prototype.prepare;
  let count = 0;
  prototype.prepare = function (this: unknown, sql: string) {
    const statement = old.call(this, sql);
    if (!sql.includes("FROM tokens JOIN users")) return statement;
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      const bound = bind(...values);
      const first = bound.first.bind(bound);
      bound.first = async () => {
        count++;
        const found = await first();
        await before();
        return found;
      };
      return bound;
    };
    return statement;
  };
  undo.push(() => {
    prototype.prepare = old;
  });
  return () => count;
}

const ask = (who: Person, path: string): Promise<Response> =>
  knock(path, { "sec-websocket-protocol": `parlance.v1, bearer.${who.token}` });

const closed = (socket: Socket): Promise<void> => socket.until(() => socket.closed !== undefined, "the close");

/** Fails the calls of `method` on the Inbox of `who` until the returned function is called. */
async function cutOff(who: Person, method: string): Promise<() => void> {
  const heal = await patch("INBOX", `user:${who.id}`, [method], () => async () => {
    throw new Error("cut off for a while");
  });
  undo.push(heal);
  return heal;
}

describe("the directory is asked for a token", () => {
  it("once for all connections of one who is online, and who is back in a moment", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const looks = watchTokens();
    const sockets = [await ann.socket(), await ann.socket(chat.id), await ann.socket(), await ann.socket(chat.id)];
    expect(looks()).toBe(1);
    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map(closed));
    const back = await ann.socket(chat.id);
    expect(looks()).toBe(1);
    back.close();
  });

  it("for each token of the user", async () => {
    const [ann] = await people("ann");
    const looks = watchTokens();
    await ann.socket();
    await (await again(ann)).socket();
    expect(looks()).toBe(2);
  });

  it("anew once they were offline", async () => {
    const [ann] = await people("ann");
    const looks = watchTokens();
    const socket = await ann.socket();
    socket.close();
    const inbox = env.INBOX.getByName(`user:${ann.id}`);
    const open = (_: unknown, { storage }: DurableObjectState): number =>
      storage.sql.exec("SELECT id FROM connections").toArray().length;
    await expect.poll(() => runInDurableObject(inbox, open)).toBe(0);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + PRESENCE.graceMs + 1_000 });
    await runDurableObjectAlarm(inbox);
    expect(await inboxStub(env, ann.id).online()).toBe(false);
    await ann.socket();
    expect(looks()).toBe(2);
  });
});

describe("a token that has ended lets nobody in", () => {
  it.each(["this one", "all"])("by logging out of %s while other connections of it are known", async (which) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await ann.socket();
    await ann.socket(chat.id);
    expect((await ann.post(`/v1/auth/logout${which === "all" ? "?everywhere=1" : ""}`)).status).toBe(204);
    for (const path of ["/v1/socket", `/v1/chats/${chat.id}/socket`]) expect((await ask(ann, path)).status).toBe(401);
  });

  it("and hears nothing of whether there is such a chat, and who is in it", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.direct(bob);
    expect((await ask(eve, `/v1/chats/${chat.id}/socket`)).status).toBe(403);
    await eve.post("/v1/auth/logout");
    expect((await ask(eve, `/v1/chats/${chat.id}/socket`)).status).toBe(401);
    expect((await ask(eve, "/v1/chats/98765/socket")).status).toBe(401);
  });

  it("where it ends by the end of all of them while the directory is asked", async () => {
    const [ann] = await people("ann");
    // The answer is from before the end, and comes after it.
    let ends = 1;
    const looks = watchTokens(async () => {
      if (ends-- > 0) await inboxStub(env, ann.id).endAllSessions();
    });
    expect((await ask(ann, "/v1/socket")).status).toBe(401);
    expect(looks()).toBeGreaterThan(1);
  });

  it("and where the Inbox could not be told, it has not ended: it can be ended once more", async () => {
    const [ann] = await people("ann");
    const socket = await ann.socket();
    const heal = await cutOff(ann, "endSessions");
    expect((await ann.post("/v1/auth/logout")).status).toBe(500);
    heal();
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    await closed(socket);
    expect((await ask(ann, "/v1/socket")).status).toBe(401);
  });
});
