/** Keeps the last encodings of events, so that an event is encoded once however many users and sockets hear it here. */

import type { UserEvent } from "../../core/events.ts";
import type { Encode, EncodedEvent } from "../../core/wire.ts";

const KEPT = 64;

export class Encodings {
  readonly #encode: Encode;
  readonly #kept = new Map<string, EncodedEvent>();
  /** Of what has no name of its own: one event that several connections here are told at once. */
  readonly #told = new WeakMap<UserEvent["event"], { readonly origin: string; readonly encoded: EncodedEvent }>();

  constructor(encode: Encode) {
    this.#encode = encode;
  }

  of(event: UserEvent["event"], origin: string): EncodedEvent {
    const key = keyOf(event);
    if (key === undefined) return this.#whileTold(event, origin);
    const full = `${key} ${origin}`;
    const known = this.#kept.get(full);
    if (known !== undefined) return known;
    const encoded = this.#encode(event, origin);
    this.#kept.set(full, encoded);
    if (this.#kept.size > KEPT) this.#forgetOldest();
    return encoded;
  }

  #whileTold(event: UserEvent["event"], origin: string): EncodedEvent {
    const known = this.#told.get(event);
    if (known?.origin === origin) return known.encoded;
    const encoded = this.#encode(event, origin);
    this.#told.set(event, { origin, encoded });
    return encoded;
  }

  #forgetOldest(): void {
    for (const key of this.#kept.keys()) {
      this.#kept.delete(key);
      return;
    }
  }
}

/** What names an event that is the same for every viewer; those that each sees differently are kept only as long as they are told. */
function keyOf(event: UserEvent["event"]): string | undefined {
  switch (event.type) {
    case "message.created":
    case "message.updated":
      return `${event.type} ${event.chatId} ${event.rev} ${event.message.rev}`;
    case "message.deleted":
      return `${event.type} ${event.chatId} ${event.rev}`;
    default:
      return undefined;
  }
}
