/** The core's shapes as `/v1` writes them: snake_case, ISO times, signed links. Knows no transport. */

import type { DetailedChat, ListedChat } from "../../core/chat.ts";
import type { Attachment, Message, SeenMessage } from "../../core/message.ts";
import type { Member, Person } from "../../core/people.ts";
import type { User } from "../../core/ports.ts";
import { createMessageText } from "./message-text.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
export type LinkTo = (origin: string, attachment: string) => string;

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export function createRender(linkTo: LinkTo) {
  const person = ({ id, username, name, photo }: Person) => ({ id, username, name, photo });

  const attachment = ({ id, name, size, mime, width, height }: Attachment, origin: string) => ({
    id,
    name,
    size,
    mime,
    url: linkTo(origin, id),
    ...(width === null ? {} : { width }),
    ...(height === null ? {} : { height }),
  });

  /** A message without what each viewer sees differently. */
  const unseen = (message: Message, origin: string) => ({
    id: message.id,
    chat_id: message.chatId,
    seq: message.seq,
    rev: message.rev,
    user: person(message.user),
    type: message.kind,
    text: message.text,
    attachments: message.attachments.map((one) => attachment(one, origin)),
    data: message.data,
    reply_to: message.replyTo,
    client_id: message.clientId,
    created_at: iso(message.createdAt),
    edited_at: isoOrNull(message.editedAt),
    deleted_at: isoOrNull(message.deletedAt),
  });

  const seen = (message: SeenMessage, origin: string) => ({ ...unseen(message, origin), read: message.read });

  const messageText = createMessageText(person, attachment);

  /** A page of messages as JSON: `"items":[…],"next":…`. */
  const pageText = (
    { items, next }: { items: readonly SeenMessage[]; next: number | null },
    origin: string,
  ): string => {
    // Put together as it goes: the runtime copies it once, when it is sent; to join copies it before.
    let text = "";
    for (const message of items) text += `${text === "" ? "" : ","}${messageText.seen(message, origin)}`;
    return `"items":[${text}],"next":${next}`;
  };

  const chat = (one: ListedChat, origin: string) => ({
    id: one.id,
    kind: one.kind,
    title: one.title,
    peer: one.peer === null ? null : person(one.peer),
    members_count: one.membersCount,
    created_at: iso(one.createdAt),
    updated_at: iso(one.updatedAt),
    rev: one.rev,
    last_seq: one.lastSeq,
    unread: one.unread,
    last_message: one.lastMessage === null ? null : seen(one.lastMessage, origin),
  });

  const member = ({ user, role, readSeq }: Member) => ({ user: person(user), role, read_seq: readSeq });

  return {
    person,
    attachment,
    seen,
    pageText,
    openText: messageText.open,
    seenText: messageText.seen,
    chat,
    member,
    detailed: (one: DetailedChat, origin: string) => ({ ...chat(one, origin), members: one.members.map(member) }),
    user: (user: User) => ({
      ...person(user),
      email: user.email,
      created_at: iso(user.createdAt),
      updated_at: iso(user.updatedAt),
    }),
  };
}

export type Render = ReturnType<typeof createRender>;
