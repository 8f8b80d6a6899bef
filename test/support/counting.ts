/**
 * Holds what an act costs against the figure in `test/cost/counts.ts`. The meter sees all objects, so that an alarm of
 * one that has nothing to do with it disturbs a count: it is then taken again. Knows no dialect.
 */

import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { TestContext } from "vitest";
import { expect, vi } from "vitest";
import { GATEWAY, PRESENCE } from "../../src/core/limits.ts";
import type { Count } from "../cost/counts.ts";
import { billOf } from "../cost/counts.ts";
import type { Bill } from "./bill.ts";
import { Meter } from "./bill.ts";
import type { Person } from "./people.ts";
import type { Voice } from "./voices.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What was counted, for `npm run cost -- --count`. */
    counted?: Count;
  }
}

/** How often an act is done to come to the figure. */
const TRIES = 5;

const HOUR_MS = 3_600_000;

export interface Act {
  /** What has to be there before, which is not counted. */
  readonly prepare?: () => Promise<void>;
  readonly act: (meter: Meter) => Promise<void>;
}

async function taken({ prepare, act }: Act): Promise<[Bill, string]> {
  await prepare?.();
  const meter = await Meter.start();
  try {
    await act(meter);
    await meter.quiet();
  } finally {
    meter.stop();
  }
  return [meter.bill, meter.describe()];
}

/** Only what is not zero. */
const countOf = (bill: Bill): Count => Object.fromEntries(Object.entries(bill).filter(([, value]) => value !== 0));

const sizeOf = (bill: Bill): number => Object.values(bill).reduce((sum, value) => sum + value, 0);

/** What it came to most often; else the least, as what disturbs adds to it. */
function usual(all: readonly (readonly [Bill, string])[]): readonly [Bill, string] | undefined {
  const often = (bill: Bill): number => all.filter(([other]) => isSame(other, bill)).length;
  return all.toSorted(([one], [other]) => often(other) - often(one) || sizeOf(one) - sizeOf(other))[0];
}

/** Fails where the act doesn't come to the figure; what it came to is shown, and what that is made of. */
export async function expectCount({ task }: TestContext, figure: Count | undefined, act: Act): Promise<void> {
  const expected = billOf(figure ?? {});
  const all: (readonly [Bill, string])[] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    const [bill, made] = await taken(act);
    if (isSame(bill, expected)) {
      task.meta.counted = countOf(bill);
      return;
    }
    all.push([bill, made]);
  }
  const [bill, made] = usual(all) ?? [expected, ""];
  task.meta.counted = countOf(bill);
  expect(bill, made).toEqual(expected);
}

const isSame = (one: Bill, other: Bill): boolean =>
  (Object.keys(one) as (keyof Bill)[]).every((key) => one[key] === other[key]);

export const chatObject = (chat: number) => env.CHAT.getByName(`chat:${chat}`);

/** Does what is not counted, up to where everything is at rest. */
export async function atRest<Result>(work: (meter: Meter) => Promise<Result>): Promise<Result> {
  const meter = await Meter.start();
  try {
    const result = await work(meter);
    await meter.quiet();
    return result;
  } finally {
    meter.stop();
  }
}

export interface Connected {
  readonly person: Person;
  readonly voice: Voice;
}

/** Closes the only connections of these people and waits until others see them offline. */
export async function goOffline(all: readonly Connected[], meter: Meter): Promise<void> {
  const seen = all.filter(({ voice }) => voice.presence !== undefined);
  const before = meter.taken.get("INBOX.removeConnections") ?? 0;
  for (const { voice } of all) voice.close?.();
  await expect.poll(() => meter.taken.get("INBOX.removeConnections") ?? 0).toBe(before + seen.length);
  await meter.quiet();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + PRESENCE.graceMs });
  try {
    const graced = seen.filter(({ voice }) => voice.presence === "grace");
    await Promise.all(graced.map(({ person }) => runDurableObjectAlarm(env.INBOX.getByName(`user:${person.id}`))));
    await meter.quiet();
  } finally {
    vi.useRealTimers();
  }
}

/** The alarm of the chat's spell is armed, and doesn't go off while something is counted, however slow the machine is. */
export const holdAlarm = (chat: number): Promise<void> =>
  runInDurableObject(chatObject(chat), (_, { storage }) => storage.setAlarm(Date.now() + HOUR_MS));

/**
 * From now on connections that do not say whose they are fall to one Gateway after the other, beginning with this one, and
 * not by chance: on how many Gateways people are is part of what things cost.
 */
export function spreadFrom(first: number): void {
  let next = first;
  vi.spyOn(Math, "random").mockImplementation(() => (next++ % GATEWAY.spread) / GATEWAY.spread);
}
