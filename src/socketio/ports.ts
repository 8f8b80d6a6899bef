/**
 * What Socket.IO needs of the object that it lives in: synchronous SQLite, sockets that hibernate, a clock and one
 * alarm. Knows shapes only, and nothing of what implements them.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Sql {
  exec(query: string, ...bindings: (string | number | null | ArrayBuffer)[]): { toArray(): Record<string, unknown>[] };
}

/** A WebSocket that stays when the object is evicted. */
export interface Wire {
  /** Kept with the socket through an eviction; a few hundred bytes. */
  label: Json;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
  /** When the runtime last answered a ping by itself; null: never. */
  answeredAt(): number | null;
}

/** In which of the host's duties, or of the application's handlers, a fault happened. */
export type FaultPlace =
  | "authenticate"
  | "recovery"
  | "onConnect"
  | "onEvent"
  | "onAck"
  | "onDisconnect"
  | "socket.io message";

export interface Host {
  /** Stands before the session ids, so that they lead back to this object; URL-safe. */
  readonly place: string;
  readonly sql: Sql;
  now(): number;
  /** Asks for `due` to be called at `at`; null: not at all. */
  wakeAt(at: number | null): void;
  /** Takes a WebSocket; the response answers the upgrade. */
  accept(label: Json): { readonly wire: Wire; readonly response: Response };
  /** All sockets that stand. */
  wires(): readonly Wire[];
  /** Keeps the object in memory until `work` is done. */
  later(work: Promise<unknown>): void;
  /** Asks the object at another place; what it answers is what its `asked` gave. */
  ask(place: string, question: Json): Promise<Json>;
  /** A fault of ours, to be logged. */
  fault(what: FaultPlace, error: unknown): void;
  /** A session is about to be ended, because its client does not take what waits for it. */
  slow(sid: string): void;
}

/** What the object calls; the other half of `Host`. */
export interface Carrier {
  /** `isFull`: no new session may be opened; answered with 503. */
  fetch(request: Request, isFull: boolean): Promise<Response>;
  received(wire: Wire, frame: string | ArrayBuffer): void | Promise<void>;
  closed(wire: Wire): void | Promise<void>;
  /** The id of the session that it is a socket of. */
  keyOf(wire: Wire): string;
  /** The alarm. */
  due(): void | Promise<void>;
  asked(question: Json): Json;
}
