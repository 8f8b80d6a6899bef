/**
 * Knows the chats of the one who is logged in, their order, and the people met in them.
 * Must not know the messages of a chat but its last, nor where any of it comes from.
 */

import { computed, signal } from "@preact/signals";
import type { Chat, Message, Person } from "../api/shapes.ts";
import { selected, show } from "./route.ts";

export const chats = signal<ReadonlyMap<number, Chat>>(new Map());
/** Whether the list has been fetched: until then, no chat says nothing. */
export const listed = signal(false);

export const chatList = computed(() =>
  [...chats.value.values()].toSorted((a, b) => b.updated_at.localeCompare(a.updated_at) || b.id - a.id),
);
export const current = computed(() => (selected.value === null ? undefined : chats.value.get(selected.value)));
export const unreadTotal = computed(() => chatList.value.reduce((sum, chat) => sum + chat.unread, 0));

const people = new Map<number, Person>();
export const personOf = (id: number): Person | undefined => people.get(id);
export const meet = (person: Person): void => void people.set(person.id, person);

/** Takes in chats as the server tells them; an older state of one does not undo a newer one. */
export function putChats(items: readonly Chat[]): void {
  const next = new Map(chats.peek());
  for (const { members, ...chat } of items) {
    for (const { user } of members ?? []) meet(user);
    if (chat.peer !== null) meet(chat.peer);
    if ((next.get(chat.id)?.rev ?? 0) <= chat.rev) next.set(chat.id, chat);
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
  if (selected.peek() === id) show(null);
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
