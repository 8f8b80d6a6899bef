/**
 * Knows how to get what was missed: after the start, after a loss of the connection, and after a hole in `rev`.
 * Must not know the socket, nor what an event changes.
 */

import type { Changes, Chat, Event, Message, Page } from "../api/shapes.ts";
import { changeChat, chats, dropChat, listed, putChats } from "./chats.ts";
import { apply, noteMessage } from "./events.ts";
import { dropHistory, histories, putMessages, putPage, reached } from "./history.ts";
import { ask } from "./session.ts";

const knownRev = (chatId: number): number | undefined =>
  histories.peek().get(chatId)?.rev ?? chats.peek().get(chatId)?.rev;

/** An event, or the answer to a command of ours: the next change of a chat, an old one, or one after a hole. */
function take(chatId: number, rev: number, change: () => void): void {
  const known = knownRev(chatId);
  if (known !== undefined && rev <= known) return;
  change();
  if (known === undefined || rev > known + 1) {
    void refresh(chatId).catch(() => undefined);
    return;
  }
  reached(chatId, rev);
  changeChat(chatId, (chat) => ({ rev: Math.max(rev, chat.rev) }));
}

export function hear(event: Event, self: number): void {
  if (event.event === "chat.created") {
    apply(event, self);
    // Somebody who comes back to a chat has missed what was said meanwhile.
    if (histories.peek().has(event.chat_id)) void refresh(event.chat_id).catch(() => undefined);
  } else if (event.event === "member.added") {
    // Several people may be added by one change.
    apply(event, self);
    take(event.chat_id, event.rev, () => undefined);
  } else if ("rev" in event) take(event.chat_id, event.rev, () => apply(event, self));
  else apply(event, self);
}

export const takeOwn = (message: Message): void => take(message.chat_id, message.rev, () => noteMessage(message));

/** The list of chats anew, and of each that was opened what changed since. @throws Problem */
export async function catchUp(): Promise<void> {
  const found: Chat[] = [];
  for (let cursor = ""; ;) {
    const page = await ask<Page<Chat>>("GET", `/chats?limit=100${cursor}`);
    found.push(...page.items);
    if (page.next === null) break;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
  const ids = new Set(found.map((chat) => chat.id));
  for (const id of chats.peek().keys()) {
    if (ids.has(id)) continue;
    dropChat(id);
    dropHistory(id);
  }
  putChats(found);
  listed.value = true;
  for (const id of histories.peek().keys()) await refresh(id);
}

const refreshing = new Map<number, Promise<void>>();

/** One chat as it is now: with what changed in it where it was opened, else only its line in the list. @throws Problem */
function refresh(chatId: number): Promise<void> {
  const running = refreshing.get(chatId);
  if (running !== undefined) return running;
  const run = fetchChanges(chatId).finally(() => refreshing.delete(chatId));
  refreshing.set(chatId, run);
  return run;
}

async function fetchChanges(chatId: number): Promise<void> {
  for (;;) {
    const since = histories.peek().get(chatId)?.rev;
    if (since === undefined) {
      putChats([await ask<Chat>("GET", `/chats/${chatId}`)]);
      return;
    }
    const { rev, messages, members, chat } = await ask<Changes>("GET", `/chats/${chatId}/changes?since=${since}`);
    putMessages(chatId, messages);
    putChats([{ ...chat, members }]);
    reached(chatId, rev);
    if (rev >= chat.rev || rev <= since) return;
  }
}

/** Opens a chat: its newest messages, and who its people are. @throws Problem */
export async function openHistory(chatId: number): Promise<void> {
  if (histories.peek().has(chatId)) return;
  const chat = await ask<Chat>("GET", `/chats/${chatId}`);
  putChats([chat]);
  const page = await ask<Page<Message>>("GET", `/chats/${chatId}/messages?limit=50`);
  if (!chats.peek().has(chatId)) return;
  putPage(chatId, page.items, page.next !== null, chat.rev);
  // What happened while the page was on its way.
  if ((chats.peek().get(chatId)?.rev ?? 0) > chat.rev) await refresh(chatId);
}

/** Fetches the messages before those that are known; they are shown when the answer is called. @throws Problem */
export async function fetchOlder(chatId: number): Promise<() => void> {
  const first = histories.peek().get(chatId)?.items[0];
  if (first === undefined) return () => undefined;
  const page = await ask<Page<Message>>("GET", `/chats/${chatId}/messages?limit=50&before=${first.id}`);
  return () => putPage(chatId, page.items, page.next !== null, 0);
}
