/** What a message is, and what may become one. Pure; knows nothing of storage or wires. */

import { invalid, invalidFields } from "./errors.ts";
import type { ChatId, MessageId, UserId } from "./ids.ts";
import { splitMessageId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import type { Person, Role } from "./people.ts";

export const MESSAGE_KINDS = ["text", "image", "sticker", "location", "audio", "file", "customize"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A file that was uploaded. */
export interface Attachment {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** As sniffed from its first bytes, e.g. `image/png`. */
  readonly mime: string;
  /** Pixels, of images. */
  readonly width: number | null;
  readonly height: number | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Message {
  readonly id: MessageId;
  readonly chatId: ChatId;
  readonly seq: number;
  /** The chat's `rev` when this message last changed. */
  readonly rev: number;
  readonly user: Person;
  /** The author's role in the chat, as it is when the message is shown; of those who left, `member`. */
  readonly role: Role;
  readonly kind: MessageKind;
  /** Null where there is none, and once deleted. */
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly data: Json;
  readonly replyTo: MessageId | null;
  readonly clientId: string | null;
  /** Times: milliseconds since 1970. */
  readonly createdAt: number;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
}

/** A message as one viewer sees it: `read` says, to its author, whether somebody else has read it; to anyone else, whether they have. */
export interface SeenMessage extends Message {
  readonly read: boolean;
}

/** What a client asks to send. Fields that are undefined were not given. */
export interface Draft {
  readonly text?: string | undefined;
  readonly kind?: MessageKind | undefined;
  /** Ids of attachments that the sender uploaded. */
  readonly attachments?: readonly string[] | undefined;
  readonly data?: Json | undefined;
  readonly replyTo?: number | undefined;
  readonly clientId?: string | undefined;
  /** The message is deleted once its recipient has fetched it. */
  readonly consumable?: boolean | undefined;
  /** Refuse while the sender has unread messages in this chat. */
  readonly requireRead?: boolean | undefined;
}

/** A draft that has passed every check that needs no storage. */
export interface CheckedDraft {
  readonly text: string | null;
  readonly kind: MessageKind | null;
  readonly attachments: readonly string[];
  readonly data: Json;
  readonly replyTo: MessageId | null;
  readonly clientId: string | null;
}

/** The number of code points in `text`. */
export function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) at++;
    count++;
  }
  return count;
}

/**
 * `text` without the white space at its end.
 * @throws input.invalid where it is longer than a message may be, or holds half a character that no storage could keep
 */
export function checkText(text: string): string {
  const trimmed = text.trimEnd();
  // Twice the limit in UTF-16 units is always too long, so hostile lengths are not counted out.
  if (trimmed.length > 2 * LIMITS.text || codePoints(trimmed) > LIMITS.text) {
    throw invalid("text", `may have at most ${LIMITS.text} characters`);
  }
  if (!trimmed.isWellFormed()) throw invalid("text", "is not valid Unicode: it has an unpaired surrogate");
  return trimmed;
}

/** @throws input.invalid */
export function checkDraft(draft: Draft, chat: ChatId): CheckedDraft {
  const text = draft.text === undefined ? "" : checkText(draft.text);
  const attachments = draft.attachments ?? [];
  const data = draft.data ?? null;
  if (attachments.length > LIMITS.attachments) {
    throw invalid("attachments", `may be at most ${LIMITS.attachments}`);
  }
  if (new Set(attachments).size !== attachments.length) throw invalid("attachments", "names one twice");
  if (data !== null) {
    const encoded = JSON.stringify(data);
    if (encoded.length > LIMITS.dataBytes)
      throw invalid("data", `may have at most ${LIMITS.dataBytes} characters as JSON`);
    if (!encoded.isWellFormed()) throw invalid("data", "is not valid Unicode");
  }
  if (text === "" && attachments.length === 0 && data === null) {
    throw invalidFields([{ path: "text", message: "a message needs a text, an attachment or data" }]);
  }
  if (draft.clientId !== undefined && (draft.clientId.length === 0 || draft.clientId.length > LIMITS.clientId)) {
    throw invalid("client_id", `has 1 to ${LIMITS.clientId} characters`);
  }
  if (draft.clientId !== undefined && !draft.clientId.isWellFormed())
    throw invalid("client_id", "is not valid Unicode");
  let replyTo: MessageId | null = null;
  if (draft.replyTo !== undefined) {
    const target = splitMessageId(draft.replyTo);
    if (target === null || target.chat !== chat) throw invalid("reply_to", "is no message of this chat");
    replyTo = draft.replyTo as MessageId;
  }
  return {
    text: text === "" ? null : text,
    kind: draft.kind ?? null,
    attachments,
    data,
    replyTo,
    clientId: draft.clientId ?? null,
  };
}

/** The kind of a message whose sender named none: `text`, or what its first attachment is. */
export function kindOf(text: string | null, attachments: readonly Attachment[]): MessageKind {
  const first = attachments[0];
  if (text !== null || first === undefined) return "text";
  if (first.mime.startsWith("image/")) return "image";
  if (first.mime.startsWith("audio/")) return "audio";
  return "file";
}

/** Whether a message counts as unread for `reader` while they have not read it. */
export function needsReading(message: { userId: UserId; deletedAt: number | null }, reader: UserId): boolean {
  return message.userId !== reader && message.deletedAt === null;
}
