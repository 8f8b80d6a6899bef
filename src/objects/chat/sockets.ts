/** The sockets that are open on one chat. Knows who sits behind each and how to tell them all; knows no command. */

import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { ChatWire, EncodedEvent } from "../../core/wire.ts";
import type { Bucket } from "../sockets.ts";
import { closeSocket, sendTo } from "../sockets.ts";

/** What a socket bears through hibernation. */
export interface Seat {
  readonly id: string;
  readonly appId: number;
  readonly userId: UserId;
  readonly tokenId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly origin: string;
}

export interface OpenSocket {
  readonly socket: WebSocket;
  readonly seat: Seat;
  readonly bucket: Bucket;
  /** The command that is under way; the next one waits for it. */
  turn: Promise<void> | undefined;
}

export class ChatSockets {
  readonly #ctx: DurableObjectState;
  readonly #wire: ChatWire;
  readonly #bucket: () => Bucket;
  readonly #open = new Map<WebSocket, OpenSocket>();
  readonly #reserved = new Set<Seat>();

  constructor(ctx: DurableObjectState, wire: ChatWire, bucket: () => Bucket) {
    this.#ctx = ctx;
    this.#wire = wire;
    this.#bucket = bucket;
    for (const socket of ctx.getWebSockets()) this.#add(socket, socket.deserializeAttachment() as Seat);
  }

  #add(socket: WebSocket, seat: Seat): OpenSocket {
    const open: OpenSocket = {
      socket,
      seat,
      bucket: this.#bucket(),
      turn: undefined,
    };
    this.#open.set(socket, open);
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

  accept(socket: WebSocket, seat: Seat): void {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(seat);
    this.#add(socket, seat);
  }

  get(socket: WebSocket): OpenSocket | undefined {
    return this.#open.get(socket);
  }

  /** The connection has ended: its seat, the first time that it is asked for. */
  forget(socket: WebSocket): Seat | undefined {
    const open = this.#open.get(socket);
    this.#open.delete(socket);
    return open?.seat;
  }

  ids(): Set<string> {
    const ids = new Set([...this.#open.values()].map((open) => open.seat.id));
    for (const seat of this.#reserved) ids.add(seat.id);
    return ids;
  }

  close(wanted: (seat: Seat) => boolean, code: number, reason: string): Seat[] {
    const closed: Seat[] = [];
    for (const [socket, { seat }] of this.#open) {
      if (!wanted(seat)) continue;
      this.#open.delete(socket);
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

  /** Tells an event that is the same for everyone: encoded once for each origin, which is nearly always one. */
  tellAll(event: ChatEvent, except: string | null, read: ((user: UserId) => boolean) | undefined): void {
    const encodings = new Map<string, EncodedEvent>();
    for (const { socket, seat } of this.#open.values()) {
      if (seat.id === except) continue;
      let encoded = encodings.get(seat.origin);
      if (encoded === undefined) {
        encoded = this.#wire.encode(event, seat.origin);
        encodings.set(seat.origin, encoded);
      }
      for (const frame of encoded.for(read === undefined ? {} : { read: read(seat.userId) })) sendTo(socket, frame);
    }
  }

  /** Tells each of some people what they in particular see. */
  tell(to: ReadonlySet<UserId>, event: (viewer: UserId) => ChatEvent, except: string | null): void {
    for (const { socket, seat } of this.#open.values()) {
      if (seat.id === except || !to.has(seat.userId)) continue;
      for (const frame of this.#wire.encode(event(seat.userId), seat.origin).for({})) sendTo(socket, frame);
    }
  }
}
