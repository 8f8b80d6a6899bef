/** When each session is to be pinged or given up, and when the object has to wake for it. Knows times; sends nothing. */

import type { Settings } from "../settings.ts";
import type { Session } from "./session.ts";

export type Beat = "nothing" | "ping" | "gone";

type Times = Pick<Settings, "version" | "pingInterval" | "pingTimeout" | "pingSlack" | "upgradeTimeout">;

/** In version 3 the client pings, and the runtime may have answered without us. */
function answeredAt({ reach }: Session, { version }: Times): number | null {
  return version === 3 && reach.on === "websocket" ? reach.wire.answeredAt() : null;
}

function heardAt(session: Session, times: Times): number {
  const answered = answeredAt(session, times);
  return answered === null || answered === session.answeredBefore
    ? session.heardAt
    : Math.max(session.heardAt, answered);
}

/** The latest time that `session` bears. */
export function latestOf(session: Session, times: Times): number {
  const probe = session.reach.on === "polling" ? session.reach.probe : null;
  return Math.max(heardAt(session, times), session.pingedAt, probe?.since ?? 0);
}

/**
 * The clock has jumped, or nobody was asked when they should have been: the times of `session` say nothing any more. It
 * is to be pinged at once, or to answer its ping or to ping from `now` on.
 */
export function countAnew(session: Session, times: Times, now: number): void {
  const { isAwaited, reach } = session;
  session.heardAt = times.version === 4 ? now - times.pingInterval : now;
  session.pingedAt = isAwaited ? now : session.heardAt;
  session.answeredBefore = answeredAt(session, times);
  if (reach.on === "polling" && reach.probe !== null) reach.probe.since = now;
}

/** After this instant the session counts as gone. */
export function deadlineOf(session: Session, times: Times): number {
  const ping = heardAt(session, times) + times.pingInterval;
  return (session.isAwaited ? Math.min(session.pingedAt, ping) : ping) + times.pingTimeout;
}

/** What is to be done about `session` now. Pings that would soon be due go along with those that are. */
export function beatOf(session: Session, times: Times, now: number): Beat {
  if (now >= deadlineOf(session, times)) return "gone";
  if (times.version === 3 || session.isAwaited || !session.isOpen) return "nothing";
  return session.heardAt + times.pingInterval <= now + times.pingSlack ? "ping" : "nothing";
}

/** When something is to be done about `session` next. */
export function nextBeat(session: Session, times: Times): number {
  const isPinged = times.version === 4 && !session.isAwaited && session.isOpen;
  const beat = isPinged ? session.heardAt + times.pingInterval : deadlineOf(session, times);
  const probe = session.reach.on === "polling" ? session.reach.probe : null;
  return probe === null ? beat : Math.min(beat, probe.since + times.upgradeTimeout);
}
