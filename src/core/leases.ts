/**
 * Tokens that stood a moment ago, by the word of the directory: a caller who asks for one thing after the other costs
 * one query. What is believed here can't be called back, so whoever ends a token waits until no isolate believes in it any
 * more (`leasesLapse`), and only then answers. Knows no directory and no signature.
 */

import { TOKEN } from "./limits.ts";
import type { Session } from "./people.ts";

/** So many are kept at a time; with more, those that have not lapsed are asked for again. */
const MOST = 1_000;

interface Lease {
  readonly session: Session;
  /** Just before the directory was asked: milliseconds since 1970. */
  readonly askedAt: number;
}

export class Leases {
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whose `token` this is, where that may still be believed. */
  get(token: string): Session | undefined {
    const lease = this.#leases.get(token);
    if (lease !== undefined && this.#stands(lease)) return lease.session;
    this.#leases.delete(token);
    return undefined;
  }

  /** Believes in `token` for a while. `askedAt`: just before the directory was asked whether it stands. */
  add(token: string, session: Session, askedAt: number): void {
    if (this.#leases.size >= MOST) this.#leases.clear();
    this.#leases.set(token, { session, askedAt });
  }

  #stands({ session, askedAt }: Lease): boolean {
    const now = this.#now();
    // Where the clock has gone back, nothing says how long ago that was.
    return askedAt <= now && now < askedAt + TOKEN.leaseMs && now < session.expiresAt;
  }
}

/** Resolves once nobody believes in a token any more that the directory no longer has. */
export const leasesLapse = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TOKEN.lapseMs));
