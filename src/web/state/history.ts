/**
 * Knows the messages of the chats that were opened: of each a stretch without holes, up to the newest.
 * Must not know where they come from, nor the list of chats.
 */

import { signal } from "@preact/signals";
import type { Message } from "../api/shapes.ts";
import { meet } from "./chats.ts";

export interface History {
  readonly items: readonly Message[];
  /** Whether there are older ones. */
  readonly more: boolean;
  /** All changes of the chat up to this one are in `items`. */
  readonly rev: number;
}

export const histories = signal<ReadonlyMap<number, History>>(new Map());

function put(chatId: number, history: History): void {
  histories.value = new Map(histories.peek()).set(chatId, history);
}

function merge(known: readonly Message[], fresh: readonly Message[]): readonly Message[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of fresh) {
    meet(message.user);
    const old = byId.get(message.id);
    // What has been read stays read; an older state of a message does not undo a newer one.
    if (old === undefined) byId.set(message.id, message);
    else if (old.rev <= message.rev) byId.set(message.id, { ...message, read: message.read || old.read });
  }
  return [...byId.values()].toSorted((a, b) => a.seq - b.seq);
}

/** The newest page, or the next older one. `rev`: that of the chat before the page was asked for. */
export function putPage(chatId: number, page: readonly Message[], more: boolean, rev: number): void {
  const known = histories.peek().get(chatId);
  put(chatId, { items: merge(known?.items ?? [], page), more, rev: known?.rev ?? rev });
}

/** New and changed messages; those before the known stretch would leave a hole, and come with their page. */
export function putMessages(chatId: number, fresh: readonly Message[]): void {
  const known = histories.peek().get(chatId);
  if (known === undefined) return;
  const first = known.more ? (known.items[0]?.seq ?? 0) : 0;
  const fitting = fresh.filter((message) => message.seq >= first);
  put(chatId, { ...known, items: merge(known.items, fitting) });
}

export function reached(chatId: number, rev: number): void {
  const known = histories.peek().get(chatId);
  if (known !== undefined && known.rev < rev) put(chatId, { ...known, rev });
}

/** Changes in place the messages that `fits`. */
export function changeMessages(
  chatId: number,
  fits: (message: Message) => boolean,
  change: (message: Message) => Message,
): void {
  const known = histories.peek().get(chatId);
  if (known === undefined || !known.items.some(fits)) return;
  put(chatId, { ...known, items: known.items.map((message) => (fits(message) ? change(message) : message)) });
}

export function dropHistory(chatId: number): void {
  const next = new Map(histories.peek());
  next.delete(chatId);
  histories.value = next;
}
