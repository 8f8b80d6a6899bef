/**
 * Knows how chats, people and times are shown in short.
 * Must not know any state.
 */

import type { Chat, Message } from "../api/shapes.ts";
import { TEXT } from "../text.ts";

export function chatName(chat: Chat): string {
  return chat.title ?? chat.peer?.name ?? TEXT.untitled;
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullDate = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** The time of today, the day of other days. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  return (at.toDateString() === new Date().toDateString() ? time : date).format(at);
}

export const timeOf = (iso: string): string => time.format(new Date(iso));
export const dayOf = (iso: string): string => fullDate.format(new Date(iso));

export function summary(message: Message): string {
  if (message.deleted_at !== null) return TEXT.deleted;
  return message.text ?? message.attachments[0]?.name ?? TEXT.file;
}

/** An initial on a colour that is always the same for this one. */
export function Avatar({ name, id }: { readonly name: string; readonly id: number }) {
  const initial = /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? "?";
  return (
    <span class={`avatar hue${id % 8}`} aria-hidden="true">
      {initial}
    </span>
  );
}
