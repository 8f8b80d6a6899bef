/** The sockets that are open on one chat. Knows who sits behind each; knows no command and no frame. */

import type { AppId, UserId } from "../../core/ids.ts";
import type { Bucket } from "../sockets.ts";
import { Readers } from "../readers.ts";
import { closeSocket } from "../sockets.ts";
import type { Standing } from "./standings.ts";
import { standingOf } from "./standings.ts";

/** What a socket bears through hibernation. */
export interface Seat {
  readonly id: string;
  readonly appId: AppId;
  readonly userId: UserId;
  readonly tokenId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly origin: string;
  /** The id of the request that opened it, for the log. */
  readonly request: string | null;
}

export interface OpenSocket {
  readonly socket: WebSocket;
  readonly seat: Seat;
  readonly bucket: Bucket;
  /** The command that is being prepared; the next one waits for it. */
  turn: Promise<void> | undefined;
}

export class ChatSockets {
  readonly #ctx: DurableObjectState;
  readonly #bucket: () => Bucket;
  readonly #open = new Map<WebSocket, OpenSocket>();
  /** Sockets whose seats were given up since this object is in memory. */
  readonly #over = new WeakSet<WebSocket>();
  readonly #readers: Readers;
  readonly #reserved = new Set<Seat>();
  /** How many sockets each standing has. */
  readonly #counts = new Map<string, number>();

  /** `departed`: somebody's socket was closed because they did not keep up. */
  constructor(ctx: DurableObjectState, bucket: () => Bucket, departed: (seat: Seat) => void) {
    this.#ctx = ctx;
    this.#bucket = bucket;
    this.#readers = new Readers((socket) => {
      const seat = this.#forget(socket);
      if (seat !== undefined) departed(seat);
    });
    for (const socket of ctx.getWebSockets()) {
      if (socket.readyState === WebSocket.OPEN) this.#add(socket, socket.deserializeAttachment() as Seat);
    }
  }

  #add(socket: WebSocket, seat: Seat): OpenSocket {
    const open: OpenSocket = {
      socket,
      seat,
      bucket: this.#bucket(),
      turn: undefined,
    };
    this.#open.set(socket, open);
    const { id } = standingOf(seat);
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    return open;
  }

  /** Keeps a seat for a connection that is being opened: it can be closed, and counts as open, before it has its socket. */
  reserve(seat: Seat): void {
    this.#reserved.add(seat);
  }

  /** Takes a seat that was kept. False: it was closed meanwhile. */
  claim(seat: Seat): boolean {
    return this.#reserved.delete(seat);
  }

  /** How many connections are being opened. */
  get opening(): number {
    return this.#reserved.size;
  }

  accept(socket: WebSocket, seat: Seat): void {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(seat);
    this.#add(socket, seat);
  }

  get(socket: WebSocket): OpenSocket | undefined {
    return this.#open.get(socket);
  }

  send({ socket }: OpenSocket, frame: string): void {
    this.#readers.send(socket, frame);
  }

  /** The connection has ended: its seat, unless it was given up before. */
  ended(socket: WebSocket): Seat | undefined {
    // The end of a socket may be what has woken this object: then it is not among those that are open.
    const isKnown = this.#open.has(socket) || this.#over.has(socket);
    const seat = isKnown ? this.#forget(socket) : (socket.deserializeAttachment() as Seat);
    this.#over.add(socket);
    this.#readers.ended(socket);
    return seat;
  }

  #forget(socket: WebSocket): Seat | undefined {
    const open = this.#open.get(socket);
    if (open !== undefined) this.#remove(socket, open.seat);
    this.#readers.forget(socket);
    return open?.seat;
  }

  #remove(socket: WebSocket, seat: Seat): void {
    this.#open.delete(socket);
    this.#over.add(socket);
    const { id } = standingOf(seat);
    const left = (this.#counts.get(id) ?? 1) - 1;
    if (left > 0) this.#counts.set(id, left);
    else this.#counts.delete(id);
  }

  get size(): number {
    return this.#open.size;
  }

  /** How many are open, by the app whose chat it is; none where there is no socket to say it. */
  byApp(): Map<AppId, number> {
    const [first] = this.#open.values();
    return new Map(first === undefined ? [] : [[first.seat.appId, this.size]]);
  }

  /** Those who sit here, or are about to. */
  standings(): Set<string> {
    const standings = new Set(this.#counts.keys());
    for (const seat of this.#reserved) standings.add(standingOf(seat).id);
    return standings;
  }

  /** Whether a socket that is open has this standing already: the Inbox knows of it. */
  isStanding(standing: Standing): boolean {
    return this.#counts.has(standing.id);
  }

  close(wanted: (seat: Seat) => boolean, code: number, reason: string): Seat[] {
    const closed: Seat[] = [];
    for (const [socket, { seat }] of this.#open) {
      if (!wanted(seat)) continue;
      this.#remove(socket, seat);
      this.#readers.forget(socket);
      closeSocket(socket, code, reason);
      closed.push(seat);
    }
    for (const seat of this.#reserved) {
      if (!wanted(seat)) continue;
      this.#reserved.delete(seat);
      closed.push(seat);
    }
    return closed;
  }

  all(): Iterable<OpenSocket> {
    return this.#open.values();
  }

  /** Who has a socket here. */
  users(): Set<UserId> {
    return new Set([...this.#open.values()].map((open) => open.seat.userId));
  }
}
