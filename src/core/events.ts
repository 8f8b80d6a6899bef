/**
 * What a chat tells those who hear it. Knows nothing of wires: each dialect says these in its own words.
 * Durable events bear the `rev` that they are; the others are told once and forgotten.
 */

import type { DetailedChat } from "./chat.ts";
import type { AppId, ChatId, MessageId, UserId } from "./ids.ts";
import type { Json, Message } from "./message.ts";
import type { Member, Person } from "./people.ts";

interface InChat {
  readonly chatId: ChatId;
}

interface Durable extends InChat {
  readonly rev: number;
}

export interface MessageCreated extends Durable {
  readonly type: "message.created";
  readonly message: Message;
}

export interface MessageUpdated extends Durable {
  readonly type: "message.updated";
  readonly message: Message;
}

export interface MessageDeleted extends Durable {
  readonly type: "message.deleted";
  readonly messageId: MessageId;
  /** Who wrote it: to everyone else it is not unread any more. */
  readonly author: UserId;
  /** Milliseconds since 1970. */
  readonly deletedAt: number;
}

/** The viewer is in this chat from now on: it was made with them, or they were added. */
export interface ChatCreated extends Durable {
  readonly type: "chat.created";
  readonly chat: DetailedChat;
  readonly by: UserId;
}

/** The title changed. */
export interface ChatUpdated extends Durable {
  readonly type: "chat.updated";
  readonly chat: DetailedChat;
  readonly by: UserId;
}

/** The viewer is no longer in this chat, or it is no more. */
export interface ChatRemoved extends InChat {
  readonly type: "chat.removed";
  readonly chat: DetailedChat;
}

/** People came, or got other roles. */
export interface MembersAdded extends Durable {
  readonly type: "member.added";
  /** They were members before, and have another role now. */
  readonly roles: boolean;
  readonly members: readonly Member[];
  readonly chat: DetailedChat;
  readonly by: UserId;
}

export interface MembersRemoved extends Durable {
  readonly type: "member.removed";
  readonly users: readonly UserId[];
  readonly chat: DetailedChat;
  readonly by: UserId;
}

/** Somebody has read: everything up to `upTo`, or one message alone. */
export interface Read extends InChat {
  readonly type: "read";
  readonly userId: UserId;
  /** Who that is. */
  readonly user: Person;
  readonly upTo?: MessageId;
  readonly messageIds?: readonly MessageId[];
  /** Exactly the messages that were unread before: to the reader all of them, to others those that they wrote. */
  readonly changed: readonly MessageId[];
}

export interface Typing extends InChat {
  readonly type: "typing";
  readonly userId: UserId;
  /** Who that is. */
  readonly user: Person;
  readonly on: boolean;
  /** What the client said, where its dialect gives that back. */
  readonly said: Json;
}

/** Somebody came into a room with one connection, or left it. Only those who are in it hear what is said of a room. */
export interface RoomEntered extends InChat {
  readonly type: "room.entered" | "room.left";
  readonly userId: UserId;
}

/** All connections that are in a room; of a very large room, those that have been there longest. */
export interface RoomPresent extends InChat {
  readonly type: "room.present";
  readonly appId: AppId;
  readonly present: readonly Attendee[];
}

export interface Attendee {
  readonly userId: UserId;
  /** How the others see the connection. */
  readonly shownAs: string;
}

/** The viewer's own count changed otherwise than by a message. */
export interface Unread extends InChat {
  readonly type: "unread";
  readonly unread: number;
}

export type ChatEvent =
  | MessageCreated
  | MessageUpdated
  | MessageDeleted
  | ChatCreated
  | ChatUpdated
  | ChatRemoved
  | MembersAdded
  | MembersRemoved
  | Read
  | Typing
  | RoomEntered
  | RoomPresent
  | Unread;

/** Somebody came online or went. Not of a chat: told to those who watch. */
export interface Presence {
  readonly type: "presence";
  readonly userId: UserId;
  readonly username: string;
  readonly online: boolean;
}

/** News for everyone in an app: an account was made, or is gone. */
export interface AppNews {
  readonly type: "user.joined" | "user.left";
  readonly userId: UserId;
  readonly username: string;
}

/** An event on its way to the connections of one user. */
export interface UserEvent {
  readonly event: ChatEvent | Presence | AppNews;
  /** Orders what happens in one chat. */
  readonly clock?: number | undefined;
  /** The viewer's unread count in that chat after the event, where it is known. */
  readonly unread?: number | undefined;
  /** `message.updated`: `read` as the viewer sees it. */
  readonly read?: boolean | undefined;
  /** In a direct chat: the other one, as the viewer's list shows them. */
  readonly peer?: Person | null | undefined;
  /** `message.created`: when it was sent, everything before it in its chat had reached everyone. */
  readonly settled?: boolean | undefined;
  /** The connection that caused the event and has its answer: it does not hear it. */
  readonly origin?: string | null | undefined;
}
