// Who cannot be told that somebody has come or gone is told a moment later.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DELIVERY } from "../../src/core/limits.ts";
import type { Push } from "../../src/objects/rpc.ts";
import { timeGoesBy } from "../support/alarms.ts";
import { replace } from "../support/failures.ts";
import { patch } from "../support/meter.ts";
import type { Person } from "../support/people.ts";
import { again, people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.useRealTimers();
});

const inbox = (who: Person) => env.INBOX.getByName(`user:${who.id}`);

/** Gateways can't be told of presence, until `heal` is called. */
async function deafToPresence(): Promise<{ heal: () => void; tries: () => number }> {
  let tries = 0;
  const heal = await patch("GATEWAY", "native/local/0", ["deliver"], (old) => {
    return function (this: unknown, ...args: unknown[]) {
      const [pushes] = args as [readonly Push[]];
      if (!pushes.some(({ events }) => events.some(({ event }) => event.type === "presence")))
        return old.apply(this, args);
      tries++;
      throw new Error("out of reach");
    };
  });
  undo.push(heal);
  return { heal, tries: () => tries };
}

/** The Lobby can't be told who is online, until `heal` is called. */
async function lostLobby(): Promise<{ heal: () => void; tries: () => number }> {
  let tries = 0;
  const heal = await replace("LOBBY", "app:1", "setOnline", () => {
    tries++;
    throw new Error("out of reach");
  });
  undo.push(heal);
  return { heal, tries: () => tries };
}

describe("somebody who comes and goes", () => {
  const isOnline = async (by: Person, who: Person): Promise<boolean> =>
    (await by.get(`/v1/users?q=${who.username}`)).body.items[0].online;

  it("is online for who searches, and offline again, where the Lobby could not be told at once", async () => {
    const [ann, bob] = await people("ann", "bob");
    for (const online of [true, false]) {
      const { heal, tries } = await lostLobby();
      const back = await again(bob);
      if (online) await bob.socket();
      else await bob.post("/v1/auth/logout?everywhere=1");
      await expect.poll(tries).toBe(1);
      expect(await isOnline(ann, bob)).toBe(!online);
      heal();
      expect(await runDurableObjectAlarm(inbox(back))).toBe(true);
      await expect.poll(() => isOnline(ann, bob)).toBe(online);
    }
  });

  it("is seen by who watches, where their Gateway could not be told at once, and by nobody twice", async () => {
    const [ann, bob] = await people("ann", "bob");
    const a = await ann.socket();
    await a.do("presence.watch", { user_id: bob.id });
    const { heal, tries } = await deafToPresence();
    const b = await bob.socket();
    await expect.poll(tries).toBe(1);
    heal();
    await runDurableObjectAlarm(inbox(bob));
    await a.event("presence", (event) => event.online);
    // And now the Lobby: who watches has been told already.
    const lobby = await lostLobby();
    await bob.post("/v1/auth/logout");
    await a.event("presence", (event) => !event.online);
    await expect.poll(lobby.tries).toBe(1);
    lobby.heal();
    await runDurableObjectAlarm(inbox(bob));
    expect(await isOnline(ann, bob)).toBe(false);
    expect(a.events.filter((event) => event.event === "presence")).toHaveLength(2);
    b.close();
    a.close();
  });

  it("costs less and less where they can't be told for long, and nothing once they are", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { heal, tries } = await lostLobby();
    await bob.socket();
    await expect.poll(tries).toBe(1);
    await timeGoesBy(bob.id, 10 * DELIVERY.retryMaxMs);
    expect(tries()).toBeLessThan(20);
    heal();
    await timeGoesBy(bob.id, 2 * DELIVERY.retryMaxMs);
    vi.useRealTimers();
    expect(await isOnline(ann, bob)).toBe(true);
    const due = await runInDurableObject(inbox(bob), (_, { storage }) => storage.getAlarm());
    expect(due).toBeGreaterThan(Date.now() + 2 * DELIVERY.retryMaxMs);
  });
});
