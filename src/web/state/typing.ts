/**
 * Knows who is writing in which chat just now; who goes silent is forgotten after a while.
 * Must not know how it is told, nor who they are.
 */

import { signal } from "@preact/signals";

/** Somebody who goes on writing says so again before this is over. */
const FORGET_MS = 8_000;

export const writers = signal<ReadonlyMap<number, ReadonlySet<number>>>(new Map());
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export function noteWriting(chatId: number, userId: number, on: boolean): void {
  const key = `${chatId}/${userId}`;
  clearTimeout(timers.get(key));
  timers.delete(key);
  if (on) timers.set(key, setTimeout(noteWriting, FORGET_MS, chatId, userId, false));
  const known = writers.peek().get(chatId);
  if ((known?.has(userId) ?? false) === on) return;
  const now = new Set(known);
  if (on) now.add(userId);
  else now.delete(userId);
  writers.value = new Map(writers.peek()).set(chatId, now);
}
