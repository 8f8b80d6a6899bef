/** What `mobile` gives out, by the names and types of its document. Says it to `/openapi.json`; renders nothing. */

import { z } from "zod";
import { MESSAGE_KINDS } from "../../core/message.ts";

const id = z.int();
const count = z.int().nonnegative();
const time = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
const kind = z.enum(MESSAGE_KINDS);

/** Null before the first message. */
const last = {
  last_message: z.string().nullable(),
  last_message_sender_id: id.nullable(),
  last_message_sender_name: z.string().nullable(),
  last_message_timestamp: time.nullable(),
  last_message_type: kind.nullable(),
  unread_count: count,
  server_sent_timestamp: time.nullable(),
};

export const loginOutput = z
  .object({ user_id: id, token: z.string(), session_id: z.string(), last_login_at: time })
  .meta({ ref: "MobileSession" });

export const syncOutput = z.object({ friend_request: count, chat: count, chat_room: count });

export const chatIdOutput = z.object({ chat_id: id });
export const roomIdOutput = z.object({ chat_room_id: id });

const unreadChat = z.object({ chat_id: id, ...last }).meta({ ref: "MobileUnreadChat" });
const chat = z
  .object({
    chat_id: id,
    with_user_id: id.nullable(),
    with_user_name: z.string().nullable(),
    with_nick_name: z.string().nullable(),
    ...last,
  })
  .meta({ ref: "MobileChat" });
const message = z
  .object({
    chat_id: id,
    message: z.string(),
    message_sender_id: id,
    message_sender_name: z.string(),
    message_timestamp: time,
    message_type: kind,
    server_sent_timestamp: time,
  })
  .meta({ ref: "MobileMessage" });
const fetched = message.extend({ receiver_id: id, type: kind }).meta({ ref: "MobileFetchedMessage" });

export const unreadChatsOutput = z.array(unreadChat);
export const chatsOutput = z.array(chat);
export const messagesOutput = z.array(message);
export const fetchedOutput = z.array(fetched);
export const envelopeOutput = z
  .object({ unread_count: count, messages: fetchedOutput })
  .meta({ ref: "MobileEnvelope" });

/** Null in groups that were made in other dialects: they have no place. */
const coordinate = z.number().nullable();
const room = {
  chat_room_id: id,
  title: z.string(),
  /** Null where the app itself made it. */
  user_id: id.nullable(),
  geolocation: z.object({ latitude: coordinate, longitude: coordinate }),
};

export const roomOutput = z
  .object({
    ...room,
    interaction_radius: z.number(),
    description: z.string(),
    capacity: id.nullable(),
    participants_count: count,
    created_at: time,
  })
  .meta({ ref: "MobileRoom" });
export const roomsOutput = z.array(z.object({ ...room, ...last, created_at: time }).meta({ ref: "MobileListedRoom" }));
export const participantsOutput = z.array(
  z.object({ chat_room_id: id, user_id: id, created_at: time }).meta({ ref: "MobileParticipant" }),
);

export const errorOutput = z
  .object({
    message: z.string(),
    error_code: z.string().optional(),
    errors: z.record(z.string(), z.array(z.string())).optional(),
    status_code: z.int(),
  })
  .meta({ ref: "MobileError" });
