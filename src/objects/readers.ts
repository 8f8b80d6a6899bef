/**
 * Sends to the sockets of one object, and watches how far each reader is behind: what a reader does not take lies in the
 * object's memory, which all of them share. Knows bytes; knows no frame.
 */

import { SLOW } from "../core/limits.ts";
import { CLOSE, closeSocket } from "./sockets.ts";

/** Bytes that were sent and that the other side has not taken. */
const waiting = (socket: WebSocket): number => (socket as { readonly bufferedAmount?: number }).bufferedAmount ?? 0;

interface Answered {
  /** When the last long frame left, and the bytes of all that left at that instant. */
  readonly at: number;
  readonly bytes: number;
  /** The most that left at one instant. */
  readonly most: number;
}

/** Since when somebody has been past the bound, and the bytes that were sent since. */
interface Late {
  readonly since: number;
  sent: number;
}

export class Readers {
  readonly #closed: (socket: WebSocket) => void;
  readonly #now: () => number;
  readonly #late = new Map<WebSocket, Late>();
  /** Those who are behind, and by how many bytes they were when they were sent something last. */
  readonly #behind = new Map<WebSocket, number>();
  /** Of those who are behind, the long frames that they were sent: an answer that they asked for makes nobody slow. */
  readonly #answers = new Map<WebSocket, Answered>();
  /** Those that are closed, and still have not taken what was sent before: closing gives no memory back. */
  readonly #leaving = new Map<WebSocket, number>();
  /** Bytes of both. */
  #total = 0;

  /** `closed` is told of each socket that was closed for being slow: its own end may be long in coming. */
  constructor(closed: (socket: WebSocket) => void, now: () => number = Date.now) {
    this.#closed = closed;
    this.#now = now;
  }

  /** Sends, unless the socket is closing; a reader who does not keep up is closed with 1013, and catches up later. */
  send(socket: WebSocket, frame: string | Uint8Array<ArrayBuffer>): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    const bytes = waiting(socket);
    if (this.#isSlow(socket, bytes)) return this.#close(socket);
    socket.send(frame);
    const late = this.#late.get(socket);
    if (late !== undefined) late.sent += waiting(socket) - bytes;
    if (frame.length > SLOW.counted) this.#answered(socket, waiting(socket) - bytes);
    else if (bytes < SLOW.counted && this.#answers.size > 0) this.#answers.delete(socket);
    if (bytes < SLOW.counted && this.#behind.size === 0) return;
    this.#note(socket, bytes);
    if (this.#total > SLOW.all) this.#closeSlowest();
  }

  /** More than the bound waits, and some of it has for a while: who takes it as fast as it comes may ask for a lot at once. */
  #isSlow(socket: WebSocket, bytes: number): boolean {
    if (bytes <= SLOW.reader + (this.#answers.get(socket)?.most ?? 0)) {
      if (this.#late.size > 0) this.#late.delete(socket);
      return false;
    }
    const now = this.#now();
    const late = this.#late.get(socket);
    if (late !== undefined && now - late.since < SLOW.patienceMs) return false;
    if (late !== undefined && bytes > late.sent) return true;
    this.#late.set(socket, { since: now, sent: 0 });
    return false;
  }

  /** An answer may be more than one frame; all of them leave at one instant. */
  #answered(socket: WebSocket, bytes: number): void {
    const now = this.#now();
    const before = this.#answers.get(socket);
    const together = before?.at === now ? before.bytes + bytes : bytes;
    this.#answers.set(socket, { at: now, bytes: together, most: Math.max(together, before?.most ?? 0) });
  }

  /** Nothing more is sent to it. What it has not taken lies in memory, and counts, until it does or has `ended`. */
  forget(socket: WebSocket): void {
    const bytes = socket.readyState === WebSocket.CLOSED ? 0 : waiting(socket);
    this.#note(socket, 0);
    this.#answers.delete(socket);
    this.#late.delete(socket);
    if (bytes >= SLOW.counted) this.#leave(socket, bytes);
  }

  /** Its connection is gone, and all that lay there for it. */
  ended(socket: WebSocket): void {
    this.forget(socket);
    this.#leave(socket, 0);
  }

  #note(socket: WebSocket, bytes: number): void {
    this.#total -= this.#behind.get(socket) ?? 0;
    if (bytes < SLOW.counted) this.#behind.delete(socket);
    else {
      this.#behind.set(socket, bytes);
      this.#total += bytes;
    }
  }

  #leave(socket: WebSocket, bytes: number): void {
    this.#total += bytes - (this.#leaving.get(socket) ?? 0);
    if (bytes === 0) this.#leaving.delete(socket);
    else this.#leaving.set(socket, bytes);
  }

  #closeSlowest(): void {
    for (const socket of this.#leaving.keys()) this.#leave(socket, waiting(socket));
    if (this.#total <= SLOW.all) return;
    let slowest: WebSocket | undefined;
    let most = 0;
    for (const [socket, bytes] of this.#behind) if (bytes > most) [slowest, most] = [socket, bytes];
    if (slowest === undefined) return;
    const now = waiting(slowest);
    if (now < most) this.#note(slowest, now);
    else this.#close(slowest);
  }

  #close(socket: WebSocket): void {
    this.forget(socket);
    closeSocket(socket, CLOSE.tryLater, "too slow");
    this.#closed(socket);
  }
}
