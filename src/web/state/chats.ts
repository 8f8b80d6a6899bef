/**
 * Knows the chats of the list, and which is the open one.
 * Must not know where any of it comes from.
 */

import { computed, signal } from "@preact/signals";
import type { Chat, DetailedChat, Message } from "../api/shapes.ts";
import { newest } from "../model/newest.ts";
import { meet } from "./people.ts";
import { putRoster } from "./rosters.ts";
import { route, show } from "./route.ts";

export const chats = signal<ReadonlyMap<number, Chat>>(new Map());
/** Whether the list has been fetched: until then, no chat says nothing. */
export const listed = signal(false);

export const chatList = computed(() =>
  [...chats.value.values()].toSorted((a, b) => b.updated_at.localeCompare(a.updated_at) || b.id - a.id),
);
export const current = computed(() => (route.value.chat === null ? undefined : chats.value.get(route.value.chat)));
export const unreadTotal = computed(() => chatList.value.reduce((sum, chat) => sum + chat.unread, 0));

/** Takes in chats as the server tells them; an older state of one does not undo a newer one. */
export function putChats(items: readonly DetailedChat[]): void {
  const next = new Map(chats.peek());
  for (const { members, ...chat } of items) {
    if (members !== undefined) putRoster(chat.id, members);
    if (chat.peer !== null) meet(chat.peer);
    if (chat.last_message !== null) meet(chat.last_message.user);
    const known = next.get(chat.id);
    if ((known?.rev ?? 0) <= chat.rev) next.set(chat.id, known === undefined ? chat : newest(chat, known));
  }
  chats.value = next;
}

export function changeChat(id: number, change: (chat: Chat) => Partial<Chat>): void {
  const chat = chats.peek().get(id);
  if (chat !== undefined) chats.value = new Map(chats.peek()).set(id, { ...chat, ...change(chat) });
}

export function dropChat(id: number): void {
  const next = new Map(chats.peek());
  next.delete(id);
  chats.value = next;
  if (route.peek().chat === id) show(null);
}

/** A new message moves its chat to the top; a changed one may be the last. */
export function noteLast(message: Message): void {
  changeChat(message.chat_id, (chat) => {
    if (message.seq < chat.last_seq) return {};
    const isNew = message.seq > chat.last_seq;
    return {
      last_message: message,
      last_seq: message.seq,
      ...(isNew ? { updated_at: message.created_at } : {}),
    };
  });
}

/** Somebody has read: the last message may be among what they read. */
export function noteLastRead(chatId: number, fits: (message: Message) => boolean): void {
  const last = chats.peek().get(chatId)?.last_message;
  if (last !== undefined && last !== null && fits(last))
    changeChat(chatId, () => ({ last_message: { ...last, read: true } }));
}
