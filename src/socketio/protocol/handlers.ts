/** What an application gives for a namespace, and what it gets of a socket. Knows shapes only. */

import type { Version } from "../engine/packets.ts";
import type { CloseReason } from "../engine/session.ts";
import type { Json } from "../ports.ts";

/** What is known of a client that wants to join a namespace. */
export interface Handshake {
  readonly version: Version;
  /** The query of the request that opened the connection. */
  readonly query: Readonly<Record<string, string>>;
  readonly auth: Json;
  readonly origin: string;
}

export type Verdict =
  | { readonly ok: true; readonly data?: Json }
  | { readonly ok: false; readonly message: string; readonly data?: Json };

/** Answers an event of the client's; only the first call counts. */
export type Ack = (...args: unknown[]) => void;

/** One client in one namespace. It may be used after it has gone: nothing happens then. */
export interface Socket {
  readonly id: string;
  /** The connection under it, which may bear sockets of other namespaces too. */
  readonly sid: string;
  readonly auth: Json;
  /** What the application keeps here, a few KB at most; survives an eviction. */
  data: Json;
  readonly rooms: readonly string[];
  join(room: string): void;
  leave(room: string): void;
  emit(event: string, ...args: unknown[]): void;
  /** `context` comes back with the acknowledgement, in `onAck`: the object may have been evicted in between. */
  emitWithAck(context: Json, event: string, ...args: unknown[]): void;
  /** Throws it out of the namespace; `close`: ends the connection too. */
  disconnect(close?: boolean): void;
}

export interface Handlers {
  /** Whether the client may join. `sid`: the connection that asks. */
  authenticate?(handshake: Handshake, sid: string): Verdict | Promise<Verdict>;
  /** `recovered`: a lost connection was taken up again, with its rooms, and told what it missed. */
  onConnect?(socket: Socket, recovered: boolean): void | Promise<void>;
  onEvent(socket: Socket, event: string, args: readonly unknown[], ack: Ack | null): void | Promise<void>;
  /** `args` null: the acknowledgement did not come in time. */
  onAck?(socket: Socket, context: Json, args: readonly unknown[] | null): void | Promise<void>;
  onDisconnect?(socket: Socket, reason: CloseReason): void | Promise<void>;
}

export interface Namespace {
  /** To all sockets of this object that are in `room`, but for the one whose id is `besides`. */
  emitTo(room: string, event: string, args: readonly unknown[], besides?: string): void;
}

/** When a connection begins and when it is over for good, whatever namespaces it joins. */
export interface Lifecycle {
  opened(sid: string, origin: string): void;
  ended(sid: string): void;
}
