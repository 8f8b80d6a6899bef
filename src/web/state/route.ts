/**
 * Knows which chat is shown, and which page beside it, and keeps them in the address, so that Back and a reload do what is
 * expected.
 * Must not know what a chat is.
 */

import { signal } from "@preact/signals";

interface Route {
  readonly chat: number | null;
  /** Whether the page about the chat is open. */
  readonly info: boolean;
}

const ADDRESS = /^#\/chats\/(\d{1,15})(\/info)?$/;

function inAddress(): Route {
  const [, id, info] = ADDRESS.exec(location.hash) ?? [];
  return id === undefined || Number(id) === 0
    ? { chat: null, info: false }
    : { chat: Number(id), info: info !== undefined };
}

export const route = signal<Route>(inAddress());

export const addressOf = (chat: number | null, info = false): string =>
  chat === null ? "#/" : `#/chats/${chat}${info ? "/info" : ""}`;

export function show(chat: number | null, info = false): void {
  const now = route.peek();
  if (now.chat === chat && now.info === info) return;
  route.value = { chat, info };
  location.hash = addressOf(chat, info);
}

export function followAddress(): void {
  addEventListener("hashchange", () => {
    const next = inAddress();
    const now = route.peek();
    if (next.chat !== now.chat || next.info !== now.info) route.value = next;
  });
}
