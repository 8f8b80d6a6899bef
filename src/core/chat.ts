/** What a chat is, as its members see it. Pure shapes. */

import type { AppId, ChatId, UserId } from "./ids.ts";
import type { Json, SeenMessage } from "./message.ts";
import type { Member, Person } from "./people.ts";

export const CHAT_KINDS = ["direct", "group", "room"] as const;
export type ChatKind = (typeof CHAT_KINDS)[number];

/** What is the same for everyone in the chat. */
export interface Chat {
  readonly id: ChatId;
  readonly appId: AppId;
  readonly kind: ChatKind;
  readonly title: string | null;
  /** Of a room that belongs to its app: unique there. Such a room is entered by invitation, and stays when it is empty. */
  readonly name: string | null;
  /** `THE_APP` where the app itself made it. */
  readonly createdBy: UserId;
  /** What dialects keep with a chat, e.g. a room's place on the map. */
  readonly props: { readonly [key: string]: Json };
  readonly membersCount: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The time of the last message, or of the last change of title or membership. */
  readonly updatedAt: number;
  readonly rev: number;
  readonly lastSeq: number;
}

/** A chat in the list of one of its members. */
export interface ListedChat extends Chat {
  readonly unread: number;
  readonly lastMessage: SeenMessage | null;
  /** In a direct chat: the other one, or oneself in a chat with oneself. */
  readonly peer: Person | null;
}

/** A chat with its members, as one of them sees it. */
export interface DetailedChat extends ListedChat {
  readonly members: readonly Member[];
}

/** What changed in a chat after a `rev`. */
export interface Changes {
  /** Everything up to here is told; below the chat's own `rev` there is more to ask for. */
  readonly rev: number;
  /** New, edited and deleted messages, by `seq`. */
  readonly messages: readonly SeenMessage[];
  /** All members, where membership or a role changed; else empty. */
  readonly members: readonly Member[];
  readonly chat: ListedChat;
}

/** The key under which the direct chat of two people is unique; the order of the two does not matter. */
export function pairKey(a: UserId, b: UserId): string {
  return a < b ? `${a}:${b}` : `${b}:${a}`;
}
