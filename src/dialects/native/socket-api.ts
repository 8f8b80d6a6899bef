/** The frames of the native sockets as schemas: the same that validate commands, and those that events are tested against. */

import { z } from "zod";
import { ROLES } from "../../core/people.ts";
import type { FrameApi, SocketApi } from "../socket-api.ts";
import {
  changesOutput,
  chatAddress,
  chatCommands,
  detailedChatOutput,
  messageOutput,
  personOutput,
  userAddress,
} from "./schemas.ts";

const id = z.int().positive();
const named = { chat_id: id };
const durable = { ...named, rev: z.int().positive() };
const unread = { unread: z.int().min(0).optional() };

/** Events by their name: exactly what a frame bears besides `event`. */
export const nativeEvents = {
  "message.created": z.strictObject({ ...durable, message: messageOutput, ...unread }),
  "message.updated": z.strictObject({ ...durable, message: messageOutput, ...unread }),
  "message.deleted": z.strictObject({ ...durable, message_id: id, ...unread }),
  read: z.strictObject({ ...named, user_id: id, message_ids: z.array(id).optional(), up_to: id.optional() }),
  "chat.created": z.strictObject({ ...durable, chat: detailedChatOutput }),
  "chat.updated": z.strictObject({ ...durable, chat: detailedChatOutput }),
  "chat.removed": z.strictObject(named),
  "member.added": z.strictObject({ ...durable, user: personOutput, role: z.enum(ROLES) }),
  "member.removed": z.strictObject({ ...durable, user_id: id }),
  typing: z.strictObject({ ...named, user_id: id, on: z.boolean() }),
  presence: z.strictObject({ user_id: id, online: z.boolean() }),
  unread: z.strictObject({ ...named, unread: z.int().min(0) }),
} as const;

const EVENT_SUMMARY: Record<keyof typeof nativeEvents, string> = {
  "message.created": "A message was sent.",
  "message.updated": "A message was edited.",
  "message.deleted": "A message was deleted: it keeps its place, without content.",
  read: "Somebody has read these messages alone, or everything up to one.",
  "chat.created": "You are in this chat from now on.",
  "chat.updated": "The title changed, or more than can be told in single events: compare `rev`.",
  "chat.removed": "You are no longer in this chat, or it is gone.",
  "member.added": "Somebody came, or has another role.",
  "member.removed": "Somebody left or was removed.",
  typing: "Somebody is writing, or has stopped.",
  presence: "A person that you watch came or went.",
  unread: "Your own count changed otherwise than by a message.",
};

const COMMAND_SUMMARY: Record<keyof typeof chatCommands, string> = {
  "message.send": "Send a message. The same `client_id` again sends nothing and answers with the stored one.",
  "message.edit": "Edit one's message.",
  "message.delete": "Delete a message.",
  "message.list": "A page of history: newest first, oldest first with `after`.",
  read: "Read one message alone, all up to one, or all.",
  typing: "Say that one is writing, or has stopped.",
  changes: "What changed since a `rev`.",
};

const RESULTS: Readonly<Record<string, z.ZodRawShape>> = {
  "message.send": { message: messageOutput },
  "message.edit": { message: messageOutput },
  "message.delete": { message_id: id },
  "message.list": { items: z.array(messageOutput), next: id.nullable() },
  read: { unread: z.int() },
  changes: changesOutput.shape,
  "presence.watch": { online: z.boolean() },
};

/** In this order they tell a story, in which the sender is user 1, chat 1 is theirs, and so are its messages 1 to 3. */
const EXAMPLES: Readonly<Record<string, readonly object[]>> = {
  "message.send": [
    { text: "hello", client_id: "5f0c" },
    { text: "a reply", reply_to: 16_777_217 },
  ],
  "message.edit": [{ text: "hello!" }],
  "message.delete": [{}],
  "message.list": [{ limit: 50 }, { before: 16_777_218 }],
  read: [{ message_id: 16_777_217 }, { up_to: 16_777_218 }, {}],
  typing: [{ on: true }],
  changes: [{ since: 1 }],
  "chat.join": [{}],
  "chat.leave": [{}],
  "presence.watch": [{ user_id: 2 }],
  "presence.unwatch": [{ user_id: 2 }],
};

/** What a command is about, on a socket for all chats and on a chat's own. */
const ABOUT = {
  all: (name: string): object =>
    name.startsWith("presence.") ? {} : { chat_id: 1, ...(CHANGING.has(name) ? { message_id: 16_777_218 } : {}) },
  own: (name: string): object => (CHANGING.has(name) ? { message_id: 16_777_219 } : {}),
};
const CHANGING: ReadonlySet<string> = new Set(["message.edit", "message.delete"]);

const anything = z.unknown();

const command = (name: string, summary: string, fields: z.ZodType, socket: keyof typeof ABOUT = "all"): FrameApi => ({
  name,
  summary,
  payload: z.object({ id: anything.optional(), do: z.literal(name) }).and(fields),
  examples: (EXAMPLES[name] ?? []).map((example, at) => ({
    id: at + 1,
    do: name,
    ...ABOUT[socket](name),
    ...example,
  })),
});

const answer = (name: string): FrameApi => ({
  name: `${name} answered`,
  summary: `The answer to \`${name}\`; \`re\` is the command's \`id\`.`,
  payload: z.object({ re: anything, ok: z.literal(true), ...RESULTS[name] }),
});

const refusal: FrameApi = {
  name: "refused",
  summary: "The answer to a command that was refused.",
  payload: z.object({
    re: anything,
    ok: z.literal(false),
    error: z.object({
      code: z.string(),
      detail: z.string(),
      errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  }),
};

const events = Object.entries(nativeEvents).map(([name, payload]): FrameApi => ({
  name,
  summary: EVENT_SUMMARY[name as keyof typeof nativeEvents],
  payload: z.object({ event: z.literal(name), ...payload.shape }),
}));

/** Several events as one frame. */
const together = (some: readonly FrameApi[]): FrameApi => ({
  name: "together",
  summary: "Events that happened together, where there is more than one: each is handled as if it had come alone.",
  payload: z.array(z.union(some.map(({ payload }) => payload))).min(2),
});

const inChat = Object.entries(chatCommands);
const addressed = [
  ...inChat.map(([name, fields]) =>
    command(name, COMMAND_SUMMARY[name as keyof typeof chatCommands], chatAddress.and(fields)),
  ),
  command("chat.join", "Hear typing in this chat.", chatAddress),
  command("chat.leave", "No longer hear typing in this chat.", chatAddress),
  command("presence.watch", "Hear when this person comes and goes.", userAddress),
  command("presence.unwatch", "No longer hear of this person.", userAddress),
];
const own = inChat.map(([name, fields]) =>
  command(name, COMMAND_SUMMARY[name as keyof typeof chatCommands], fields, "own"),
);
const ownEvents = events.filter(({ name }) => name !== "presence" && name !== "chat.created");
const answersTo = (commands: readonly FrameApi[]): FrameApi[] => [...commands.map(({ name }) => answer(name)), refusal];

export const nativeSockets: SocketApi = {
  dialect: "native",
  channels: [
    {
      id: "native",
      address: "/v1/socket",
      description: "Everything about all of one user's chats. The text `ping` is answered `pong`.",
      commands: addressed,
      events: [...answersTo(addressed), ...events, together(events)],
    },
    {
      id: "nativeChat",
      address: "/v1/chats/{id}/socket",
      description: "One chat, the shortest way there is; its members only. The text `ping` is answered `pong`.",
      parameters: { id: "The chat's id." },
      commands: own,
      events: [...answersTo(own), ...ownEvents, together(ownEvents)],
    },
  ],
};
