/**
 * Knows what one can do besides writing: find people, begin a chat, read it, change it and its members, leave.
 * Must not know how the answers are shown.
 */

import { Problem } from "../api/http.ts";
import type { Chat, DetailedChat, FoundPerson, Message, Page, Person, Role } from "../api/shapes.ts";
import { messageId } from "../api/shapes.ts";
import { chats, countUnread, putChats } from "./chats.ts";
import { chatCommand, connected } from "./connection.ts";
import { forgetDrafts } from "./drafts.ts";
import { forgetChat } from "./events.ts";
import { historyOf } from "./history.ts";
import { emptyOutbox } from "./outbox.ts";
import { moment } from "./moments.ts";
import { meet, noteFound } from "./people.ts";
import { dropMember } from "./rosters.ts";
import { show } from "./route.ts";
import { ask, logout, selfId } from "./session.ts";
import { forgetSeen } from "./snapshot.ts";
import { refresh, takeDeleted, takeOwn } from "./sync.ts";

/** @throws Problem */
export async function findPeople(query: string): Promise<readonly FoundPerson[]> {
  const asked = moment();
  const { items } = await ask<Page<FoundPerson>>("GET", `/users?limit=20&q=${encodeURIComponent(query)}`);
  for (const person of items) {
    meet(person);
    noteFound(person.id, person.online, asked);
  }
  return items.filter((person) => person.id !== selfId());
}

/** The direct chat with one person, or with a title a new group; it is shown. @throws Problem */
export async function begin(members: readonly Person[], title: string | null): Promise<void> {
  const ids = members.map((person) => person.id);
  const chat = await ask<DetailedChat>("POST", "/chats", title === null ? { members: ids } : { members: ids, title });
  putChats([chat]);
  show(chat.id);
}

/** Messages up to this one have been seen. Said again where the count has not gone down. */
export function markRead(chatId: number, seq: number): void {
  if (!connected.peek()) return;
  const asked = moment();
  void chatCommand<{ readonly unread: number }>(chatId, "read", { up_to: messageId(chatId, seq) })
    .then(({ unread }) => countUnread(chatId, unread, asked))
    .catch(() => undefined);
}

/** @throws Problem; Error where there is no connection, unless the change was told of before that ended */
export async function edit(message: Message, text: string): Promise<void> {
  try {
    const answer = await chatCommand<{ readonly message: Message }>(message.chat_id, "message.edit", {
      message_id: message.id,
      text,
    });
    takeOwn(answer.message);
  } catch (failure) {
    const isTold = historyOf(message.chat_id)?.messages.get(message.seq)?.text === text;
    if (failure instanceof Problem || !isTold) throw failure;
  }
}

/** @throws Problem; Error where there is no connection */
export async function erase(message: Message): Promise<void> {
  await chatCommand(message.chat_id, "message.delete", { message_id: message.id });
  takeDeleted(message.chat_id, message.id);
}

/** @throws Problem */
export async function rename(chatId: number, title: string): Promise<void> {
  await ask<Chat>("PATCH", `/chats/${chatId}`, { title });
  await refresh(chatId);
}

/** Adds somebody, or gives them another role. @throws Problem */
export async function putMember(chatId: number, userId: number, role?: Role): Promise<void> {
  await ask<DetailedChat>("PUT", `/chats/${chatId}/members/${userId}`, role === undefined ? {} : { role });
  await refresh(chatId);
}

/** @throws Problem */
export async function removeMember(chatId: number, userId: number): Promise<void> {
  await ask("DELETE", `/chats/${chatId}/members/${userId}`);
  if (userId === selfId()) forgetChat(chatId);
  else {
    dropMember(chatId, userId);
    await refresh(chatId);
  }
}

/** Erases a chat for everyone. @throws Problem */
export async function eraseChat(chatId: number): Promise<void> {
  await ask("DELETE", `/chats/${chatId}`);
  if (chats.peek().has(chatId)) forgetChat(chatId);
}

/** Logs out, and leaves nothing behind in this browser. @throws Problem, and one stays, where `everywhere` can't be done */
export async function leave(everywhere: boolean): Promise<void> {
  const user = selfId();
  if (everywhere) await logout(true);
  await emptyOutbox();
  forgetDrafts();
  await forgetSeen(user);
  if (!everywhere) await logout(false);
}
