/**
 * Knows the chats of the list, and which is the open one.
 * Must not know where any of it comes from.
 */

import { computed, signal } from "@preact/signals";
import type { Chat, DetailedChat, Message } from "../api/shapes.ts";
import { newest } from "../model/newest.ts";
import { moment, noteTold, wasToldSince } from "./moments.ts";
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

const going = (id: number): string => `going/${id}`;
const counting = (id: number): string => `counting/${id}`;
/** What was told last to be unread in a chat, which may not be in the list yet. */
const counts = new Map<number, number>();

/**
 * Takes in chats as the server tells them; an older state of one does not undo a newer one. `asked`: the moment of the
 * question that they answer: who has left a chat since, or read it, has done so after what the answer says.
 */
export function putChats(items: readonly DetailedChat[], asked = moment()): void {
  const next = new Map(chats.peek());
  for (const { members, ...chat } of items) {
    const known = next.get(chat.id);
    const isOver = known === undefined ? wasToldSince(going(chat.id), asked) : known.rev > chat.rev;
    if (isOver) continue;
    if (members !== undefined) putRoster(chat.id, members);
    if (chat.peer !== null) meet(chat.peer);
    if (chat.last_message !== null) meet(chat.last_message.user);
    const latest = known === undefined ? chat : newest(chat, known);
    const unread = wasToldSince(counting(chat.id), asked) ? counts.get(chat.id) : undefined;
    next.set(chat.id, unread === undefined ? latest : { ...latest, unread });
  }
  chats.value = next;
}

export function changeChat(id: number, change: (chat: Chat) => Partial<Chat>): void {
  const chat = chats.peek().get(id);
  if (chat !== undefined) chats.value = new Map(chats.peek()).set(id, { ...chat, ...change(chat) });
}

/** What is unread is no change of the chat, so no `rev` says which count is newer. */
export function countUnread(id: number, unread: number, asked = moment()): void {
  if (wasToldSince(counting(id), asked)) return;
  noteTold(counting(id));
  counts.set(id, unread);
  changeChat(id, () => ({ unread }));
}

export function dropChat(id: number): void {
  noteTold(going(id));
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
