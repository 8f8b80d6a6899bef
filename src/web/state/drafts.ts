/**
 * Knows what was written in each chat and not sent yet, also after a reload.
 * Must not know where one writes.
 */

import { signal } from "@preact/signals";
import { selfId } from "./session.ts";
import { load, save } from "./storage.ts";

const key = (): string => `parlance.drafts.${selfId()}`;

export const drafts = signal<Readonly<Record<string, string>>>({});

const kept = (): Record<string, string> | null => load(localStorage, key()) as Record<string, string> | null;

export function restoreDrafts(): void {
  drafts.value = kept() ?? {};
}

/** What is written in another tab stands here too. */
export function followDrafts(): void {
  addEventListener("storage", (event) => {
    if (event.key === key()) restoreDrafts();
  });
}

export function keepDraft(chatId: number, text: string): void {
  if ((drafts.peek()[chatId] ?? "") === text) return;
  // Another tab may have written elsewhere just now.
  const { [chatId]: _, ...others } = kept() ?? drafts.peek();
  drafts.value = text === "" ? others : { ...others, [chatId]: text };
  save(localStorage, key(), Object.keys(drafts.peek()).length === 0 ? null : drafts.peek());
}

export function forgetDrafts(): void {
  save(localStorage, key(), null);
  drafts.value = {};
}
