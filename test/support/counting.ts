/**
 * Holds what an act costs against the figure in `test/cost/counts.ts`. The meter sees all objects, so that an alarm of
 * one that has nothing to do with it disturbs a count: it is then taken again. Knows no dialect.
 */

import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { TestContext } from "vitest";
import { expect } from "vitest";
import { GATEWAY } from "../../src/core/limits.ts";
import type { Count } from "../cost/counts.ts";
import { billOf } from "../cost/counts.ts";
import type { Bill } from "./bill.ts";
import { Meter, UNCOUNTED } from "./bill.ts";
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

const sizeOf = ({ rows, calls, alarms, frames, queries }: Bill): number => rows + calls + alarms + frames + queries;

/** Only what is not zero, in the order of the figures. */
const written = (bill: Bill): Count =>
  Object.fromEntries(Object.entries(bill).filter(([, value]) => value !== 0)) as Count;

/** Fails where the act doesn't come to the figure; the least that it came to is shown, and what that is made of. */
export async function expectCount({ task }: TestContext, figure: Count | undefined, act: Act): Promise<void> {
  const expected = billOf(figure ?? {});
  let [least, made] = await taken(act);
  for (let tries = 1; tries < TRIES && !isSame(least, expected); tries++) {
    const [bill, parts] = await taken(act);
    if (isSame(bill, expected) || sizeOf(bill) < sizeOf(least)) [least, made] = [bill, parts];
  }
  task.meta.counted = written(least);
  expect(least, made).toEqual(expected);
}

const isSame = (one: Bill, other: Bill): boolean =>
  (Object.keys(one) as (keyof Bill)[]).every((key) => one[key] === other[key]);

export const chatObject = (chat: number) => env.CHAT.getByName(`chat:${chat}`);

/** Closes the only connection of `person` and waits until others see them offline. */
export async function goOffline({ id }: Person, voice: Voice, meter: Meter): Promise<void> {
  const before = meter.taken.get("INBOX.removeConnections") ?? 0;
  voice.close?.();
  if (voice.presence === undefined) return;
  await expect.poll(() => meter.taken.get("INBOX.removeConnections") ?? 0).toBe(before + 1);
  await meter.quiet();
  if (voice.presence === "at once") return;
  const inbox = env.INBOX.getByName(`user:${id}`);
  await runInDurableObject(inbox, (_, { storage }) => {
    storage.sql.exec(`${UNCOUNTED} UPDATE meta SET value = '1' WHERE key = 'offline_at'`);
  });
  await runDurableObjectAlarm(inbox);
}

/** The Gateways of a dialect are there, so that it doesn't matter to which of them a connection falls. */
export async function makeGateways(dialect: string): Promise<void> {
  for (let n = 0; n < GATEWAY.spread; n++)
    await runInDurableObject(env.GATEWAY.getByName(`${dialect}/local/${n}`), () => undefined);
}
