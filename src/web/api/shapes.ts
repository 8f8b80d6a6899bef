/**
 * Knows the shapes of `/v1`, as far as the page uses them.
 * Must not know how they come here.
 */

export interface Person {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly photo: string | null;
}

export interface FoundPerson extends Person {
  readonly online: boolean;
}

export type Role = "member" | "admin" | "owner";

export interface Member {
  readonly user: Person;
  readonly role: Role;
  readonly read_seq: number;
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  readonly url: string;
  readonly width?: number;
  readonly height?: number;
}

export interface Message {
  readonly id: number;
  readonly chat_id: number;
  readonly seq: number;
  readonly rev: number;
  readonly user: Person;
  readonly type: string;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly data: unknown;
  readonly reply_to: number | null;
  readonly client_id: string | null;
  readonly created_at: string;
  readonly edited_at: string | null;
  readonly deleted_at: string | null;
  readonly read: boolean;
}

export interface Chat {
  readonly id: number;
  readonly kind: "direct" | "group" | "room";
  readonly title: string | null;
  readonly peer: Person | null;
  readonly members_count: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly rev: number;
  readonly last_seq: number;
  readonly unread: number;
  readonly last_message: Message | null;
}

/** One chat told in full. In events, chats with more than a thousand members come without them. */
export interface DetailedChat extends Chat {
  readonly members?: readonly Member[];
}

export interface Changes {
  readonly rev: number;
  readonly messages: readonly Message[];
  /** All of them where membership or a role changed; else none. */
  readonly members: readonly Member[];
  readonly chat: Chat;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: number | string | null;
}

export interface Session {
  readonly token: string;
  readonly user: Person;
}

/** Somebody as they are now. */
export interface KnownPerson extends FoundPerson {
  /** When their last connection closed; null while one is open, or where none ever was. */
  readonly last_seen: string | null;
}

/** What a socket says unasked. */
export type Event =
  | {
      readonly event: "message.created" | "message.updated";
      readonly chat_id: number;
      readonly rev: number;
      readonly message: Message;
      readonly unread?: number;
    }
  | {
      readonly event: "message.deleted";
      readonly chat_id: number;
      readonly rev: number;
      readonly message_id: number;
      readonly unread?: number;
    }
  | {
      readonly event: "chat.created" | "chat.updated";
      readonly chat_id: number;
      readonly rev: number;
      readonly chat: DetailedChat;
    }
  | { readonly event: "chat.removed"; readonly chat_id: number }
  | {
      readonly event: "member.added";
      readonly chat_id: number;
      readonly rev: number;
      readonly user: Person;
      readonly role: Role;
    }
  | { readonly event: "member.removed"; readonly chat_id: number; readonly rev: number; readonly user_id: number }
  | {
      readonly event: "read";
      readonly chat_id: number;
      readonly user_id: number;
      readonly up_to?: number;
      readonly message_ids?: readonly number[];
    }
  | { readonly event: "unread"; readonly chat_id: number; readonly unread: number }
  | { readonly event: "typing"; readonly chat_id: number; readonly user_id: number; readonly on: boolean }
  | { readonly event: "presence"; readonly user_id: number; readonly online: boolean };

/** A message id names its chat and its place there. */
export const messageId = (chatId: number, seq: number): number => chatId * 2 ** 24 + seq;
export const seqOf = (id: number): number => id % 2 ** 24;
