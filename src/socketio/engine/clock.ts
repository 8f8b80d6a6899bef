/** The clock and the one alarm of an engine: tells where they can't be relied on. Knows times; knows no session. */

import type { Host } from "../ports.ts";

/** A clock may be set back by so much without a word: what waits for a time then comes as much later. */
const BACK_MS = 1_000;

/**
 * An alarm that has not gone off for so long never will, or the clock has jumped past it. (An object that ends itself
 * can lose the one that it has just set.)
 */
const OVERDUE_MS = 10_000;

export class Clock {
  readonly #host: Pick<Host, "now" | "wakeAt">;
  readonly #jumped: (now: number) => void;
  /** The latest time that was seen. */
  #latest = 0;
  #alarmAt = Infinity;

  /** `jumped` sets right what was to happen at a time, and asks for the alarm anew. */
  constructor(host: Pick<Host, "now" | "wakeAt">, jumped: (now: number) => void) {
    this.#host = host;
    this.#jumped = jumped;
  }

  /** The time (ms since 1970). Where it has jumped, or the alarm is overdue, `jumped` is called before it is given. */
  now(): number {
    const now = this.#host.now();
    if (now < this.#latest - BACK_MS || this.#alarmAt < now - OVERDUE_MS) {
      this.#latest = now;
      this.#alarmAt = Infinity;
      this.#jumped(now);
    }
    this.#latest = Math.max(this.#latest, now);
    return now;
  }

  /** It was as late as `at` in an earlier life of the object. */
  seen(at: number): void {
    this.#latest = Math.max(this.#latest, at);
  }

  /** Asks for the alarm at `at`, whatever it stood at; Infinity: for none. */
  setAlarm(at: number): void {
    this.#alarmAt = at;
    this.#host.wakeAt(at === Infinity ? null : at);
  }

  /** Something is to be done by `at`. */
  wakeBy(at: number): void {
    if (at < this.#alarmAt) this.setAlarm(at);
  }
}
