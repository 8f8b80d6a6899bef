/**
 * Those who could not be reached, be it an Inbox, the directory or the app's listeners: from where the log is to serve them, and
 * when that is tried again.
 */

import type { UserId } from "../../core/ids.ts";
import { DELIVERY } from "../../core/limits.ts";
import type { Heard } from "./lane.ts";

interface Lag {
  /** The clock up to which they have everything. */
  readonly from: number;
  readonly tries: number;
  /** When they are tried again: milliseconds since 1970. */
  readonly due: number;
  /** What was told directly before they lagged; not stored. */
  readonly heard?: Heard | undefined;
}

export class Lagging {
  readonly #sql: SqlStorage;
  readonly #lags = new Map<UserId, Lag>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const row of sql.exec<{ user_id: number; from_clock: number; tries: number; due: number }>(
      "SELECT * FROM lagging",
    )) {
      this.#lags.set(row.user_id as UserId, { from: row.from_clock, tries: row.tries, due: row.due });
    }
  }

  get size(): number {
    return this.#lags.size;
  }

  /** The people among them. */
  users(): UserId[] {
    return [...this.#lags.keys()].filter((user) => user > 0);
  }

  get(user: UserId): Lag | undefined {
    return this.#lags.get(user);
  }

  /** Another try has failed. Who lags already goes on lagging from where they were, and waits twice as long. */
  add(user: UserId, from: number, heard: Heard | undefined, now: number): void {
    const known = this.#lags.get(user);
    const tries = (known?.tries ?? 0) + 1;
    const wait = Math.min(DELIVERY.retryMs * 2 ** (tries - 1), DELIVERY.retryMaxMs);
    const lag: Lag = { from: known?.from ?? from, tries, due: now + wait, heard: known?.heard ?? heard };
    this.#sql.exec(
      `INSERT INTO lagging (user_id, from_clock, tries, due) VALUES (?, ?, ?, ?)
       ON CONFLICT (user_id) DO UPDATE SET tries = excluded.tries, due = excluded.due`,
      user,
      lag.from,
      lag.tries,
      lag.due,
    );
    this.#lags.set(user, lag);
  }

  remove(user: UserId): void {
    if (!this.#lags.delete(user)) return;
    this.#sql.exec("DELETE FROM lagging WHERE user_id = ?", user);
  }

  /** Those whose time has come. What is due later than anything can be was put off by a clock that has gone back since. */
  due(now: number): UserId[] {
    const isDue = ({ due }: Lag): boolean => due <= now || due > now + DELIVERY.retryMaxMs;
    return [...this.#lags].flatMap(([user, lag]) => (isDue(lag) ? [user] : []));
  }

  /** When the next of them is to be tried again; undefined where none lags. */
  nextDue(): number | undefined {
    let due: number | undefined;
    for (const lag of this.#lags.values()) due = Math.min(due ?? lag.due, lag.due);
    return due;
  }
}
