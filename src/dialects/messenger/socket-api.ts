/** The events of `messenger` as schemas: the same that validate what comes, and those that what is said is tested against. */

import { z } from "zod";
import { MESSAGE_KINDS } from "../../core/message.ts";
import type { FrameApi, SocketApi } from "../socket-api.ts";
import type { RequestName } from "./schemas.ts";
import { REQUESTS } from "./schemas.ts";

const id = z.int().positive();
const time = z.iso.datetime();
const count = z.int().nonnegative();
const user = z.string();

const chat = z.strictObject({
  id,
  sender: user,
  recipient: user,
  message: z.string(),
  has_read: z.boolean(),
  media: z.array(z.url()),
  senderUsername: user,
  recipientUsername: user,
  mediaIds: z.array(z.url()),
  created_at: time,
  updated_at: time,
  type: z.enum(MESSAGE_KINDS).optional(),
  data: z.json().optional(),
});

/** The one argument of each event that the server says unasked; `auth-failed` has none. */
export const messengerEvents = {
  chat: z.strictObject({ chat }),
  "chat-updated": z.strictObject({ chat }),
  "chat-deleted": z.strictObject({ id, user }),
  "read-chat": z.strictObject({ id, user }),
  "unread-chats-count": z.strictObject({ user, unreadChatsCount: count }),
  "user-online": z.strictObject({ user }),
  "user-offline": z.strictObject({ user }),
  "user-join": z.strictObject({ user }),
  "user-leave": z.strictObject({ user }),
} as const;

/** The one argument of each acknowledgement; the two that wait for users have none. */
export const messengerAnswers = {
  "fetch-users": z.strictObject({ users: z.array(z.strictObject({ username: user, isOnline: z.boolean() })) }),
  "fetch-conversation-with-user": z.strictObject({ chats: z.array(chat) }),
  "fetch-unread-chats-count": z.strictObject({ unreadChatsCount: count }),
  "read-chat": z.strictObject({}),
  "send-message": z.strictObject({ chat }),
} as const;

const EVENT_SUMMARY: Record<keyof typeof messengerEvents, string> = {
  chat: "Somebody (or another connection of yours) sent a message in a direct chat, in whatever dialect.",
  "chat-updated": "A message was edited in another dialect.",
  "chat-deleted": "A message was deleted in another dialect; `user` is the other side of the conversation.",
  "read-chat": "The other side has read this message of yours.",
  "unread-chats-count": "How many messages of this user you have not read.",
  "user-online": "Somebody whom you wait for is online.",
  "user-offline": "Somebody whom you wait for went offline.",
  "user-join": "An account was made in your app.",
  "user-leave": "An account of your app was deleted.",
};

const REQUEST_SUMMARY: Record<RequestName, string> = {
  "fetch-users": "Everybody else in one's app.",
  "fetch-conversation-with-user": "What was said with somebody, newest first. It reads nothing.",
  "fetch-unread-chats-count": "How many messages of somebody are unread.",
  "read-chat": "Read one message that one has got.",
  "send-message": "Say something to somebody.",
  "wait-for-user": "Hear when somebody comes online and goes. Not acknowledged.",
  "stop-waiting-for-user": "No longer hear of somebody. Not acknowledged.",
};

/** What two people of a new server, ann and bob, may say to each other, one after the other. */
const REQUEST_EXAMPLES: Record<RequestName, readonly unknown[]> = {
  "fetch-users": [{}],
  "fetch-conversation-with-user": [{ user: "ann" }, { user: "ann", limit: 10, before: 16_777_218 }],
  "fetch-unread-chats-count": [{ user: "ann" }],
  "read-chat": [{ id: 16_777_217 }, { id: "16777217" }],
  "send-message": [{ user: "bob", message: "hello" }],
  "wait-for-user": [{ user: "bob" }],
  "stop-waiting-for-user": [{ user: "bob" }],
};

const hello = {
  id: 16_777_217,
  sender: "ann",
  recipient: "bob",
  message: "hello",
  has_read: false,
  media: [],
  senderUsername: "ann",
  recipientUsername: "bob",
  mediaIds: [],
  created_at: "2026-01-01T12:00:00.000Z",
  updated_at: "2026-01-01T12:00:00.000Z",
};

const EVENT_EXAMPLES: Record<keyof typeof messengerEvents, readonly unknown[]> = {
  chat: [{ chat: hello }],
  "chat-updated": [{ chat: { ...hello, message: "hello!", updated_at: "2026-01-01T12:00:05.000Z" } }],
  "chat-deleted": [{ id: 16_777_217, user: "ann" }],
  "read-chat": [{ id: 16_777_217, user: "bob" }],
  "unread-chats-count": [{ user: "ann", unreadChatsCount: 1 }],
  "user-online": [{ user: "bob" }],
  "user-offline": [{ user: "bob" }],
  "user-join": [{ user: "eve" }],
  "user-leave": [{ user: "eve" }],
};

const ANSWER_EXAMPLES: Record<keyof typeof messengerAnswers, readonly unknown[]> = {
  "fetch-users": [{ users: [{ username: "ann", isOnline: true }] }],
  "fetch-conversation-with-user": [{ chats: [hello] }],
  "fetch-unread-chats-count": [{ unreadChatsCount: 1 }],
  "read-chat": [{}],
  "send-message": [{ chat: hello }],
};

const commands = Object.entries(REQUESTS).map(([name, payload]): FrameApi => {
  const request = name as RequestName;
  return { name, summary: REQUEST_SUMMARY[request], payload, examples: REQUEST_EXAMPLES[request] };
});

const events = Object.entries(messengerEvents).map(([name, payload]): FrameApi => {
  const event = name as keyof typeof messengerEvents;
  return { name, summary: EVENT_SUMMARY[event], payload, examples: EVENT_EXAMPLES[event] };
});

const answers = Object.entries(messengerAnswers).map(([name, payload]): FrameApi => {
  const answer = name as keyof typeof messengerAnswers;
  const summary = `The acknowledgement of \`${name}\`.`;
  return { name: `${name} acknowledged`, summary, payload, examples: ANSWER_EXAMPLES[answer] };
});

export const messengerSockets: SocketApi = {
  dialect: "messenger",
  channels: [
    {
      id: "messenger",
      address: "/ws/",
      description:
        "Socket.IO 4 (or 2), namespace `/chat`, with `auth.token` in the CONNECT. A message's name is the event, its payload the one argument. What is refused is not acknowledged.",
      commands,
      events: [
        ...events,
        {
          name: "auth-failed",
          summary: "The token is missing or does not stand: the server disconnects. Without arguments.",
          payload: z.undefined(),
        },
        ...answers,
      ],
    },
  ],
};
