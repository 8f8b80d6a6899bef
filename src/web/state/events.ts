/**
 * Knows what each event changes in the chats, their messages, members and who is writing.
 * Must not know the socket, nor what to do about events that were missed.
 */

import type { Event, Message } from "../api/shapes.ts";
import { seqOf } from "../api/shapes.ts";
import { changeChat, chats, dropChat, noteLast, noteLastRead, putChats } from "./chats.ts";
import { dropHistory, historyOf } from "./history.ts";
import { meet, notePresence } from "./people.ts";
import { dropMember, dropRoster, noteRead, putMember } from "./rosters.ts";
import { noteWriting } from "./typing.ts";

/** What is left of a deleted message; when it went is not told, nor shown. */
const GONE = {
  text: null,
  attachments: [],
  data: null,
  reply_to: null,
  deleted_at: new Date(0).toISOString(),
} as const;

export function apply(event: Event, self: number): void {
  switch (event.event) {
    case "message.created":
    case "message.updated":
      if (event.event === "message.created") noteWriting(event.chat_id, event.message.user.id, false);
      noteMessage(event.message);
      break;
    case "message.deleted":
      noteDeleted(event.chat_id, event.message_id, event.rev);
      break;
    case "chat.created":
    case "chat.updated":
      putChats([event.chat]);
      break;
    case "chat.removed":
      forgetChat(event.chat_id);
      break;
    case "member.added":
      putMember(event.chat_id, { user: event.user, role: event.role, read_seq: 0 });
      break;
    case "member.removed":
      dropMember(event.chat_id, event.user_id);
      break;
    case "read":
      noteReading(event, self);
      break;
    case "unread":
      changeChat(event.chat_id, () => ({ unread: event.unread }));
      break;
    case "typing":
      noteWriting(event.chat_id, event.user_id, event.on);
      break;
    case "presence":
      notePresence(event.user_id, { online: event.online });
      break;
  }
}

export function noteMessage(message: Message): void {
  meet(message.user);
  historyOf(message.chat_id)?.put([message]);
  noteLast(message);
}

export function noteDeleted(chatId: number, id: number, rev: number): void {
  const gone = (message: Message): Message => ({ ...message, ...GONE, rev });
  historyOf(chatId)?.change([seqOf(id)], () => true, gone);
  const last = chats.peek().get(chatId)?.last_message;
  if (last?.id === id) noteLast(gone(last));
}

export function forgetChat(chatId: number): void {
  dropChat(chatId);
  dropHistory(chatId);
  dropRoster(chatId);
}

function noteReading(event: Extract<Event, { event: "read" }>, self: number): void {
  const { chat_id, user_id } = event;
  const alone = (event.message_ids ?? []).map(seqOf);
  const upTo = event.up_to === undefined ? 0 : seqOf(event.up_to);
  noteRead(chat_id, user_id, upTo, alone);
  // `read` says to the author that somebody else has read it, and to others that they have themselves.
  const fits = (message: Message): boolean =>
    !message.read &&
    (message.seq <= upTo || alone.includes(message.seq)) &&
    (message.user.id === self) !== (user_id === self);
  const history = historyOf(chat_id);
  history?.change(upTo > 0 ? [...history.messages.keys()] : alone, fits, (message) => ({ ...message, read: true }));
  noteLastRead(chat_id, fits);
}
