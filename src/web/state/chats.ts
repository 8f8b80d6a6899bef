/** The chats and messages that the page knows, and how events change them. Knows no view. */

import { computed, signal } from "@preact/signals";
import type { Chat, Event, Message } from "../api/shapes.ts";

/** A message on its way, kept until the server has it. */
export interface Pending {
  readonly clientId: string;
  readonly chatId: number;
  readonly text: string;
  readonly attachments: readonly string[];
}

export const chats = signal<ReadonlyMap<number, Chat>>(new Map());
export const messages = signal<ReadonlyMap<number, readonly Message[]>>(new Map());
export const outbox = signal<readonly Pending[]>([]);
/** Who writes in which chat just now. */
export const writers = signal<ReadonlyMap<number, ReadonlySet<number>>>(new Map());
export const selected = signal<number | null>(null);
export const connected = signal(true);

export const chatList = computed(() =>
  [...chats.value.values()].toSorted((a, b) => b.updated_at.localeCompare(a.updated_at) || b.id - a.id),
);
export const current = computed(() => (selected.value === null ? undefined : chats.value.get(selected.value)));

export function putChats(items: readonly Chat[]): void {
  const next = new Map(chats.value);
  for (const chat of items) next.set(chat.id, chat);
  chats.value = next;
}

export function dropChat(id: number): void {
  const next = new Map(chats.value);
  next.delete(id);
  chats.value = next;
  if (selected.value === id) selected.value = null;
}

/** Adds messages to a chat, or puts them in the place of what is known of them. */
export function putMessages(chatId: number, items: readonly Message[]): void {
  const byId = new Map((messages.value.get(chatId) ?? []).map((message) => [message.id, message]));
  for (const message of items) byId.set(message.id, message);
  messages.value = new Map(messages.value).set(
    chatId,
    [...byId.values()].toSorted((a, b) => a.seq - b.seq),
  );
  const acknowledged = new Set(items.map((message) => message.client_id));
  outbox.value = outbox.value.filter((pending) => !acknowledged.has(pending.clientId));
}

function change(chatId: number, fields: Partial<Chat>): void {
  const chat = chats.value.get(chatId);
  if (chat !== undefined) putChats([{ ...chat, ...fields }]);
}

/** Of these messages takes over those that are not older than what is loaded. */
export function putLoaded(chatId: number, items: readonly Message[]): void {
  const oldest = messages.value.get(chatId)?.[0]?.seq ?? chats.value.get(chatId)?.last_seq ?? 0;
  putMessages(
    chatId,
    items.filter((message) => message.seq >= oldest),
  );
}

/**
 * A message came, or changed. One that is older than what is loaded stays out: history would go on from it and leave a
 * hole. The newest of a chat moves it to the top of the list.
 */
export function noteMessage(message: Message, unread: number | undefined): void {
  const chat = chats.value.get(message.chat_id);
  putLoaded(message.chat_id, [message]);
  if (chat === undefined) return;
  const newest = message.seq >= chat.last_seq;
  change(chat.id, {
    rev: Math.max(chat.rev, message.rev),
    ...(newest ? { last_message: message, last_seq: message.seq } : {}),
    ...(message.seq > chat.last_seq ? { updated_at: message.created_at } : {}),
    ...(unread === undefined ? {} : { unread }),
  });
}

/** The messages of `chatId` that `fits` are read by somebody now. */
function markRead(chatId: number, fits: (message: Message) => boolean): void {
  const known = messages.value.get(chatId) ?? [];
  putMessages(
    chatId,
    known.filter((message) => !message.read && fits(message)).map((message) => ({ ...message, read: true })),
  );
}

function setWriting(chatId: number, user: number, on: boolean): void {
  const now = new Set(writers.value.get(chatId));
  if (on) now.add(user);
  else now.delete(user);
  writers.value = new Map(writers.value).set(chatId, now);
}

export function apply(event: Event, self: number): void {
  switch (event.event) {
    case "message.created":
      setWriting(event.chat_id, event.message.user.id, false);
      noteMessage(event.message, event.unread);
      break;
    case "message.updated":
      noteMessage(event.message, event.unread);
      break;
    case "message.deleted": {
      const last = chats.value.get(event.chat_id)?.last_message;
      const loaded = messages.value.get(event.chat_id)?.find((message) => message.id === event.message_id);
      const known = loaded ?? (last?.id === event.message_id ? last : undefined);
      if (known !== undefined)
        noteMessage(
          { ...known, text: null, attachments: [], deleted_at: new Date().toISOString(), rev: event.rev },
          event.unread,
        );
      break;
    }
    case "chat.created":
    case "chat.updated":
      putChats([event.chat]);
      break;
    case "chat.removed":
      dropChat(event.chat_id);
      break;
    case "member.added":
    case "member.removed":
      change(event.chat_id, { rev: event.rev });
      break;
    case "read": {
      const ids = new Set(event.message_ids);
      const upTo = event.up_to ?? 0;
      markRead(
        event.chat_id,
        (message) =>
          (ids.has(message.id) || message.id <= upTo) && (message.user.id === self) !== (event.user_id === self),
      );
      break;
    }
    case "unread":
      change(event.chat_id, { unread: event.unread });
      break;
    case "typing":
      setWriting(event.chat_id, event.user_id, event.on);
      break;
    case "presence":
      break;
  }
}
