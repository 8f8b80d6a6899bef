/** What all hibernating sockets need, whoever holds them. Knows the platform's traps; knows no dialect. */

import { randomUUID } from "node:crypto";
import { FLOOD } from "../core/limits.ts";
import type { Env } from "../env.ts";

/** RFC 6455 close codes that we use. */
export const CLOSE = {
  normal: 1000,
  unsupported: 1003,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
  tryLater: 1013,
} as const;

/**
 * Closes, or answers a close. With hibernation the runtime does not answer the client's close by itself, and the
 * codes that stand for "none" (1005, 1006, 1015) may not be sent.
 */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  const sendable = code === 1005 || code === 1006 || code === 1015 ? CLOSE.normal : code;
  try {
    socket.close(sendable, reason);
  } catch {
    // Closed already.
  }
}

/** A new connection id at `place`. */
export function connectionId(place: string): string {
  return `${place}#${randomUUID()}`;
}

/** The 101 answer that hands `client` over: with the subprotocol that was agreed on, and the id of the request. */
export function upgraded(
  { DEVELOPMENT }: Pick<Env, "DEVELOPMENT">,
  client: WebSocket,
  subprotocol: string | null,
  request: string | null,
): Response {
  const headers = new Headers();
  // What is encoded once for all is not compressed for each. A deployment has a flag for that; the workers of the local
  // tools, which stand before ours, agree to nothing where we name an extension that was not offered. No client sees it.
  if (DEVELOPMENT === "1") headers.set("sec-websocket-extensions", "none");
  if (subprotocol !== null) headers.set("sec-websocket-protocol", subprotocol);
  if (request !== null) headers.set("x-request-id", request);
  return new Response(null, { status: 101, webSocket: client, headers });
}

/** The subprotocol to answer: `wanted`, if the client offered it. */
export function agreed(request: Request, wanted: string | null): string | null {
  if (wanted === null) return null;
  const offered =
    request.headers
      .get("sec-websocket-protocol")
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  return offered.includes(wanted) ? wanted : null;
}

/** How many frames a connection may send, where it is not as built in. */
interface FloodSettings {
  readonly FRAMES_PER_SECOND?: string;
  readonly FRAME_BURST?: string;
}

/** A token bucket against floods, in memory: an object that was evicted was idle long enough to have it full again. */
export class Bucket {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;
  /** Frames refused since the bucket was last full. */
  refused = 0;

  /** The bucket of a connection that counts for so many users, as large as the settings say. */
  static of(settings: FloodSettings, users = 1): Bucket {
    const burst = Number(settings.FRAME_BURST) || FLOOD.burst;
    const perSecond = Number(settings.FRAMES_PER_SECOND) || FLOOD.perSecond;
    return new Bucket(users * burst, users * perSecond, Date.now());
  }

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
    this.#left = burst;
    this.#at = now;
  }

  /** Whether so much is left that it would be taken whole, as of the last time that something was taken. */
  has(cost: number): boolean {
    return this.#left >= cost;
  }

  /** What costs more than there is takes from what comes later. */
  take(now: number, cost = 1): boolean {
    this.#left = Math.min(this.#burst, this.#left + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) {
      this.refused++;
      return false;
    }
    // What trickles in during a flood must not make up for it; a pause that fills the bucket does.
    if (this.#left === this.#burst) this.refused = 0;
    this.#left -= cost;
    return true;
  }
}
