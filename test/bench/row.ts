/** What a row of the table is: two sides that are measured in turns, and what their ratio has to be. Knows no load. */

import type { Load, Outcome, Voice } from "./load.ts";
import { run } from "./load.ts";
import type { Built, Parlance } from "./servers.ts";
import type { Subject } from "./workerd.ts";

/** The size of a run: CI's small one shows that everything works, and its figures say nothing. */
export interface Size {
  readonly isSmall: boolean;
  /** Of one measurement. */
  readonly seconds: number;
  /** So many of what is `full` in the full size. */
  readonly of: (full: number, small: number) => number;
}

export interface Stage {
  readonly built: Built;
  readonly baseline: Subject;
  readonly parlance: Parlance;
  /** The port of its inspector, where it is profiled. */
  readonly inspector: number | null;
  readonly size: Size;
}

export interface Figure {
  readonly value: number;
  /** Microseconds of the server's CPU for each question. Null: it says nothing here. */
  readonly cpu: number | null;
}

export interface Sides {
  /** What it is held against: the baseline, where the row does not say otherwise. */
  readonly first: () => Promise<Figure>;
  readonly second: () => Promise<Figure>;
  readonly end: () => Promise<void> | void;
}

export type Bound =
  | { readonly atLeast: number; /** Enough by itself, whatever the ratio. */ readonly orValue?: number }
  | { readonly atMost: number };

export interface Row {
  /** The name for `--only`. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly bound: Bound;
  readonly prepare: (stage: Stage) => Promise<Sides>;
}

/** Does `work` on a server that is at rest, and counts its CPU until it is at rest again. */
export async function metered(
  subject: Subject,
  work: () => Promise<Outcome>,
  value: (outcome: Outcome) => number,
): Promise<Figure> {
  await subject.quiet();
  const before = await subject.cpu();
  const outcome = await work();
  await subject.quiet();
  return { value: value(outcome), cpu: ((await subject.cpu()) - before) / outcome.count };
}

/** The same for questions on sockets. Those that have slept since the last round are woken first, which is not counted. */
export async function talk(
  subject: Subject,
  voices: readonly Voice[],
  load: Load,
  value: (outcome: Outcome) => number,
): Promise<Figure> {
  const askers = voices.filter((_, at) => load.asks(at) !== null).length;
  await run(voices, { ...load, seconds: Infinity, most: askers * load.inFlight });
  return metered(subject, () => run(voices, load), value);
}
