/**
 * Knows how times are said in the reader's own form.
 * Must not know what happened then.
 */

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "short" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const DAY_MS = 86_400_000;

/** Days between two instants, as calendars count them. */
function daysAgo(at: Date, now: Date): number {
  const midnight = (of: Date): number => Date.UTC(of.getFullYear(), of.getMonth(), of.getDate());
  return Math.round((midnight(now) - midnight(at)) / DAY_MS);
}

/** The time of today, the weekday of this week, the day of other days. */
export function shortTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const days = daysAgo(at, now);
  if (days <= 0) return time.format(at);
  if (days < 7) return weekday.format(at);
  return (at.getFullYear() === now.getFullYear() ? day : date).format(at);
}

export const timeOf = (iso: string): string => time.format(new Date(iso));
export const fullTime = (iso: string): string => full.format(new Date(iso));
export const dayKey = (iso: string): string => new Date(iso).toDateString();

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

export function dayOf(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const days = daysAgo(at, now);
  if (days >= 0 && days < 2) return capital(relative.format(-days, "day"));
  return (at.getFullYear() === now.getFullYear() ? longDay : longDate).format(at);
}

/** Such as `5 minutes ago`. */
export function ago(iso: string, now = Date.now()): string {
  const minutes = Math.max(1, Math.round((now - Date.parse(iso)) / 60_000));
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 1_440) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 1_440), "day");
}
