/**
 * Knows how to get what was missed: after the start, after a loss of the connection, and after a hole in `rev`; and the
 * pages of history, each once.
 * Must not know the socket, nor what an event changes.
 */

import { signal } from "@preact/signals";
import { Problem } from "../api/http.ts";
import type { Changes, Chat, DetailedChat, Event, Message, Page } from "../api/shapes.ts";
import { messageId } from "../api/shapes.ts";
import type { Span } from "../model/span.ts";
import { missing } from "../model/span.ts";
import { changeChat, chats, countUnread, listed, putChats } from "./chats.ts";
import { apply, forgetChat, noteDeleted, noteMessage } from "./events.ts";
import { historyOf, openHistory, opened } from "./history.ts";
import { moment } from "./moments.ts";
import { putRoster, rosters } from "./rosters.ts";
import { ask } from "./session.ts";

const PAGE = 100;
/** With more changes than these missed, what was known of a chat is fetched anew. */
const TOO_MANY = 2_000;

/** Whether what was missed is being fetched. */
export const updating = signal(false);

const knownRev = (chatId: number): number | undefined => historyOf(chatId)?.rev ?? chats.peek().get(chatId)?.rev;

/** An event, or the answer to a command of ours: the next change of a chat, an old one, or one after a hole. */
function take(chatId: number, rev: number, change: () => void): void {
  const known = knownRev(chatId);
  if (known !== undefined && rev <= known) return;
  change();
  if (known === undefined || rev > known + 1) {
    void refresh(chatId).catch(() => undefined);
    return;
  }
  const history = historyOf(chatId);
  if (history !== undefined) history.rev = rev;
  changeChat(chatId, (chat) => ({ rev: Math.max(rev, chat.rev) }));
}

/** `all`: as in the connection; both sockets may say the same. */
export function hear(event: Event, all: boolean, self: number): void {
  if (event.event === "chat.created") {
    apply(event, self);
    // Somebody who comes back to a chat has missed what was said meanwhile.
    if (historyOf(event.chat_id) !== undefined) void refresh(event.chat_id).catch(() => undefined);
  } else if (event.event === "member.added" || event.event === "member.removed") {
    // Several people may come or go by one change.
    apply(event, self);
    take(event.chat_id, event.rev, () => undefined);
    countMembers(event.chat_id);
  } else if ("rev" in event) {
    take(event.chat_id, event.rev, () => apply(event, self));
    if (all && "unread" in event && event.unread !== undefined) countUnread(event.chat_id, event.unread);
  } else apply(event, self);
}

function countMembers(chatId: number): void {
  const roster = rosters.peek().get(chatId);
  if (roster !== undefined) changeChat(chatId, () => ({ members_count: roster.size }));
}

export const takeOwn = (message: Message): void => take(message.chat_id, message.rev, () => noteMessage(message));

/** A message of ours is deleted: which `rev` that was is not said, so the chat is asked. */
export function takeDeleted(chatId: number, id: number): void {
  noteDeleted(chatId, id, knownRev(chatId) ?? 0);
  void refresh(chatId).catch(() => undefined);
}

/** The list of chats anew, and of each that was opened what changed since. @throws Problem */
export async function catchUp(): Promise<void> {
  updating.value = true;
  const asked = moment();
  // A chat that begins meanwhile may be missing in the list.
  const before = [...chats.peek().keys()];
  try {
    const found: Chat[] = [];
    let pages = 0;
    for (let cursor = ""; ; pages++) {
      const page = await ask<Page<Chat>>("GET", `/chats?limit=100${cursor}`);
      found.push(...page.items);
      if (page.next === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    const ids = new Set(found.map((chat) => chat.id));
    // What became active between two pages went up past them: then it stands in none.
    for (const id of before) if (!ids.has(id) && (pages === 0 || (await isGone(id)))) forgetChat(id);
    putChats(found, asked);
    listed.value = true;
    for (const id of opened()) await refreshOrForget(id);
  } finally {
    updating.value = false;
  }
}

const isOut = (error: unknown): boolean =>
  error instanceof Problem && (error.code === "not_found" || error.code === "access.denied");

/** Whether one is not in this chat any more. @throws Problem where that can't be told */
async function isGone(chatId: number): Promise<boolean> {
  try {
    await ask("GET", `/chats/${chatId}`);
    return false;
  } catch (error) {
    if (isOut(error)) return true;
    throw error;
  }
}

async function refreshOrForget(chatId: number): Promise<void> {
  try {
    await refresh(chatId);
  } catch (error) {
    if (!isOut(error)) throw error;
    forgetChat(chatId);
  }
}

interface Refreshing {
  readonly run: Promise<void>;
  /** Begins when `run` is over, for those who asked while it was under way: it may have been asked too early for them. */
  next?: Promise<void>;
}

const refreshing = new Map<number, Refreshing>();

/** One chat as it is now: with what changed in it where it was opened, else only its line in the list. @throws Problem */
export function refresh(chatId: number): Promise<void> {
  const running = refreshing.get(chatId);
  if (running === undefined) {
    const run = fetchChanges(chatId).finally(() => refreshing.delete(chatId));
    refreshing.set(chatId, { run });
    return run;
  }
  running.next ??= running.run.catch(() => undefined).then(() => refresh(chatId));
  return running.next;
}

async function fetchChanges(chatId: number): Promise<void> {
  const asked = moment();
  const history = historyOf(chatId);
  // Who has read how far is no change of the chat: it comes with the chat as it is now.
  const detailed = await ask<DetailedChat>("GET", `/chats/${chatId}`);
  if (history === undefined) {
    putChats([detailed], asked);
    return;
  }
  if (detailed.rev - history.rev > TOO_MANY) {
    history.reset(detailed.rev);
    putChats([detailed], asked);
    return;
  }
  if (detailed.members !== undefined && detailed.rev >= history.rev) putRoster(chatId, detailed.members);
  while (history.rev < detailed.rev) {
    const { rev, messages, members, chat } = await ask<Changes>("GET", `/chats/${chatId}/changes?since=${history.rev}`);
    history.put(messages);
    // Events may have overtaken it.
    if (rev < history.rev) return;
    if (members.length > 0) putRoster(chatId, members);
    putChats([chat], asked);
    if (rev <= history.rev) return;
    history.rev = rev;
  }
  putChats([detailed], asked);
}

/** Opens a chat: its people, and whatever page is looked at first. @throws Problem */
export async function openChat(chatId: number): Promise<void> {
  const chat = chats.peek().get(chatId);
  if (chat === undefined) return;
  openHistory(chatId, chat.rev);
  if (!rosters.peek().has(chatId)) await refresh(chatId);
}

const fetching = new Map<string, Promise<void>>();

/** Fetches those messages of a stretch that are not there yet. @throws Problem; another Error where there is no connection */
export async function ensure(chatId: number, span: Span): Promise<void> {
  const history = historyOf(chatId);
  if (history === undefined) return;
  // In whole pages, so that what two ask for is asked for once.
  const last = chats.peek().get(chatId)?.last_seq ?? 0;
  const from = Math.floor((Math.max(1, span.from) - 1) / PAGE) * PAGE + 1;
  const to = Math.min(last, Math.ceil(span.to / PAGE) * PAGE);
  const known = (seq: number): boolean => history.messages.has(seq);
  if (missing({ from: Math.max(1, span.from), to: Math.min(span.to, last) }, known, PAGE).length === 0) return;
  await Promise.all(
    missing({ from, to }, known, PAGE).map((hole) => {
      const key = `${chatId}/${hole.from}`;
      const running = fetching.get(key);
      if (running !== undefined) return running;
      const run = fetchPage(chatId, hole).finally(() => fetching.delete(key));
      fetching.set(key, run);
      return run;
    }),
  );
}

async function fetchPage(chatId: number, { from, to }: Span): Promise<void> {
  // There is no message before the first; 0 is before all.
  const after = from === 1 ? 0 : messageId(chatId, from - 1);
  const limit = to - from + 1;
  const page = await ask<Page<Message>>("GET", `/chats/${chatId}/messages?after=${after}&limit=${limit}`);
  historyOf(chatId)?.put(page.items);
}
