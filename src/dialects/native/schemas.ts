/**
 * The shapes of `/v1`: what is taken in, and what is given out. The same schemas validate and stand in the OpenAPI
 * document, those with a `ref` under that name.
 */

import { z } from "zod";
import { CHAT_KINDS } from "../../core/chat.ts";
import { chatId, userId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import { MESSAGE_KINDS } from "../../core/message.ts";
import { ROLES } from "../../core/people.ts";
import { chatIdInput, integer, isShallow, numericId, wellFormed } from "../input.ts";

/** Any JSON, but not nested so deep that reading it would exhaust the stack. */
const json = z
  .unknown()
  .refine(isShallow, "is nested too deep")
  .transform((value) => value as Json);
const user = numericId.transform(userId);
const limit = integer(1, LIMITS.page);
const title = wellFormed(LIMITS.title).trim().min(1);

// ---- in -------------------------------------------------------------------------------------------------------

export const registerInput = z
  .object({
    username: z.string(),
    password: z.string(),
    name: wellFormed(LIMITS.name).optional(),
    email: z.email().max(LIMITS.email).optional(),
  })
  .meta({ ref: "Registration", examples: [{ username: "ann", password: "correct horse battery", name: "Ann Lee" }] });

export const loginInput = z
  .object({
    username: z.string().max(LIMITS.email),
    password: z.string().max(4 * LIMITS.passwordMax),
  })
  .meta({ ref: "Login", examples: [{ username: "ann", password: "correct horse battery" }] });

/** A switch in a query. */
const flag = z.enum(["0", "1", "true", "false"]);
export const isOn = (value: z.output<typeof flag> | undefined): boolean => value === "1" || value === "true";

export const logoutQuery = z.object({ everywhere: flag.optional() });

export const profileInput = z
  .object({
    name: wellFormed(LIMITS.name).nullable().optional(),
    photo: wellFormed(LIMITS.photo).nullable().optional(),
  })
  .meta({ ref: "Profile", examples: [{ name: "Ann Lee" }] });

export const usersQuery = z.object({
  q: z.string().max(LIMITS.name).optional(),
  limit: limit.optional(),
  cursor: z.string().max(200).optional(),
});

export const newChatInput = z
  .object({
    members: z.array(user).max(LIMITS.membersAtOnce),
    title: title.nullable().optional(),
  })
  .meta({ ref: "NewChat", examples: [{ members: [2] }, { members: [2, 3], title: "Team" }] });

export const chatsQuery = z.object({
  unread: flag.optional(),
  limit: limit.optional(),
  cursor: z.string().max(64).optional(),
});

export const titleInput = z.object({ title: title.nullable() }).meta({ ref: "Title", examples: [{ title: "Team" }] });
export const memberInput = z
  .object({ role: z.enum(ROLES).optional() })
  .meta({ ref: "NewRole", examples: [{ role: "admin" }] });

/** Cursors may be 0, the beginning of a chat. */
const cursor = integer(0, Number.MAX_SAFE_INTEGER);

export const messagesQuery = z.object({ before: cursor.optional(), after: cursor.optional(), limit: limit.optional() });

const draft = {
  text: z.string().optional(),
  type: z.enum(MESSAGE_KINDS).optional(),
  attachments: z.array(z.string().max(64)).optional(),
  client_id: z.string().optional(),
  reply_to: numericId.nullable().optional(),
  data: json.optional(),
};

export const messageInput = z.object(draft).meta({
  ref: "NewMessage",
  examples: [{ text: "hello", client_id: "5f0c" }, { attachments: ["0b0e9f0c-6d0e-4bb0-a2a5-3a9d6a3c4f6e"] }],
});
export const editInput = z.object({ text: z.string() }).meta({ ref: "Edit", examples: [{ text: "hello!" }] });

const readFields = { message_id: numericId.optional(), up_to: numericId.optional() };
const oneOrAll = (input: { message_id?: number | undefined; up_to?: number | undefined }): boolean =>
  input.message_id === undefined || input.up_to === undefined;

export const readInput = z
  .object(readFields)
  .refine(oneOrAll, "message_id does not go with up_to")
  .meta({ ref: "Read", examples: [{ message_id: 16777218 }, { up_to: 16777218 }, {}] });

const since = integer(0, Number.MAX_SAFE_INTEGER);
export const changesQuery = z.object({ since });

export const uploadQuery = z.object({ name: z.string().optional() });

export const userParam = z.object({ id: user });
export const chatParam = z.object({ id: chatIdInput.transform(chatId) });
export const memberParam = chatParam.extend({ user });
export const attachmentParam = z.object({ id: z.string() });
export const messageParam = chatParam.extend({ message: numericId });

/** Commands of the sockets by their `do`; on a chat's own socket they go without `chat_id`. */
export const chatCommands = {
  "message.send": z.object(draft),
  "message.edit": z.object({ message_id: numericId, text: z.string() }),
  "message.delete": z.object({ message_id: numericId }),
  "message.list": messagesQuery,
  read: readInput,
  typing: z.object({ on: z.boolean() }),
  changes: z.object({ since }),
} as const;

export const chatAddress = z.object({ chat_id: chatIdInput.transform(chatId) });
export const userAddress = z.object({ user_id: user });

// ---- out ------------------------------------------------------------------------------------------------------

const id = z.int().positive();
const time = z.iso.datetime();

export const personOutput = z
  .object({ id, username: z.string(), name: z.string(), photo: z.string().nullable() })
  .meta({ ref: "Person" });

export const userOutput = personOutput
  .extend({ email: z.string().nullable(), created_at: time, updated_at: time })
  .meta({ ref: "User" });
export const listedUserOutput = personOutput.extend({ online: z.boolean() }).meta({ ref: "FoundUser" });
export const knownUserOutput = listedUserOutput.extend({ last_seen: time.nullable() }).meta({ ref: "KnownUser" });
export const sessionOutput = z.object({ token: z.string(), user: userOutput }).meta({ ref: "Session" });

export const attachmentOutput = z
  .object({
    id: z.uuid(),
    name: z.string(),
    size: z.int(),
    mime: z.string(),
    url: z.url(),
    width: z.int().optional(),
    height: z.int().optional(),
  })
  .meta({ ref: "Attachment" });

export const messageOutput = z
  .object({
    id,
    chat_id: id,
    seq: id,
    rev: id,
    user: personOutput,
    type: z.enum(MESSAGE_KINDS),
    text: z.string().nullable(),
    attachments: z.array(attachmentOutput),
    data: z.unknown(),
    reply_to: id.nullable(),
    client_id: z.string().nullable(),
    created_at: time,
    edited_at: time.nullable(),
    deleted_at: time.nullable(),
    read: z.boolean(),
  })
  .meta({ ref: "Message" });

export const chatOutput = z
  .object({
    id,
    kind: z.enum(CHAT_KINDS),
    title: z.string().nullable(),
    peer: personOutput.nullable(),
    members_count: z.int(),
    created_at: time,
    updated_at: time,
    rev: z.int(),
    last_seq: z.int(),
    unread: z.int(),
    last_message: messageOutput.nullable(),
  })
  .meta({ ref: "Chat" });

export const memberOutput = z
  .object({ user: personOutput, role: z.enum(ROLES), read_seq: z.int() })
  .meta({ ref: "Member" });
export const detailedChatOutput = chatOutput
  .extend({ members: z.array(memberOutput) })
  .meta({ ref: "ChatWithMembers" });
export const unreadOutput = z.object({ unread: z.int() }).meta({ ref: "Unread" });

export const changesOutput = z
  .object({
    rev: z.int(),
    messages: z.array(messageOutput),
    members: z.array(memberOutput),
    chat: chatOutput,
  })
  .meta({ ref: "Changes" });

export const configOutput = z
  .object({
    app: z.uuid(),
    name: z.string(),
    open: z.boolean(),
    limits: z.record(z.string(), z.number()),
  })
  .meta({ ref: "Config" });

export const problemOutput = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ ref: "Problem" });

/** A page: `next` is the cursor of the next one, null on the last. */
export const pageOf = <Item extends z.ZodType>(item: Item, next: z.ZodType) =>
  z.object({ items: z.array(item), next: next.nullable() });
