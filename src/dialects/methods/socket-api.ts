/** The frames of `methods` as schemas: the same that validate arguments, and those that events are tested against. */

import { z } from "zod";
import type { FrameApi, SocketApi } from "../socket-api.ts";
import type { MethodName } from "./schemas.ts";
import { METHODS } from "./schemas.ts";

const id = z.int().positive();
const time = z.iso.datetime();
const key = { event_response_key: z.unknown() };

const user = z.strictObject({
  pk: id,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  photo: z.string(),
  color: z.string().regex(/^#[0-9a-f]{6}$/),
  role: z.enum(["Member", "Admin", "Owner"]),
});

const chat = z.strictObject({
  id,
  users: z.array(user),
  title: z.string().nullable(),
  created_at: time,
  updated_at: time,
});

const message = z.strictObject({
  id,
  chat: id,
  user,
  attached_files: z.array(z.strictObject({ id, name: z.string(), file: z.url(), created_at: time })),
  text: z.string(),
  created_at: time,
  updated_at: time,
  is_read: z.boolean(),
});

const update = z.strictObject({
  id,
  fields: z.strictObject({
    is_read: z.boolean().optional(),
    text: z.string().optional(),
    updated_at: time.optional(),
    attached_files: z.array(z.never()).optional(),
  }),
});

/** The `data` of each event, by its `type`. */
export const methodsEvents = {
  error: z.strictObject({
    type: z.enum(["system_error", "access_error", "authorization_error", "field_error", "chat_duplication_error"]),
    detail: z.string(),
    chat_id: id.optional(),
    ...key,
  }),
  authenticated: z.strictObject(key),
  new_message: z.strictObject({ message }),
  new_chat: z.strictObject({ chat }),
  message_created: z.strictObject({ message, ...key }),
  messages_read: z.strictObject({ chat: id, ...key }),
  chat_created: z.strictObject({ chat, ...key }),
  messages_updated: z.strictObject({ updates: z.array(update) }),
  user_removed_successful: z.strictObject({ user_ids: z.array(id), chat, ...key }),
  user_removed: z.strictObject({ user_ids: z.array(id), chat }),
  user_added_successful: z.strictObject({ user_ids: z.array(id), chat, ...key }),
  user_added: z.strictObject({ user_ids: z.array(id), chat }),
  chat_updated: z.strictObject({ chat, event_response_key: z.unknown().optional() }),
  chat_removed: z.strictObject({ chat }),
} as const;

const EVENT_SUMMARY: Record<keyof typeof methodsEvents, string> = {
  error: "A frame was refused.",
  authenticated: "The connection speaks for a user from now on.",
  new_message: "Somebody (or another connection of yours) sent a message.",
  new_chat: "You are in this chat from now on, by somebody else's doing.",
  message_created: "Your message is stored.",
  messages_read: "You have read everything in this chat.",
  chat_created: "Your chat is made.",
  messages_updated: "Fields of messages changed: `is_read`, or the text of one that was edited or deleted.",
  user_removed_successful: "You have removed these people.",
  user_removed: "Somebody has removed these people, or they left.",
  user_added_successful: "You have added these people.",
  user_added: "Somebody has added these people.",
  chat_updated: "The title or a role changed.",
  chat_removed: "You are no longer in this chat, or it is gone.",
};

const METHOD_SUMMARY: Record<MethodName, string> = {
  auth: "Say who one is.",
  create_chat: "Make a chat; with one other user and no title it is the direct chat, which there is once.",
  update_chat: "Rename a group.",
  send_message: "Send a text, files, or both.",
  read_messages: "Read everything in a chat.",
  remove_from_chat: "Remove people, or leave.",
  add_to_chat: "Add people.",
};

/** In this order they tell a story, in which the sender is user 1, chat 1 is direct, and chat 2 a group of theirs. */
const ARGS_EXAMPLES: Record<MethodName, readonly object[]> = {
  auth: [{}],
  create_chat: [{ users: [2, 3], title: "Team" }],
  update_chat: [{ chat: 2, title: "The team" }],
  send_message: [
    { chat: 1, text: "hello" },
    { chat: 1, text: "look", files: [{ name: "notes.txt", data: "data:text/plain;base64,aGVsbG8=" }] },
  ],
  read_messages: [{ chat: 1 }],
  remove_from_chat: [{ chat: 2, users: [3] }],
  add_to_chat: [{ chat: 2, users: [3] }],
};

const commands = Object.entries(METHODS).map(([name, args]): FrameApi => {
  const all = args.and(z.object({ event_response_key: z.unknown().optional() }));
  return {
    name,
    summary: METHOD_SUMMARY[name as MethodName],
    payload: z.object({
      method: z.literal(name),
      access_token: z.string().optional(),
      args: Object.keys(args.shape).length === 0 ? all.optional() : all,
    }),
    examples: ARGS_EXAMPLES[name as MethodName].map((example, at) => ({
      method: name,
      ...(name === "auth" ? { access_token: "the token that POST /v1/auth/login gave" } : {}),
      args: { ...example, event_response_key: `${name} ${at + 1}` },
    })),
  };
});

const events = Object.entries(methodsEvents).map(([name, data]): FrameApi => ({
  name,
  summary: EVENT_SUMMARY[name as keyof typeof methodsEvents],
  payload: z.object({ type: z.literal(name), data }),
}));

export const methodsSockets: SocketApi = {
  dialect: "methods",
  channels: [
    {
      id: "methods",
      address: "/ws/chat/",
      description: "Every frame is one method; the first one that is to succeed brings an `access_token`.",
      commands,
      events,
    },
  ],
};
