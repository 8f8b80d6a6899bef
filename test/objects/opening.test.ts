// While a connection is being opened the world goes on: what ends it meanwhile ends it, and who asks for it finds it.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { Kind } from "../support/meter.ts";
import { patch } from "../support/meter.ts";
import type { Person } from "../support/people.ts";
import { knock, people, Socket } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

interface InboxObject {
  readonly ctx: DurableObjectState;
  endSessions(tokenId: string | null, expiresAt: number): Promise<void>;
  online(): Promise<boolean>;
}

/** Does `meanwhile` in between: the Inbox of `who` has entered the connection, and whoever opens it does not know yet. */
async function whileOpening(who: Person, meanwhile: (inbox: InboxObject) => Promise<unknown>): Promise<void> {
  const name = `user:${who.id}`;
  undo.push(
    await patch("INBOX", name, ["addConnection"], (old) => {
      return async function (this: InboxObject, ...args: unknown[]) {
        const stands = await old.apply(this, args);
        if (this.ctx.id.name === name) await meanwhile(this);
        return stands;
      };
    }),
  );
}

/** `done` resolves once `method` was called on an object of this kind. */
async function calls(kind: Kind, name: string, method: string): Promise<{ done: Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  undo.push(
    await patch(kind, name, [method], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        const result = await old.apply(this, args);
        resolve();
        return result;
      };
    }),
  );
  return { done: promise };
}

const ask = (who: Person, path: string): Promise<Response> =>
  knock(path, { "sec-websocket-protocol": `parlance.v1, bearer.${who.token}` });

/** The connections that the Inbox of `who` believes in. */
const entered = (who: Person): Promise<unknown[]> =>
  runInDurableObject(env.INBOX.getByName(`user:${who.id}`), (_, { storage }) =>
    storage.sql.exec("SELECT id FROM connections").toArray(),
  );

describe("a connection that is being opened", () => {
  it.each(["all chats", "one chat"])("for %s does not stand when its token ends meanwhile", async (kind) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [path, closing] =
      kind === "one chat"
        ? [`/v1/chats/${chat.id}/socket`, await calls("CHAT", `chat:${chat.id}`, "closeSockets")]
        : ["/v1/socket", await calls("GATEWAY", "native/local/0", "closeConnections")];
    await whileOpening(ann, async (inbox) => {
      await inbox.endSessions(null, 0);
      await closing.done;
    });
    const response = await ask(ann, path);
    expect([response.status, response.webSocket]).toEqual([401, null]);
    await expect.poll(() => entered(ann)).toEqual([]);
  });

  it.each(["all chats", "one chat"])("for %s counts as open where somebody asks whether it is", async (kind) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await whileOpening(ann, async (inbox) => {
      expect(await inbox.online()).toBe(true);
    });
    const response = await ask(ann, kind === "one chat" ? `/v1/chats/${chat.id}/socket` : "/v1/socket");
    if (response.webSocket === null) throw new Error("refused");
    const socket = new Socket(response.webSocket);
    expect(await entered(ann)).toHaveLength(1);
    await bob.say(chat.id, "heard");
    await socket.event("message.created");
    socket.close();
  });

  it("on a chat is noted there once for each token that opens them, and goes with the last one's end", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const noted = (): Promise<unknown[]> =>
      runInDurableObject(env.CHAT.getByName(`chat:${chat.id}`), (_, { storage }) =>
        storage.sql.exec("SELECT connection FROM sockets").toArray(),
      );
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? ann : bob).socket(chat.id)));
    expect(await noted()).toHaveLength(2);
    for (const socket of sockets.splice(0, 18)) socket.close();
    await expect.poll(() => sockets.every(({ closed }) => closed === undefined)).toBe(true);
    expect(await noted()).toHaveLength(2);
    for (const socket of sockets) socket.close();
    await expect.poll(noted).toEqual([]);
    await expect.poll(() => entered(ann)).toEqual([]);
  });

  it("on a chat is refused, and forgotten, when its user is removed meanwhile", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Without bob", bob);
    await whileOpening(bob, () => ann.delete(`/v1/chats/${chat.id}/members/${bob.id}`));
    const response = await ask(bob, `/v1/chats/${chat.id}/socket`);
    expect([response.status, response.webSocket]).toEqual([403, null]);
    await expect.poll(() => entered(bob)).toEqual([]);
  });

  it("on a chat is refused, and forgotten, when the chat is erased meanwhile", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await whileOpening(bob, async () => {
      expect((await ann.delete(`/v1/chats/${chat.id}`)).status).toBe(204);
      for (let round = 0; round < 20 && (await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat.id}`))); round++);
    });
    const response = await ask(bob, `/v1/chats/${chat.id}/socket`);
    expect([response.status, response.webSocket]).toEqual([404, null]);
    await expect.poll(() => entered(bob)).toEqual([]);
  });
});
