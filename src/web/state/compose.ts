/**
 * Knows what one is about to say in each chat besides the text: what it answers, what it changes, which files go along.
 * Must not know how it is sent.
 */

import { signal } from "@preact/signals";
import type { Message } from "../api/shapes.ts";
import { newKey } from "./outbox.ts";

export interface Staged {
  readonly key: string;
  readonly file: File;
}

interface Composition {
  readonly reply: Message | null;
  readonly edit: Message | null;
  readonly files: readonly Staged[];
}

const NOTHING: Composition = { reply: null, edit: null, files: [] };

const compositions = signal<ReadonlyMap<number, Composition>>(new Map());
/** What messages are to say instead, as far as it was written and neither saved nor given up; by their ids. */
const changes = new Map<number, string>();

export const composition = (chatId: number): Composition => compositions.value.get(chatId) ?? NOTHING;

function set(chatId: number, change: Partial<Composition>): void {
  const now = compositions.peek().get(chatId) ?? NOTHING;
  compositions.value = new Map(compositions.peek()).set(chatId, { ...now, ...change });
}

export const startReply = (message: Message): void => set(message.chat_id, { reply: message, edit: null });
export const startEdit = (message: Message): void => set(message.chat_id, { edit: message, reply: null });
export const stopBoth = (chatId: number): void => set(chatId, { reply: null, edit: null });

/** What a message says, or is to say. */
export const changedWords = (message: Message): string => changes.get(message.id) ?? message.text ?? "";
export const keepChange = (message: Message, words: string): void => void changes.set(message.id, words);

/** It is given up, or saved, unless something else was written since: `saved`. */
export function dropChange(message: Message, saved?: string): void {
  if (saved === undefined || changes.get(message.id)?.trimEnd() === saved) changes.delete(message.id);
}

export function stage(chatId: number, files: readonly File[]): void {
  if (files.length === 0) return;
  const fresh = files.map((file) => ({ key: newKey(), file }));
  set(chatId, { files: [...composition(chatId).files, ...fresh], edit: null });
}

export const unstage = (chatId: number, key: string): void =>
  set(chatId, { files: composition(chatId).files.filter((one) => one.key !== key) });

export const emptyComposition = (chatId: number): void => set(chatId, NOTHING);
export function forgetCompositions(): void {
  compositions.value = new Map();
  changes.clear();
}
