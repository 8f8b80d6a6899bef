/** The core's shapes as the document of `mobile` has them: its names, its times, its nulls. Knows no route. */

import type { Chat, ListedChat } from "../../core/chat.ts";
import type { Message, SeenMessage } from "../../core/message.ts";
import type { Member } from "../../core/people.ts";
import { THE_APP } from "../../core/people.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
export type LinkTo = (origin: string, attachment: string) => string;

/** `YYYY-MM-DD HH:MM:SS`, in UTC. */
export const mobileTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

/** A room's place, as its `props` keep it. */
export interface RoomProps {
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** Metres; 0: no bound. */
  readonly radius: number;
  readonly description: string;
  readonly capacity: number | null;
}

export function roomProps({ props }: Pick<Chat, "props">): RoomProps {
  const number = (name: string): number | null => (typeof props[name] === "number" ? props[name] : null);
  return {
    latitude: number("latitude"),
    longitude: number("longitude"),
    radius: number("radius") ?? 0,
    description: typeof props["description"] === "string" ? props["description"] : "",
    capacity: number("capacity"),
  };
}

export function createRender(linkTo: LinkTo) {
  /** These clients show one text: of a message that has none, the address of its first file, or its data. */
  function textOf(message: Message, origin: string): string {
    if (message.text !== null) return message.text;
    const [attachment] = message.attachments;
    if (attachment !== undefined) return linkTo(origin, attachment.id);
    if (message.data === null) return "";
    return typeof message.data === "string" ? message.data : JSON.stringify(message.data);
  }

  const last = (message: SeenMessage | null, origin: string) => ({
    last_message: message === null ? null : textOf(message, origin),
    last_message_sender_id: message?.user.id ?? null,
    last_message_sender_name: message?.user.username ?? null,
    last_message_timestamp: message === null ? null : mobileTime(message.createdAt),
    last_message_type: message?.kind ?? null,
  });

  const sent = (message: SeenMessage | null) => ({
    server_sent_timestamp: message === null ? null : mobileTime(message.createdAt),
  });

  return {
    unreadChat: (chat: ListedChat, origin: string) => ({
      chat_id: chat.id,
      ...last(chat.lastMessage, origin),
      unread_count: chat.unread,
      ...sent(chat.lastMessage),
    }),

    chat: (chat: ListedChat, origin: string) => ({
      chat_id: chat.id,
      with_user_id: chat.peer?.id ?? null,
      with_user_name: chat.peer?.username ?? null,
      with_nick_name: chat.peer?.name ?? null,
      ...last(chat.lastMessage, origin),
      unread_count: chat.unread,
      ...sent(chat.lastMessage),
    }),

    message: (message: SeenMessage, origin: string) => ({
      chat_id: message.chatId,
      message: textOf(message, origin),
      message_sender_id: message.user.id,
      message_sender_name: message.user.username,
      message_timestamp: mobileTime(message.createdAt),
      message_type: message.kind,
      ...sent(message),
    }),

    listedRoom: (chat: ListedChat, origin: string) => ({
      ...roomBody(chat),
      ...last(chat.lastMessage, origin),
      unread_count: chat.unread,
      created_at: mobileTime(chat.createdAt),
      ...sent(chat.lastMessage),
    }),

    room(chat: Chat) {
      const { radius, description, capacity } = roomProps(chat);
      return {
        ...roomBody(chat),
        interaction_radius: radius,
        description,
        capacity,
        participants_count: chat.membersCount,
        created_at: mobileTime(chat.createdAt),
      };
    },

    participant: (chat: number, { user, joinedAt }: Member) => ({
      chat_room_id: chat,
      user_id: user.id,
      created_at: mobileTime(joinedAt),
    }),
  };
}

function roomBody(chat: Chat) {
  const { latitude, longitude } = roomProps(chat);
  return {
    chat_room_id: chat.id,
    title: chat.title ?? "",
    user_id: chat.createdBy === THE_APP ? null : chat.createdBy,
    geolocation: { latitude, longitude },
  };
}

export type Render = ReturnType<typeof createRender>;

/** Newest first; what nobody has written to yet comes last, the newest made first. */
export function byLastMessage(chats: readonly ListedChat[]): ListedChat[] {
  return chats.toSorted((a, b) => at(b) - at(a) || b.id - a.id);
}

const at = (chat: ListedChat): number => chat.lastMessage?.createdAt ?? 0;
