/** Makes dollars of counts. Pure: knows how the platform bills, and what is assumed where nothing was counted. */

import type { Count } from "./counts.ts";
import { billOf } from "./counts.ts";
import { FRAMES_PER_REQUEST, OBJECT_GB, PLAN, PRICES } from "./prices.ts";

/** What no test counts. */
export const ASSUMED = {
  /** An object is active so long (ms) for a call, a frame or an alarm: the platform's own example. */
  activeMs: 10,
  /** The same for a frame that only answers a ping. */
  pongMs: 1,
  /** The Worker computes so long (ms) for a request. */
  cpuMs: 2,
  /** Rows of the directory that a statement reads: all of them find by a key. */
  rowsPerQuery: 2,
  /** A request to the Worker logs so many lines. */
  linesPerRequest: 1,
  /** Rows that a Lobby writes for the figures of a spell, where no other object hands over within the second. */
  figureRows: 1,
  /** Bytes that a text of a hundred characters takes in its chat. */
  textBytes: 300,
  daysPerMonth: 30,
  users: 10_000,
  textsPerDay: 40,
  /** Of these texts: how many come after a silence, and begin a spell. */
  alone: 0.25,
  /** Read receipts and notices of typing for each text. */
  reads: 0.5,
  typing: 1,
  connectionsPerDay: 10,
} as const;

export type Usage = Record<keyof typeof PRICES, number>;

const NOTHING = Object.fromEntries(Object.keys(PRICES).map((key) => [key, 0])) as Usage;

/** Billed requests to objects, in one of these. */
export const requestsOf = (count: Count): number => {
  const { calls, alarms, frames } = billOf(count);
  return calls + alarms + frames / FRAMES_PER_REQUEST;
};

/** What begins a spell, with what the figures of the spell cost. */
export const withFigures = (count: Count): Count => ({ ...count, rows: (count.rows ?? 0) + ASSUMED.figureRows });

/** What `times` of these take. `activeMs`: for how long each handler keeps its object active. */
export function usageOf(count: Count, times: number, activeMs: number = ASSUMED.activeMs): Usage {
  const bill = billOf(count);
  const handlers = bill.calls + bill.alarms + bill.frames;
  return {
    ...NOTHING,
    workerRequests: bill.requests * times,
    workerCpuMs: bill.requests * ASSUMED.cpuMs * times,
    objectRequests: requestsOf(count) * times,
    objectDuration: ((handlers * activeMs) / 1_000) * OBJECT_GB * times,
    objectRowsWritten: bill.rows * times,
    directoryRowsRead: bill.queries * ASSUMED.rowsPerQuery * times,
    directoryRowsWritten: bill.directoryRows * times,
    logLines: bill.requests * ASSUMED.linesPerRequest * times,
  };
}

export const sum = (...all: readonly Usage[]): Usage =>
  all.reduce((total, one) => {
    const keys = Object.keys(PRICES) as (keyof Usage)[];
    return Object.fromEntries(keys.map((key) => [key, total[key] + one[key]])) as Usage;
  }, NOTHING);

/** By list price, as if nothing were included in the plan: what one more costs. */
export function dollars(usage: Usage, of: readonly (keyof Usage)[] = Object.keys(PRICES) as (keyof Usage)[]): number {
  return of.reduce((total, key) => total + (usage[key] / 1e6) * PRICES[key].perMillion, 0);
}

/** A month's bill in which there is nothing else: the plan, and what goes past what it includes. */
export function monthly(usage: Usage): number {
  const keys = Object.keys(PRICES) as (keyof Usage)[];
  const past = keys.map((key) => [key, Math.max(0, usage[key] - PRICES[key].included)] as const);
  return PLAN + dollars(Object.fromEntries(past) as Usage);
}
