// A client of /v1/socket that pings, and is lost without an end, is taken for gone after a while; nobody else is.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { GATEWAY } from "../../src/core/limits.ts";
import { gatewayOf, known, noted } from "../support/entries.ts";
import type { Person, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

afterEach(() => void vi.useRealTimers());

/** So much later, as clocks say. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

/** The Gateway looks, as often as said, each time anew and a minute later. */
async function look(who: Person, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    await evictDurableObject(gatewayOf(who));
    later(GATEWAY.sweepMs + 1_000);
    await runDurableObjectAlarm(gatewayOf(who));
  }
}

async function pinged(socket: Socket): Promise<Socket> {
  socket.send("ping");
  await socket.until(() => socket.frames.includes("pong"), "the pong");
  return socket;
}

/** Their one connection pinged, as was seen at a look, and has gone on doing so for two minutes. */
async function pinging(who: Person): Promise<Socket> {
  const socket = await pinged(await who.socket());
  await runDurableObjectAlarm(gatewayOf(who));
  await runInDurableObject(gatewayOf(who), (_, ctx) => {
    for (const held of ctx.getWebSockets()) {
      const attached = held.deserializeAttachment() as { heartbeat: { first: number } };
      attached.heartbeat.first -= 2 * GATEWAY.sweepMs;
      held.serializeAttachment(attached);
    }
  });
  return socket;
}

it("is closed, and offline, once its pings have failed to come for three looks", async () => {
  const [ann] = await people("ann");
  const socket = await pinging(ann);
  await look(ann, GATEWAY.silentLooks - 1);
  expect(await known(ann)).toBe(1);
  expect(socket.closed).toBeUndefined();
  await look(ann);
  await socket.until(() => socket.closed !== undefined, "the close");
  expect(socket.closed).toMatchObject({ code: 1013 });
  await expect.poll(() => known(ann)).toBe(0);
  expect(await noted(ann)).toBe(0);
});

it("stands while it says anything else", async () => {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  const socket = await pinging(ann);
  for (let round = 0; round < GATEWAY.silentLooks; round++) {
    await look(ann, GATEWAY.silentLooks - 1);
    expect(await socket.do("typing", { chat_id: id, on: true })).toMatchObject({ ok: true });
  }
  expect(socket.closed).toBeUndefined();
  expect(await known(ann)).toBe(1);
  socket.close();
});

it("stands by its pings, also where the clock has jumped half an hour ahead", async () => {
  const [ann] = await people("ann");
  const socket = await pinging(ann);
  later(1_800_000);
  await look(ann, GATEWAY.silentLooks - 1);
  vi.useRealTimers();
  await pinged(socket);
  await runDurableObjectAlarm(gatewayOf(ann));
  await look(ann, GATEWAY.silentLooks - 1);
  expect(socket.closed).toBeUndefined();
  expect(await known(ann)).toBe(1);
  socket.close();
});

it("owes nothing where it never pinged, or once", async () => {
  const [ann] = await people("ann");
  const quiet = await ann.socket();
  const once = await pinged(await ann.socket());
  await look(ann, 2 * GATEWAY.silentLooks);
  expect([quiet.closed, once.closed]).toEqual([undefined, undefined]);
  expect(await noted(ann)).toBeGreaterThan(0);
  quiet.close();
  once.close();
});
