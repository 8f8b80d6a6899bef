/**
 * Whether a client that pings is still there. A connection that is lost without an end, as by a phone without a network, stands
 * for good as far as the runtime can tell. Knows times; knows no socket.
 */

import { GATEWAY } from "../../core/limits.ts";

export interface Heartbeat {
  /** The first ping that was seen, in ms since 1970. */
  readonly first: number;
  /** Looks in a row that have found no sign of the client. */
  readonly missed: number;
}

/**
 * What is known at a look. Looks are counted, not time: a clock that jumps, or a look that is late, ends nobody who answers.
 * @param before what was known at the last look @param pinged the last ping, in ms since 1970; null: never
 */
export function lookedAt(before: Heartbeat | undefined, pinged: number | null, now: number): Heartbeat | undefined {
  if (pinged === null) return undefined;
  if (before === undefined) return { first: pinged, missed: 0 };
  const isRecent = pinged > now - GATEWAY.sweepMs;
  const missed = isRecent || !pingsOn(before, pinged) ? 0 : before.missed + 1;
  return missed === before.missed ? before : { ...before, missed };
}

/** Whoever tries out a ping owes no other; who has sent them for longer than from one look to the next does. */
const pingsOn = ({ first }: Heartbeat, pinged: number): boolean => pinged - first >= GATEWAY.sweepMs;

export const isGone = ({ missed }: Heartbeat): boolean => missed >= GATEWAY.silentLooks;
