/**
 * What is on its way to one Inbox, to the directory or to the app's listeners: the events that wait, those of the call that
 * is under way, and how far it has them. Knows none of them and calls nobody.
 */

import { DELIVERY } from "../../core/limits.ts";
import type { Errand, Pending } from "./gateways.ts";

export interface Lane {
  events: Pending[];
  /** Those of the call that is under way. */
  current: readonly Pending[];
  /** The row goes with the next call. */
  row: boolean;
  /** Events are not in `events`, since nobody hears by the Inbox: where somebody does after all, the log has them. */
  isUntold: boolean;
  /** Everything up to here has arrived, and is written there. */
  floor: number;
  /** Everything up to here has been told there; it may still have to be written. */
  told: number;
  /** Serve from the log instead of from `events`. */
  replay: boolean;
  running: boolean;
  /** It is being asked how far it is written. */
  confirming: boolean;
  /** Ends the moment for which things are gathered. */
  hurry: (() => void) | undefined;
  /** Answers that wait until everything up to a clock has arrived. */
  waiting: { readonly clock: number; readonly go: () => void }[];
}

/** A lane in which nothing is under way. */
export const newLane = (floor: number, replaying: boolean): Lane => ({
  events: [],
  current: [],
  row: replaying,
  isUntold: false,
  floor,
  told: floor,
  replay: replaying,
  running: false,
  confirming: false,
  hurry: undefined,
  waiting: [],
});

/** Something is still to be brought, if not at once: it may have been gathered and not started yet. */
export const isWaiting = ({ replay: isReplay, row, events }: Lane): boolean => isReplay || row || events.length > 0;

/** Those that wait or are on their way, up to a clock. */
export const eventsUpTo = ({ current, events }: Lane, clock: number): Pending[] =>
  [...current, ...events].filter(({ told }) => told.clock <= clock);

/** The first of `events`, as many as go into one call; those of one clock stay together. */
export function portion(events: readonly Pending[]): Pending[] {
  let end = Math.min(events.length, DELIVERY.portion);
  while (end > 0 && end < events.length && events[end]?.told.clock === events[end - 1]?.told.clock) end++;
  return events.slice(0, end);
}

/** The first of `events`, as many as the same connections have heard. */
export function alike(events: readonly Pending[]): readonly Pending[] {
  const end = events.findIndex(({ at }) => !isSame(at, events[0]?.at ?? []));
  return end < 0 ? events : events.slice(0, end);
}

export const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((one) => b.includes(one)));

/** Connections hear it from the chat itself, as far as is known by now. */
export const isDirect = ({ at, lost }: Pending): boolean => at.length > 0 && lost.length === 0;

/** A connection that could not be told of it is still there. */
export const isMissed = ({ lost }: Pending, ears: readonly string[] | null): boolean =>
  lost.some((id) => ears?.includes(id) !== false);

export const errandsOf = (events: readonly Pending[]): Errand[] => [
  ...new Set(events.flatMap((one) => [...one.errands])),
];

/** Does `work` once all that goes with these has begun: right then, or at once. */
export function whenBegun<T>(events: readonly Pending[], work: () => Promise<T>): Promise<T> {
  const errands = errandsOf(events).filter(({ hasBegun }) => !hasBegun);
  if (errands.length === 0) return work();
  return new Promise((resolve, reject) => {
    let left = errands.length;
    const begun = (): void => {
      if (--left === 0) work().then(resolve, reject);
    };
    for (const errand of errands) errand.onBegin(begun);
  });
}

export const finished = (events: readonly Pending[]): Promise<unknown> =>
  Promise.all(errandsOf(events).map((one) => one.done));

/** Lets the answers go that waited for no more than what has arrived: everything up to the clock `upTo`. */
export function release(lane: Lane, upTo: number): void {
  for (const { clock, go } of lane.waiting) if (clock <= upTo) go();
  lane.waiting = lane.waiting.filter(({ clock }) => clock > upTo);
}

/** What was told directly: to these connections, up to this clock. */
export interface Heard {
  readonly at: readonly string[];
  readonly upTo: number;
}

/** Up to where these were told directly, or are as far as is known by now. */
export function heardOf(events: readonly Pending[]): Heard | undefined {
  const end = events.findIndex((one) => !isDirect(one));
  const last = (end < 0 ? events : events.slice(0, end)).at(-1);
  return last === undefined ? undefined : { at: last.at, upTo: last.told.clock };
}

/** Resolves once everything up to `clock` has arrived in the lane's Inbox, and soon in any case. */
async function arrived(lane: Lane, clock: number): Promise<void> {
  if (lane.told >= clock) return;
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, DELIVERY.inOrderMs);
    const go = (): void => {
      clearTimeout(late);
      resolve();
    };
    lane.waiting.push({ clock, go });
  });
}

/** The same, of what is brought at once though it was being gathered. */
export function hurried(lane: Lane, clock: number): Promise<void> {
  const done = arrived(lane, clock);
  lane.hurry?.();
  return done;
}

/** The moment for which things are gathered; `lane.hurry` ends it. */
export async function gathered(lane: Lane): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DELIVERY.quietMs);
    lane.hurry = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  lane.hurry = undefined;
}
