/** How chats, people and times are shown in short. Knows shapes; knows no state. */

import type { Chat, Message } from "../api/shapes.ts";
import { TEXT } from "../text.ts";

export function chatName(chat: Chat): string {
  return chat.title ?? chat.peer?.name ?? TEXT.untitled;
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** The time of today, the day of other days. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  return (at.toDateString() === new Date().toDateString() ? time : date).format(at);
}

export const timeOf = (iso: string): string => time.format(new Date(iso));
export const dayOf = (iso: string): string => date.format(new Date(iso));

export function summary(message: Message | null): string {
  if (message === null) return "";
  if (message.deleted_at !== null) return TEXT.deleted;
  return message.text ?? message.attachments[0]?.name ?? TEXT.file;
}

/** Initials on a colour that is always the same for this name. */
export function Avatar({ name, id }: { readonly name: string; readonly id: number }) {
  const initials = /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? "?";
  return (
    <span class={`avatar hue${id % 8}`} aria-hidden="true">
      {initials}
    </span>
  );
}
