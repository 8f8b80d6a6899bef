/** The events of `events` as schemas: the same that validate what is asked, and those that answers are tested against. */

import { z } from "zod";
import type { FrameApi, SocketApi } from "../socket-api.ts";
import type { EventName } from "./schemas.ts";
import { EVENTS } from "./schemas.ts";

const id = z.string().regex(/^[1-9][0-9]*$/);
const time = z.iso.datetime();
const times = { created_at: time, modified_at: time, updated_at: time };
const ok = { status: z.literal("ok") };

const user = z.strictObject({ id, external_id: z.string().nullable(), name: z.string(), photo: z.string(), ...times });
const chat = z.strictObject({ id, name: z.string(), users: z.array(id), ...times });
const message = z.strictObject({
  id,
  msg: z.string(),
  message: z.string(),
  type: z.enum(["text", "img", "sticker", "location", "audio", "file", "customize"]),
  user_id: id,
  chat_id: id,
  ...times,
});

/** The body of each answer, by its event; `error`: of any of them. */
export const eventsAnswers = {
  "create-user": z.strictObject({ ...ok, user }),
  "create-chat": z.strictObject({ ...ok, chat }),
  "list-chats": z.strictObject({ chats: z.array(chat) }),
  "list-messages": z.strictObject({ messages: z.array(message) }),
  "new-message": message,
  error: z.strictObject({
    status: z.literal("error"),
    error: z.array(z.strictObject({ message: z.string(), field: z.string().optional() })).min(1),
  }),
} as const;

const ASKED: Record<EventName, string> = {
  "create-user": "Find a user by `id` or `external_id`, or make one.",
  "create-chat": "Make a group of these users.",
  "list-chats": "The chats of a user.",
  "list-messages": "The messages of a chat between two times.",
  "new-message": "Send a message; also under the name `/chat/<chat-id>/new-message`.",
};

const TOLD: Record<EventName, string> = {
  "create-user": "The user.",
  "create-chat": "The chat.",
  "list-chats": "Most recently active first.",
  "list-messages": "Oldest first.",
  "new-message": "A message, once on this name and once on `/chat/<chat-id>/new-message`.",
};

/** In this order they tell a story, in which user 2 and chat 1 are there. */
const EXAMPLES: Record<EventName, readonly unknown[]> = {
  "create-user": [{ user: { external_id: "customer-7", name: "Ann Lee", photo: "" } }],
  "create-chat": [{ chat: { name: "Order 12" }, users: ["1", "2"] }, { chat: { name: "Order 13", users: ["1", "2"] } }],
  "list-chats": [{ user: { id: "1" } }],
  "list-messages": [
    { chat: { id: "1" } },
    { chat: { id: "1" }, query: { from: "2026-01-01T00:00:00.000Z", to: "2036-01-01T00:00:00.000Z" } },
  ],
  "new-message": [{ chat: { id: "1" }, user: { id: "1" }, message: { value: "hello", type: "text" } }],
};

const names = Object.keys(EVENTS) as EventName[];

export const eventsSockets: SocketApi = {
  dialect: "events",
  channels: [
    {
      id: "events",
      address: "/socket.io/",
      description:
        "Socket.IO of version 2 or 4, namespace `/`. The name of a message here is the name of the Socket.IO event, its payload the one argument; an acknowledgement gets the body of the answer too.",
      commands: names.map((name): FrameApi => ({
        name,
        summary: ASKED[name],
        payload: EVENTS[name],
        examples: EXAMPLES[name],
      })),
      events: [
        ...names.map((name): FrameApi => ({ name, summary: TOLD[name], payload: eventsAnswers[name] })),
        {
          name: "error",
          summary: "What was asked is refused; it comes on the name of the event that asked.",
          payload: eventsAnswers.error,
        },
      ],
    },
  ],
};
