// Sockets that outlast the deployment of the Worker for maintenance: nobody says anything by one.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { Chat, Gateway } from "../../src/maintenance.ts";
import { patch } from "../support/meter.ts";
import { people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

describe("a socket that stands when maintenance begins", () => {
  it.each(["its own socket", "/v1/socket"])("is closed by its first frame, which does nothing (%s)", async (way) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    const socket = await ann.socket(way === "/v1/socket" ? undefined : chat);
    const [place = ""] = await runInDurableObject(env.INBOX.getByName(`user:${ann.id}`), (_, { storage }) =>
      storage.sql
        .exec<{ id: string }>("SELECT id FROM connections")
        .toArray()
        .map(({ id }) => id.slice(0, id.lastIndexOf("#"))),
    );
    const [kind, maintained] = way === "/v1/socket" ? (["GATEWAY", Gateway] as const) : (["CHAT", Chat] as const);
    const { webSocketMessage } = maintained.prototype as { webSocketMessage: (...args: unknown[]) => unknown };
    undo.push(await patch(kind, place, ["webSocketMessage"], () => webSocketMessage));

    socket.send(JSON.stringify({ id: "c1", do: "message.send", chat_id: chat, text: "said too late" }));
    await socket.until(() => socket.closed !== undefined, "the close");
    expect(socket.closed?.code).toBe(1013);
    expect((await bob.get(`/v1/chats/${chat}/messages`)).body.items).toEqual([]);
  });
});
