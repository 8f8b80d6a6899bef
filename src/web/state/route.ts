/**
 * Knows which chat is shown, and keeps it in the address, so that Back and a reload do what is expected.
 * Must not know what a chat is.
 */

import { signal } from "@preact/signals";

const PREFIX = "#/chats/";

function inAddress(): number | null {
  const id = location.hash.startsWith(PREFIX) ? Number(location.hash.slice(PREFIX.length)) : 0;
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

export const selected = signal(inAddress());

export function show(chatId: number | null): void {
  if (selected.peek() === chatId) return;
  selected.value = chatId;
  location.hash = chatId === null ? "" : `${PREFIX}${chatId}`;
}

export function followAddress(): void {
  addEventListener("hashchange", () => (selected.value = inAddress()));
}
