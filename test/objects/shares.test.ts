// Connections of one user by one token share what their Inbox knows of them, and nobody can tell: each hears what is theirs, once.

import { evictAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GATEWAY } from "../../src/core/limits.ts";
import type { InboxCalls } from "../../src/objects/rpc.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { countCalls, patch } from "../support/meter.ts";
import { closeAll, inboxOf, gatewayOf, known, noted } from "../support/entries.ts";
import { silence } from "../support/patience.ts";
import type { Person, Socket } from "../support/people.ts";
import { knock, people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function sockets(who: Person, count: number): Promise<Socket[]> {
  const all: Socket[] = [];
  while (all.length < count) all.push(await who.socket());
  return all;
}

/** The first call of this method on any Gateway fails; how many calls there were. */
async function failFirst(method: string): Promise<() => number> {
  let count = 0;
  undo.push(
    await patch("GATEWAY", "native/local/0", [method], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        if (count++ === 0) throw new Error("cut off for a while");
        return old.apply(this, args);
      };
    }),
  );
  return () => count;
}

describe("of one token's connections", () => {
  it("the Inbox is asked for the first, and once for all others", async () => {
    const [ann] = await people("ann");
    const { calls, stop } = await countCalls([["INBOX", `user:${ann.id}`]]);
    undo.push(stop);
    const all = await sockets(ann, 5);
    expect(calls.get("INBOX.addConnection")).toBe(2);
    expect(await known(ann)).toBe(2);
    expect(await noted(ann)).toBe(2);
    await closeAll(all);
    await expect.poll(() => known(ann)).toBe(0);
    expect(await noted(ann)).toBe(0);
  });

  it("those that open at the same moment ask together, and all stand", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const all = await Promise.all(Array.from({ length: 6 }, () => ann.socket()));
    await bob.say(chat.id, "hello");
    for (const socket of all) await socket.event("message.created");
    expect(await known(ann)).toBe(2);
  });

  it("the user is online until the last has gone, whichever that is", async () => {
    const [ann] = await people("ann");
    const [first, second, third] = (await sockets(ann, 3)) as [Socket, Socket, Socket];
    await closeAll([first]);
    await expect.poll(() => known(ann)).toBe(1);
    await closeAll([third]);
    expect(await inboxStub(env, ann.id).lastSeen()).toBe(null);
    expect(await known(ann)).toBe(1);
    await closeAll([second]);
    await expect.poll(() => inboxStub(env, ann.id).lastSeen()).not.toBe(null);
  });

  it("all are closed when the token ends, also after an eviction, and none comes in any more", async () => {
    const [ann] = await people("ann");
    const all = await sockets(ann, 4);
    await evictAllDurableObjects();
    all.push(await ann.socket());
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    await Promise.all(all.map((socket) => socket.until(() => socket.closed?.code === 1008, "the close")));
    const offered = { "sec-websocket-protocol": `parlance.v1, bearer.${ann.token}` };
    expect((await knock("/v1/socket", offered)).status).toBe(401);
    await expect.poll(() => noted(ann)).toBe(0);
  });

  it("one that is let in while the token ends is refused", async () => {
    const [ann] = await people("ann");
    await ann.socket();
    const { promise, resolve } = Promise.withResolvers<void>();
    let held = 0;
    undo.push(
      await patch("INBOX", `user:${ann.id}`, ["addConnection"], (old) => {
        return async function (this: unknown, ...args: unknown[]) {
          const result = await old.apply(this, args);
          held++;
          await promise;
          return result;
        };
      }),
    );
    const offered = { "sec-websocket-protocol": `parlance.v1, bearer.${ann.token}` };
    const coming = [knock("/v1/socket", offered), knock("/v1/socket", offered)];
    await expect.poll(() => held).toBe(1);
    expect((await ann.post("/v1/auth/logout")).status).toBe(204);
    resolve();
    for (const response of await Promise.all(coming)) expect(response.status).toBe(401);
    await expect.poll(() => noted(ann)).toBe(0);
    expect(await known(ann)).toBe(0);
  });

  it("those that the Inbox could not be asked for are refused, and the next asks anew", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const first = await ann.socket();
    const heal = await patch("INBOX", `user:${ann.id}`, ["addConnection"], () => async () => {
      throw new Error("cut off for a while");
    });
    undo.push(heal);
    await expect(ann.socket()).rejects.toThrow();
    heal();
    const second = await ann.socket();
    await bob.say(chat.id, "hello");
    for (const socket of [first, second]) await socket.event("message.created");
  });

  it("each is told whom it watches alone", async () => {
    const [ann, bob] = await people("ann", "bob");
    const all = (await sockets(ann, 3)) as [Socket, Socket, Socket];
    await all[1].do("presence.watch", { user_id: bob.id });
    await bob.socket();
    await all[1].event("presence");
    await silence(() => all[0].events.length + all[2].events.length);
    expect([...all[0].events, ...all[2].events].filter(({ event }) => event === "presence")).toEqual([]);
  });
});

describe("after the Gateway was evicted", () => {
  it("whoever comes asks the Inbox again, and those who stand go on", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const all = await sockets(ann, 3);
    await evictDurableObject(gatewayOf(ann));
    const { calls, stop } = await countCalls([["INBOX", `user:${ann.id}`]]);
    undo.push(stop);
    all.push(...(await sockets(ann, 2)));
    expect(calls.get("INBOX.addConnection")).toBe(1);
    expect(await known(ann)).toBe(2);
    await bob.say(chat.id, "hello");
    for (const socket of all) await socket.event("message.created");
  });
});

describe("where the Inbox has given them up", () => {
  it("the next that comes a minute later brings the others back with it", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const all = await sockets(ann, 3);
    await runInDurableObject(inboxOf(ann), async (instance: DurableObject & InboxCalls, { storage }) => {
      const ids = storage.sql.exec<{ id: string }>("SELECT id FROM connections").toArray();
      await instance.removeConnections(ids.map(({ id }) => id));
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + GATEWAY.trustMs + 1 });
    undo.push(() => vi.useRealTimers());
    const fourth = await ann.socket();
    await bob.say(chat.id, "hello");
    for (const socket of [...all.slice(1), fourth]) await socket.event("message.created");
  });

  it("and it can't be asked, those who stand are not let go", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const all = await sockets(ann, 3);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + GATEWAY.trustMs + 1 });
    undo.push(() => vi.useRealTimers());
    const heal = await patch("INBOX", `user:${ann.id}`, ["addConnection"], () => async () => {
      throw new Error("cut off for a while");
    });
    undo.push(heal);
    await expect(ann.socket()).rejects.toThrow();
    heal();
    await bob.say(chat.id, "hello");
    for (const socket of all) await socket.event("message.created");
    // Where the others are, and not on the next Gateway.
    await ann.socket();
    expect(await known(ann)).toBe(2);
  });
});

it("a Gateway that fails shuts nobody out", async () => {
  const [ann] = await people("ann");
  const calls = await failFirst("fetch");
  const socket = await ann.socket();
  expect(await socket.do("nonsense")).toMatchObject({ ok: false });
  expect(calls()).toBe(2);
});

it("a Gateway that fails when a token ends is told again", async () => {
  const [ann] = await people("ann");
  const all = await sockets(ann, 3);
  await failFirst("closeConnections");
  expect((await ann.post("/v1/auth/logout")).status).toBe(204);
  await Promise.all(all.map((socket) => socket.until(() => socket.closed?.code === 1008, "the close")));
});

it("a Gateway that can't be reached for long when a token ends is told by the alarm", async () => {
  const [ann] = await people("ann");
  const all = await sockets(ann, 3);
  let failures = 5;
  undo.push(
    await patch("GATEWAY", "native/local/0", ["closeConnections"], (old) => {
      return async function (this: unknown, ...args: unknown[]) {
        if (failures-- > 0) throw new Error("cut off for a while");
        return old.apply(this, args);
      };
    }),
  );
  expect((await ann.post("/v1/auth/logout")).status).toBe(204);
  await expect.poll(() => failures).toBeLessThanOrEqual(2);
  await expect
    .poll(async () => {
      await runDurableObjectAlarm(inboxOf(ann));
      return all.map((socket) => socket.closed?.code);
    })
    .toEqual([1008, 1008, 1008]);
  await expect.poll(() => runInDurableObject(inboxOf(ann), (_, { storage }) => storage.getAlarm())).toBeNull();
});
