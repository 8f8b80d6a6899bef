/** The core's shapes as the document of `methods` has them: Chat, Message, File and User. Knows no event. */

import type { DetailedChat } from "../../core/chat.ts";
import type { Attachment, Message } from "../../core/message.ts";
import type { Person, Role } from "../../core/people.ts";
import { colourOf } from "../../core/people.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
export type LinkTo = (origin: string, attachment: string) => string;

const ROLE: Record<Role, string> = { member: "Member", admin: "Admin", owner: "Owner" };

const iso = (ms: number): string => new Date(ms).toISOString();

/** Clients of this dialect expect numbers for files: the first 48 bits of the attachment's UUID, always the same for one file. */
function fileId(uuid: string): number {
  return Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16);
}

/** The two parts of a name: as they were given, else the shown name cut at its first space. */
function names({ firstName, lastName, name }: Person): { first_name: string; last_name: string } {
  if (firstName !== null || lastName !== null) return { first_name: firstName ?? "", last_name: lastName ?? "" };
  const at = name.indexOf(" ");
  return at < 0
    ? { first_name: name, last_name: "" }
    : { first_name: name.slice(0, at), last_name: name.slice(at + 1) };
}

export function createRender(linkTo: LinkTo) {
  const user = (person: Person, role: Role) => ({
    pk: person.id,
    email: person.email ?? "",
    ...names(person),
    photo: person.photo ?? "",
    color: colourOf(person.id),
    role: ROLE[role],
  });

  const file = (attachment: Attachment, origin: string) => ({
    id: fileId(attachment.id),
    name: attachment.name,
    file: linkTo(origin, attachment.id),
    created_at: iso(attachment.createdAt),
  });

  return {
    chat: (chat: DetailedChat) => ({
      id: chat.id,
      users: chat.members.map((member) => user(member.user, member.role)),
      title: chat.title,
      created_at: iso(chat.createdAt),
      updated_at: iso(chat.updatedAt),
    }),

    /** A message without `is_read`, which each viewer sees differently. */
    unseen: (message: Message, origin: string) => ({
      id: message.id,
      chat: message.chatId,
      user: user(message.user, message.role),
      attached_files: message.attachments.map((attachment) => file(attachment, origin)),
      text: message.text ?? "",
      created_at: iso(message.createdAt),
      updated_at: iso(message.editedAt ?? message.createdAt),
    }),
  };
}

export type Render = ReturnType<typeof createRender>;
