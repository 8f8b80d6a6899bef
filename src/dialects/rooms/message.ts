/** Messages as the document of `rooms` has them: texts as base64 of UTF-8. Knows no event. */

import { Buffer } from "node:buffer";
import type { AppId } from "../../core/ids.ts";
import type { Attachment, Message } from "../../core/message.ts";
import { renderUser } from "./render.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
export type LinkTo = (origin: string, attachment: string) => string;

const iso = (ms: number): string => new Date(ms).toISOString();

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

export function createRenderMessage(linkTo: LinkTo) {
  const file = ({ id, name, size, mime, width, height }: Attachment, origin: string) => ({
    id,
    name,
    size,
    mime,
    width,
    height,
    url: linkTo(origin, id),
  });

  /** The documented fields; then `user`, and what a message may have in other dialects. */
  return (message: Message, app: AppId, origin: string) => ({
    id: message.id,
    roomId: message.chatId,
    message: base64(message.text ?? ""),
    userId: message.user.id,
    updatedAt: iso(message.editedAt ?? message.createdAt),
    createdAt: iso(message.createdAt),
    deletedAt: message.deletedAt === null ? null : iso(message.deletedAt),
    user: renderUser(message.user, app),
    type: message.kind,
    attachments: message.attachments.map((attachment) => file(attachment, origin)),
    data: message.data,
  });
}

export type RenderMessage = ReturnType<typeof createRenderMessage>;
