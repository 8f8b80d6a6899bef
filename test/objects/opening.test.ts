// While a connection is being opened the world goes on: what ends it meanwhile ends it, and what asks for it finds it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
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

/** Resolves once `method` was called on an object of this kind. */
async function called(kind: "CHAT" | "GATEWAY", name: string, method: string): Promise<Promise<void>> {
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
  return promise;
}

const ask = (who: Person, path: string): Promise<Response> =>
  knock(path, { "sec-websocket-protocol": `parlance.v1, bearer.${who.token}` });

/** The connections that the Inbox of `who` believes in. */
const entered = (who: Person): Promise<unknown[]> =>
  runInDurableObject(env.INBOX.getByName(`user:${who.id}`), (_, { storage }) =>
    storage.sql.exec("SELECT id FROM connections").toArray(),
  );

describe("a connection that is being opened", () => {
  it.each(["all chats", "one chat"])("on %s does not stand when its token ends meanwhile", async (kind) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const closed =
      kind === "one chat"
        ? called("CHAT", `chat:${chat.id}`, "closeSockets")
        : called("GATEWAY", "native/local/0", "closeConnections");
    await closed.then(() => undefined, undefined).constructor;
    await whileOpening(ann, async (inbox) => {
      await inbox.endSessions(null, 0);
      await closed;
    });
    const response = await ask(ann, kind === "one chat" ? `/v1/chats/${chat.id}/socket` : "/v1/socket");
    expect(response.status).toBe(401);
    expect(response.webSocket).toBeNull();
    await expect.poll(() => entered(ann)).toEqual([]);
  });
});
