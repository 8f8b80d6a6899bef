/**
 * A bucket of tries under a name that may be guessed at. Knows how many are gone and how they come back; knows
 * nothing of what is tried, nor of whose name it is.
 *
 * It speaks through itty-durable, which makes every method reachable by URL: no request of a user is ever passed on
 * to it. Methods are synchronous, so that calls that come together can't all see the same bucket. There is no alarm:
 * time is reckoned when somebody asks.
 */

import { createDurable } from "itty-durable";

export class Throttle extends createDurable() {
  declare readonly state: DurableObjectState;
  /** Tries that are gone; 0 is a full bucket. With `updatedAt` all that is stored. */
  taken = 0;
  /** Since when the next try is on its way back, milliseconds since 1970. */
  updatedAt = 0;

  constructor(state: DurableObjectState) {
    // Without the bindings: itty-durable would copy them, the secrets too, on to the object's state.
    super(state, {});
  }

  /**
   * Takes a try out of a bucket that holds `burst` and gains one each `refillMs`.
   * @returns 0, or the milliseconds until there is one to take
   */
  take(burst: number, refillMs: number): number {
    const now = Date.now();
    if (this.updatedAt > now) {
      // The clock went back: nobody waits for it to catch up.
      this.updatedAt = now;
      void this.persist();
    }
    const gained = Math.min(this.taken, Math.floor((now - this.updatedAt) / refillMs));
    const taken = this.taken - gained;
    const updatedAt = taken === 0 ? now : this.updatedAt + gained * refillMs;
    // Nothing else is written for a refusal: it would follow from what is there.
    if (taken >= burst) return updatedAt + refillMs - now;
    this.taken = taken + 1;
    this.updatedAt = updatedAt;
    void this.persist();
    return 0;
  }

  /** Gives one try back. */
  refund(): void {
    if (this.taken > 1) {
      this.taken--;
      void this.persist();
    } else {
      this.forget();
    }
  }

  /** The bucket is full again, and nothing is stored. */
  forget(): void {
    if (this.taken === 0) return;
    this.taken = 0;
    this.updatedAt = 0;
    // Held back until this is durable, as any answer after a write is.
    void this.state.storage.deleteAll();
  }
}
