/**
 * Knows what each event changes in the chats, their messages and who is writing.
 * Must not know the socket, nor what to do about events that were missed.
 */

import type { Event, Message } from "../api/shapes.ts";
import { changeChat, chats, dropChat, meet, noteLast, putChats } from "./chats.ts";
import { changeMessages, dropHistory, putMessages } from "./history.ts";
import { noteWriting } from "./typing.ts";

/** What is left of a deleted message; when it went is not told, nor shown. */
const GONE = { text: null, attachments: [], deleted_at: new Date(0).toISOString() } as const;

export function apply(event: Event, self: number): void {
  const chatId = "chat_id" in event ? event.chat_id : 0;
  switch (event.event) {
    case "message.created":
    case "message.updated":
      if (event.event === "message.created") noteWriting(chatId, event.message.user.id, false);
      noteMessage(event.message);
      count(chatId, event.unread);
      break;
    case "message.deleted": {
      const gone = (message: Message): Message => ({ ...message, ...GONE, rev: event.rev });
      changeMessages(chatId, (message) => message.id === event.message_id, gone);
      const last = chats.peek().get(chatId)?.last_message;
      if (last?.id === event.message_id) noteLast(gone(last));
      count(chatId, event.unread);
      break;
    }
    case "chat.created":
    case "chat.updated":
      putChats([event.chat]);
      break;
    case "chat.removed":
      dropChat(chatId);
      dropHistory(chatId);
      break;
    case "member.added":
      meet(event.user);
      break;
    case "read": {
      const ids = new Set(event.message_ids);
      const upTo = event.up_to ?? 0;
      // `read` says to the author that somebody else has read it, and to others that they have themselves.
      const fits = (message: Message): boolean =>
        !message.read &&
        (ids.has(message.id) || message.id <= upTo) &&
        (message.user.id === self) !== (event.user_id === self);
      changeMessages(chatId, fits, (message) => ({ ...message, read: true }));
      break;
    }
    case "unread":
      count(chatId, event.unread);
      break;
    case "typing":
      noteWriting(chatId, event.user_id, event.on);
      break;
    case "member.removed":
    case "presence":
      break;
  }
}

export function noteMessage(message: Message): void {
  meet(message.user);
  putMessages(message.chat_id, [message]);
  noteLast(message);
}

function count(chatId: number, unread: number | undefined): void {
  if (unread !== undefined) changeChat(chatId, () => ({ unread }));
}
