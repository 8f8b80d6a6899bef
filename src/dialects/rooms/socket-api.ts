/** The events of `rooms` as schemas: the same that validate what clients send, and those that what they hear is tested against. */

import { z } from "zod";
import { MESSAGE_KINDS } from "../../core/message.ts";
import type { FrameApi, SocketApi } from "../socket-api.ts";
import type { EventName } from "./schemas.ts";
import { EVENTS } from "./schemas.ts";

const id = z.int().positive();
const time = z.iso.datetime({ precision: 3 });
const times = { createdAt: time, updatedAt: time, deletedAt: time.nullable() };

const user = z.strictObject({
  id,
  appId: id,
  appUserId: z.union([z.int(), z.string()]).nullable(),
  firstName: z.string().nullable(),
  middleName: z.string().nullable(),
  lastName: z.string().nullable(),
  ...times,
});

const room = z.strictObject({
  id,
  appId: id,
  room: z.string(),
  name: z.string(),
  extra: z.json(),
  users: z.array(user),
  ...times,
});

const attachment = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  size: z.int(),
  mime: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  url: z.url(),
});

const message = z.strictObject({
  id,
  roomId: id,
  message: z.base64(),
  userId: id,
  ...times,
  user,
  type: z.enum(MESSAGE_KINDS),
  attachments: z.array(attachment),
  data: z.json(),
});

const attendee = z.strictObject({ appId: id, room: z.string(), roomId: id, sender: id, id: z.string() });

/** The one argument of each event that clients hear. */
export const roomsEvents = {
  info: z.string(),
  room_info: room,
  roomData: z.strictObject({ room: z.string(), users: z.array(attendee) }),
  is_typing: z.strictObject({ data: user, typing: z.union([z.boolean(), z.number(), z.string(), z.null()]) }),
  seen_by: user,
  message,
  message_updated: message,
  message_deleted: z.strictObject({ id, roomId: id, userId: id, deletedAt: time }),
  load_more: z.array(message),
  err: z.string(),
} as const;

const HEARD: Record<keyof typeof roomsEvents, string> = {
  info: "You have joined the room; or somebody else has, or has left.",
  room_info: "The room that you have joined, and the people who may join it.",
  roomData: "The connections that are in the room now.",
  is_typing: "Somebody types (or no longer); `typing` is what they sent.",
  seen_by: "Somebody has read what there was.",
  message: "A message; its text as base64 of UTF-8.",
  message_updated: "A message was edited in another dialect.",
  message_deleted: "A message was deleted in another dialect.",
  load_more: "A page of messages, newest first.",
  err: "What was asked is refused.",
};

const ASKED: Record<EventName, string> = {
  join: "Join a room by its name; another one is left.",
  typing: "Say that one types, or no longer.",
  seen: "Read everything in the room.",
  send_message: "Send a text.",
  load_more: "Ask for a page of messages.",
  leave: "Leave the room.",
};

/** In this order they tell a story, in which there is the room `order-12`. */
const EXAMPLES: Record<EventName, readonly unknown[]> = {
  join: ["order-12"],
  typing: [true, false],
  seen: [null],
  send_message: ["Hey, you there", { message: "Hey, you there" }],
  load_more: [{ page: 1, limit: 20 }],
  leave: [null],
};

export const roomsSockets: SocketApi = {
  dialect: "rooms",
  channels: [
    {
      id: "rooms",
      address: "/socket.io/?token={token}",
      description:
        "Socket.IO of version 4 (or 2), namespace `/`. The name of a message here is the name of the Socket.IO event, its payload the one argument.",
      parameters: { token: "The token that the app's own system gave to its user." },
      commands: Object.entries(EVENTS).map(([name, payload]): FrameApi => ({
        name,
        summary: ASKED[name as EventName],
        payload,
        examples: EXAMPLES[name as EventName],
      })),
      events: Object.entries(roomsEvents).map(([name, payload]): FrameApi => ({
        name,
        summary: HEARD[name as keyof typeof roomsEvents],
        payload,
      })),
    },
  ],
};
