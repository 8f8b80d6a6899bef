/**
 * Knows what chats, people and messages are called in one line.
 * Must not know how that looks.
 */

import type { Chat, Message } from "../api/shapes.ts";
import { isLocation, kindOf, stickerOf } from "../model/kinds.ts";
import { TEXT } from "../text.ts";

export const chatName = (chat: Chat): string => chat.title ?? chat.peer?.name ?? TEXT.untitled;

/** What somebody says in a message, or what it is. */
export function summary(message: Message): string {
  if (message.deleted_at !== null) return TEXT.deleted;
  if (message.text !== null && message.text !== "" && !isLocation(message) && stickerOf(message) === null)
    return message.text.slice(0, 300).replace(/`+/g, "");
  const [file] = message.attachments;
  const what = TEXT.kinds[file === undefined ? message.type : kindOf(file.mime)] ?? TEXT.unknownKind(message.type);
  if (message.attachments.length > 1) return TEXT.filesOf(message.attachments.length);
  return file === undefined || kindOf(file.mime) === "image" ? what : file.name;
}
