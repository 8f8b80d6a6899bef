/**
 * The chats that may be ahead of what they have brought to an Inbox: whoever asks for the list, or begins to hear, has
 * them bring it first. Knows ids and times; knows no list.
 */

import type { ChatId } from "../../core/ids.ts";
import { DELIVERY } from "../../core/limits.ts";
import { inBatches } from "../in-batches.ts";

/** What a chat may have done that it has not brought yet. */
interface Ahead {
  /** When it brought something last: milliseconds since 1970. */
  readonly at: number;
  /** It may gather what comes next for a while; else it is ahead only until its next call comes. */
  readonly gathers: boolean;
}

export interface AheadPorts {
  /** The user's chats in which something has happened since a time, as far as they have brought it. */
  readonly activeSince: (time: number) => readonly ChatId[];
  /** Has a chat bring what is still to come; resolves once it is here, and soon in any case. */
  readonly settle: (chat: ChatId) => Promise<unknown>;
  readonly failed: (chat: ChatId, fault: unknown) => void;
}

export class ChatsAhead {
  readonly #ports: AheadPorts;
  readonly #ahead = new Map<ChatId, Ahead>();
  /** The object has just come into memory: what it was told before by which chats is forgotten. */
  #isNew = true;

  constructor(ports: AheadPorts) {
    this.#ports = ports;
  }

  /** `chat` has brought something: while its call is under way it may gather what comes next, or tell it before it brings it. */
  note(chat: ChatId, isAhead: boolean, gathers: boolean): void {
    if (isAhead) this.#ahead.set(chat, { at: Date.now(), gathers });
    else this.#ahead.delete(chat);
  }

  /**
   * They bring what is still to come, so that the list has what its user has heard; one that can't brings it in a moment.
   * `gathered`: only those that may be gathering it.
   */
  async settle(gathered: boolean): Promise<void> {
    const now = Date.now();
    if (this.#isNew) {
      this.#isNew = false;
      // After a crash a chat brings what it has yet to bring when its alarm goes off, or when it is asked.
      for (const chat of this.#ports.activeSince(now - 2 * DELIVERY.spellMs))
        if (!this.#ahead.has(chat)) this.#ahead.set(chat, { at: now, gathers: false });
    }
    for (const [chat, { at }] of this.#ahead) if (at < now - DELIVERY.spellMs) this.#ahead.delete(chat);
    const chats = [...this.#ahead].filter(([, ahead]) => ahead.gathers || !gathered);
    await inBatches(chats, async ([chat, ahead]) => {
      try {
        await this.#ports.settle(chat);
        if (!ahead.gathers && this.#ahead.get(chat) === ahead) this.#ahead.delete(chat);
      } catch (fault) {
        this.#ports.failed(chat, fault);
      }
    });
  }
}
