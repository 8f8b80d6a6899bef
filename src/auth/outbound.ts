/**
 * Requests to tenants' own systems, which must never become a way into a network that is not public. Knows time limits,
 * redirects and resolving; knows nothing of what is asked.
 */

import { z } from "zod";
import { isName, reachOfAddress, refusalOf } from "./addresses.ts";

/** For everything together: resolving, redirects, the answer and its body. */
const TIMEOUT_MS = 5_000;
const REDIRECTS = 3;
const RESOLVER = "https://cloudflare-dns.com/dns-query";

const dnsAnswer = z.object({
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).optional(),
});
/** Types of records with addresses: A and AAAA. */
const ADDRESSES = new Set([1, 28]);

export interface OutboundSettings {
  /** This machine and private networks may be asked. */
  readonly development: boolean;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

export interface Outbound {
  /** The answer of `url` as `read` reads it; null where it may not be asked, does not answer in time, or not with 2xx. */
  get<T>(url: URL, read: (response: Response) => Promise<T>): Promise<T | null>;
}

export function createOutbound({ development, fetch }: OutboundSettings): Outbound {
  /**
   * Whether a name leads to public addresses alone. A name could lead elsewhere a moment later; then the platform itself
   * refuses, which has no way from a Worker into a private network either.
   */
  async function isPublic(url: URL, signal: AbortSignal): Promise<boolean> {
    if (development || !isName(url)) return true;
    const found = await Promise.all(["A", "AAAA"].map((type) => resolve(url.hostname, type, signal)));
    const addresses = found.flat();
    return addresses.length > 0 && addresses.every((address) => reachOfAddress(address) === "public");
  }

  async function resolve(name: string, type: string, signal: AbortSignal): Promise<string[]> {
    const query = new URLSearchParams({ name, type });
    const response = await fetch(`${RESOLVER}?${query.toString()}`, {
      headers: { accept: "application/dns-json" },
      signal,
    });
    const { Answer = [] } = dnsAnswer.parse(await response.json());
    return Answer.filter((record) => ADDRESSES.has(record.type)).map((record) => record.data);
  }

  /** The answer with 2xx, or null. */
  async function ask(first: URL, signal: AbortSignal): Promise<Response | null> {
    let url = first;
    for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
      if (refusalOf(url.href, development) !== null || !(await isPublic(url, signal))) return null;
      const response = await fetch(url.href, { redirect: "manual", signal, headers: { accept: "*/*" } });
      if (response.ok) return response;
      await response.body?.cancel();
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) return null;
      const next = new URL(location, url);
      // The token goes to the host that the operator named, and to no other.
      if (next.origin !== url.origin) return null;
      url = next;
    }
    return null;
  }

  return {
    async get(url, read) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const response = await ask(url, signal);
        return response === null ? null : await read(response);
      } catch {
        // Unreachable, too late, not resolved, not readable: the tenant's system has not said yes.
        return null;
      }
    },
  };
}
