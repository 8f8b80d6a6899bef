/** A client in a namespace, as the application holds it. Knows how to encode; knows no transport. */

import type { Session } from "../engine/session.ts";
import type { Json } from "../ports.ts";
import type { Encoded } from "./codec.ts";
import { PacketType, encode, encodeEvent } from "./codec.ts";
import type { Socket } from "./handlers.ts";
import type { Joined } from "./joined.ts";

interface Actions {
  emit(packet: Encoded): void;
  send(packet: Encoded): void;
  awaitAck(context: Json): number;
  keep(): void;
  disconnect(close: boolean): void;
}

export class BoundSocket implements Socket {
  readonly id: string;
  readonly sid: string;
  readonly auth: Json;
  readonly #namespace: string;
  readonly #joined: Joined;
  readonly #actions: Actions;

  constructor(session: Session, namespace: string, joined: Joined, actions: Actions) {
    this.id = joined.id;
    this.sid = session.sid;
    this.auth = joined.auth;
    this.#namespace = namespace;
    this.#joined = joined;
    this.#actions = actions;
  }

  get data(): Json {
    return this.#joined.data;
  }

  set data(data: Json) {
    this.#joined.data = data;
    this.#actions.keep();
  }

  get rooms(): readonly string[] {
    return [...this.#joined.rooms];
  }

  join(room: string): void {
    if (this.#joined.rooms.has(room)) return;
    this.#joined.rooms.add(room);
    this.#actions.keep();
  }

  leave(room: string): void {
    if (this.#joined.rooms.delete(room)) this.#actions.keep();
  }

  emit(event: string, ...args: unknown[]): void {
    this.#actions.emit(encodeEvent(this.#namespace, event, args));
  }

  emitWithAck(context: Json, event: string, ...args: unknown[]): void {
    const id = this.#actions.awaitAck(context);
    this.#actions.send(encode({ type: PacketType.EVENT, nsp: this.#namespace, id, data: [event, ...args] }));
  }

  disconnect(close = false): void {
    this.#actions.disconnect(close);
  }
}
