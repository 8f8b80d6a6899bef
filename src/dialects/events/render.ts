/** The core's shapes as the document of `events` has them; ids are strings. Knows no event. */

import type { Chat } from "../../core/chat.ts";
import type { UserId } from "../../core/ids.ts";
import type { Message, MessageKind } from "../../core/message.ts";
import type { Person } from "../../core/people.ts";
import type { User } from "../../core/ports.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
export type LinkTo = (origin: string, attachment: string) => string;

const iso = (ms: number): string => new Date(ms).toISOString();

const typeOf = (kind: MessageKind): string => (kind === "image" ? "img" : kind);

export function createRender(linkTo: LinkTo) {
  /** The one text of a message: what was written, then where its files are, a line each; its data where it has neither. */
  function textOf({ text, attachments, data }: Message, origin: string): string {
    const lines = attachments.map((attachment) => linkTo(origin, attachment.id));
    if (text !== null) lines.unshift(text);
    if (lines.length === 0 && data !== null) lines.push(JSON.stringify(data));
    return lines.join("\n");
  }

  return {
    user: (user: User) => ({
      id: String(user.id),
      external_id: user.externalId,
      name: user.name,
      photo: user.photo ?? "",
      created_at: iso(user.createdAt),
      modified_at: iso(user.updatedAt),
      updated_at: iso(user.updatedAt),
    }),

    /** `peer`: the other one of a direct chat, after whom it is called. */
    chat: (chat: Chat & { readonly peer?: Person | null }, users: readonly UserId[]) => ({
      id: String(chat.id),
      name: chat.title ?? chat.peer?.name ?? "",
      users: users.map(String),
      created_at: iso(chat.createdAt),
      modified_at: iso(chat.updatedAt),
      updated_at: iso(chat.updatedAt),
    }),

    message(message: Message, origin: string) {
      const text = textOf(message, origin);
      const modified = iso(message.editedAt ?? message.createdAt);
      return {
        id: String(message.id),
        msg: text,
        message: text,
        type: typeOf(message.kind),
        user_id: String(message.user.id),
        chat_id: String(message.chatId),
        created_at: iso(message.createdAt),
        modified_at: modified,
        updated_at: modified,
      };
    },
  };
}

export type Render = ReturnType<typeof createRender>;
