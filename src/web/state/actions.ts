/**
 * Knows what one can do besides writing: find people, begin a chat, read it, send up a file, leave.
 * Must not know how the answers are shown.
 */

import type { Attachment, Chat, Page, Person } from "../api/shapes.ts";
import { changeChat, putChats } from "./chats.ts";
import { tell } from "./connection.ts";
import { histories } from "./history.ts";
import { emptyOutbox } from "./outbox.ts";
import { show } from "./route.ts";
import { ask, logout, session } from "./session.ts";

/** @throws Problem */
export async function findPeople(query: string): Promise<readonly Person[]> {
  const { items } = await ask<Page<Person>>("GET", `/users?limit=20&q=${encodeURIComponent(query)}`);
  return items.filter((person) => person.id !== session.peek()?.user.id);
}

/** The direct chat with one person, or with a title a new group; it is shown. @throws Problem */
export async function openChat(members: readonly Person[], title: string | null): Promise<void> {
  const ids = members.map((person) => person.id);
  const chat = await ask<Chat>("POST", "/chats", title === null ? { members: ids } : { members: ids, title });
  putChats([chat]);
  show(chat.id);
}

/** All messages that are known here have been seen. */
export function markRead(chat: Chat): void {
  const newest = histories.peek().get(chat.id)?.items.at(-1);
  if (chat.unread === 0 || newest === undefined) return;
  changeChat(chat.id, () => ({ unread: 0 }));
  tell("read", { chat_id: chat.id, up_to: newest.id });
}

/** @throws Problem */
export const upload = (file: File): Promise<Attachment> =>
  ask<Attachment>("POST", `/attachments?name=${encodeURIComponent(file.name)}`, file);

/** Logs out, and leaves nothing behind in this browser. */
export function leave(): void {
  emptyOutbox();
  void logout();
}
