/** Keeps the page in step with the server: the socket, what was missed, what is to be sent. Knows no view. */

import { effect } from "@preact/signals";
import { Problem, request } from "../api/http.ts";
import type { Attachment, Chat, Event, Message, Page, Person } from "../api/shapes.ts";
import { LiveSocket } from "../api/socket.ts";
import {
  apply,
  chats,
  connected,
  dropChat,
  messages,
  noteMessage,
  outbox,
  putChats,
  putLoaded,
  putMessages,
  selected,
} from "./chats.ts";
import { expire, session } from "./session.ts";

let socket: LiveSocket | undefined;

/** @throws Problem */
async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  try {
    return await request<Answer>(method, path, session.value?.token ?? null, body);
  } catch (error) {
    if (error instanceof Problem && error.code.startsWith("auth.")) expire();
    throw error;
  }
}

/** The list, and of each chat whose messages are shown here what changed since. */
async function catchUp(): Promise<void> {
  const before = new Map([...messages.value.keys()].map((id) => [id, chats.value.get(id)?.rev ?? 0]));
  const listed: Chat[] = [];
  for (let cursor = ""; ;) {
    const page = await ask<Page<Chat>>("GET", `/chats?limit=100${cursor}`);
    listed.push(...page.items);
    if (page.next === null) break;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
  const ids = new Set(listed.map((chat) => chat.id));
  for (const id of chats.value.keys()) if (!ids.has(id)) dropChat(id);
  putChats(listed);
  for (const [id, rev] of before) if (ids.has(id)) await changes(id, rev);
}

async function changes(chatId: number, since: number): Promise<void> {
  for (let from = since; ;) {
    const {
      rev,
      messages: changed,
      chat,
    } = await ask<{ rev: number; messages: Message[]; chat: Chat }>("GET", `/chats/${chatId}/changes?since=${from}`);
    putLoaded(chatId, changed);
    putChats([chat]);
    if (rev >= chat.rev || rev <= from) return;
    from = rev;
  }
}

function hear(event: Event): void {
  const known = "chat_id" in event ? chats.value.get(event.chat_id) : undefined;
  const missed = "rev" in event && known !== undefined && event.rev > known.rev + 1;
  const unknown = event.event === "message.created" && known === undefined;
  apply(event, session.value?.user.id ?? 0);
  if (missed) void changes(known.id, known.rev).catch(() => undefined);
  else if (unknown) void catchUp().catch(() => undefined);
}

/** What a server says of a message that it will never take. */
const FOR_GOOD = new Set(["input.invalid", "access.denied", "not_found", "too_large"]);
const RETRY_MS = 3_000;

/** Sends what is pending, in its order; what is not acknowledged is tried again in a while. */
let flushing = false;
async function flush(): Promise<void> {
  if (flushing) return;
  flushing = true;
  try {
    for (let next = outbox.value[0]; next !== undefined; next = outbox.value[0]) {
      const { chatId, clientId, text, attachments } = next;
      const body = {
        client_id: clientId,
        ...(text === "" ? {} : { text }),
        ...(attachments.length === 0 ? {} : { attachments }),
      };
      try {
        noteMessage(await ask<Message>("POST", `/chats/${chatId}/messages`, body), undefined);
      } catch (error) {
        // What the server refuses for good would stand in the way of all the rest; anything else stays.
        if (!(error instanceof Problem) || !FOR_GOOD.has(error.code)) {
          setTimeout(
            () => void flush(),
            error instanceof Problem ? Math.max(RETRY_MS, error.retryAfter * 1_000) : RETRY_MS,
          );
          return;
        }
      }
      outbox.value = outbox.value.filter((pending) => pending.clientId !== clientId);
    }
  } finally {
    flushing = false;
  }
}

export function say(chatId: number, text: string, attachments: readonly string[] = []): void {
  outbox.value = [...outbox.value, { clientId: crypto.randomUUID(), chatId, text, attachments }];
  void flush();
}

/** @throws Problem */
export function upload(file: File): Promise<Attachment> {
  return ask<Attachment>("POST", `/attachments?name=${encodeURIComponent(file.name)}`, file);
}

/** Older messages than those that are known; false where there are none. @throws Problem */
export async function loadOlder(chatId: number): Promise<boolean> {
  const first = messages.value.get(chatId)?.[0];
  const before = first === undefined ? "" : `&before=${first.id}`;
  const page = await ask<Page<Message>>("GET", `/chats/${chatId}/messages?limit=50${before}`);
  putMessages(chatId, page.items);
  return page.next !== null;
}

export async function markRead(chat: Chat): Promise<void> {
  if (chat.unread === 0 || chat.last_message === null) return;
  putChats([{ ...chat, unread: 0 }]);
  await ask("POST", `/chats/${chat.id}/read`, { up_to: chat.last_message.id }).catch(() => undefined);
}

export function setWriting(chatId: number, on: boolean): void {
  void socket?.do("typing", { chat_id: chatId, on }).catch(() => undefined);
}

/** @throws Problem */
export async function findPeople(query: string): Promise<readonly Person[]> {
  const { items } = await ask<Page<Person>>("GET", `/users?limit=20&q=${encodeURIComponent(query)}`);
  return items.filter((person) => person.id !== session.value?.user.id);
}

/** The direct chat with one person, or a new group with several; it is shown. @throws Problem */
export async function openChat(members: readonly number[], title: string | null): Promise<void> {
  const chat = await ask<Chat>("POST", "/chats", title === null ? { members } : { members, title });
  putChats([chat]);
  selected.value = chat.id;
}

/** Follows the session: a socket while somebody is logged in, nothing kept when they have left. */
export function start(): void {
  effect(() => {
    const token = session.value?.token;
    socket?.end();
    socket = undefined;
    if (token === undefined) {
      chats.value = new Map();
      messages.value = new Map();
      outbox.value = [];
      selected.value = null;
      return;
    }
    socket = new LiveSocket(token, {
      event: hear,
      open: () => {
        connected.value = true;
        void catchUp().catch(() => undefined);
        if (selected.peek() !== null) joinSelected();
        void flush();
      },
      lost: () => {
        connected.value = false;
        // A socket that is refused does not say why; a request does.
        void ask("GET", "/me").catch(() => undefined);
      },
    });
  });
  effect(joinSelected);
}

let joined: number | null = null;
function joinSelected(): void {
  const chat = selected.value;
  if (joined !== null && joined !== chat) void socket?.do("chat.leave", { chat_id: joined }).catch(() => undefined);
  joined = chat;
  if (chat !== null) void socket?.do("chat.join", { chat_id: chat }).catch(() => undefined);
}
