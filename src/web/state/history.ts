/**
 * Knows the messages that were fetched, of each chat by their number. There may be holes between them: each page is fetched
 * when it is looked at, and once.
 * Must not know where they come from, nor the list of chats.
 */

import { signal } from "@preact/signals";
import type { Message } from "../api/shapes.ts";
import { meet } from "./people.ts";

export class History {
  readonly messages = new Map<number, Message>();
  /** Goes up with every change, for those who look. */
  readonly version = signal(0);
  /** All changes of the chat up to this one are in `messages`, as far as those are known. */
  rev: number;

  constructor(rev: number) {
    this.rev = rev;
  }

  put(fresh: readonly Message[]): void {
    for (const message of fresh) {
      meet(message.user);
      const old = this.messages.get(message.seq);
      // What has been read stays read; an older state of a message does not undo a newer one.
      if (old === undefined) this.messages.set(message.seq, message);
      else if (old.rev <= message.rev) this.messages.set(message.seq, { ...message, read: message.read || old.read });
    }
    if (fresh.length > 0) this.version.value++;
  }

  /** Changes in place the messages of `seqs` that `fits`. */
  change(seqs: Iterable<number>, fits: (message: Message) => boolean, change: (message: Message) => Message): void {
    let changed = false;
    for (const seq of seqs) {
      const message = this.messages.get(seq);
      if (message === undefined || !fits(message)) continue;
      this.messages.set(seq, change(message));
      changed = true;
    }
    if (changed) this.version.value++;
  }

  /** Too much has changed to be told one by one: what was known is fetched anew when it is looked at. */
  reset(rev: number): void {
    this.messages.clear();
    this.rev = rev;
    this.version.value++;
  }
}

const histories = new Map<number, History>();

export const historyOf = (chatId: number): History | undefined => histories.get(chatId);
export const opened = (): IterableIterator<number> => histories.keys();

export function openHistory(chatId: number, rev: number): History {
  const known = histories.get(chatId);
  if (known !== undefined) return known;
  const history = new History(rev);
  histories.set(chatId, history);
  return history;
}

export const dropHistory = (chatId: number): void => void histories.delete(chatId);
export const dropHistories = (): void => histories.clear();
