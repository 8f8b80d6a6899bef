/** When each session is to be pinged or given up, and when the object has to wake for it. Knows times; sends nothing. */

import type { Settings } from "../settings.ts";
import type { Session } from "./session.ts";

export type Beat = "nothing" | "ping" | "gone";

type Times = Pick<Settings, "version" | "pingInterval" | "pingTimeout" | "pingSlack" | "upgradeTimeout">;

/** In version 3 the client pings, and the runtime may have answered without us. */
function heardAt(session: Session, { version }: Times): number {
  if (version === 4 || session.reach.on !== "websocket") return session.heardAt;
  return Math.max(session.heardAt, session.reach.wire.answeredAt() ?? 0);
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
