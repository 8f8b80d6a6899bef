/**
 * The events of `messenger`: what a connection hears of direct chats, whatever dialect things were done in, of those it
 * waits for, and of accounts. Knows no socket. There are no groups and rooms here: nothing is told of them.
 */

import type { AppNews, ChatEvent, Presence } from "../../core/events.ts";
import type { MessageId, UserId } from "../../core/ids.ts";
import type { Json, Message } from "../../core/message.ts";
import type { Encode, EncodedEvent, View } from "../../core/wire.ts";
import { encodeEvent } from "../../socketio/protocol/codec.ts";
import type { Pair, Render } from "./render.ts";

export const NAMESPACE = "/chat";

/** What the server says unasked, by the event's name. */
export interface Said {
  readonly chat: { readonly chat: ReturnType<Render["chat"]> };
  readonly "chat-updated": { readonly chat: ReturnType<Render["chat"]> };
  readonly "chat-deleted": { readonly id: MessageId; readonly user: string };
  readonly "read-chat": { readonly id: MessageId; readonly user: string };
  readonly "unread-chats-count": { readonly user: string; readonly unreadChatsCount: number };
  readonly "user-online": { readonly user: string };
  readonly "user-offline": { readonly user: string };
  readonly "user-join": { readonly user: string };
  readonly "user-leave": { readonly user: string };
}

/** An event as it goes over the wire. */
export function say<Name extends keyof Said>(event: Name, body: Said[Name]): string {
  return encodeEvent(NAMESPACE, event, [body])[0];
}

const nothing: EncodedEvent = { for: () => [] };
const same = (frame: string): EncodedEvent => ({ for: () => [frame] });

/** What is kept of a connection: the name that chats have for whoever speaks there. */
export const stateOf = (username: string): Json => ({ username });

/** The two people of the chat that an event is of; undefined where it is no direct chat. */
function pairOf({ viewer, peer, state }: View): Pair | undefined {
  if (peer === undefined || peer === null || viewer === undefined || viewer === null) return undefined;
  const { username } = Object(state) as { username?: unknown };
  return typeof username === "string" ? { self: { id: viewer, username }, peer } : undefined;
}

/** An event that each side of a direct chat hears in its own way. */
const toPair = (tell: (pair: Pair, view: View) => readonly string[]): EncodedEvent => ({
  for(view) {
    const pair = pairOf(view);
    return pair === undefined ? [] : tell(pair, view);
  },
});

function counted({ peer }: Pair, unread: number | undefined): string[] {
  return unread === undefined ? [] : [say("unread-chats-count", { user: peer.username, unreadChatsCount: unread })];
}

const isRecipient = ({ self, peer }: Pair, author: UserId): boolean => author !== self.id || peer.id === self.id;

export function createEncode(render: Render): Encode {
  const shown = (name: "chat" | "chat-updated", message: Message, pair: Pair, { read }: View, origin: string): string =>
    say(name, { chat: render.chat(message, read === true, pair, origin) });

  function ofChat(event: ChatEvent, origin: string): EncodedEvent {
    switch (event.type) {
      case "message.created":
        return toPair((pair, view) => [
          shown("chat", event.message, pair, view, origin),
          ...(isRecipient(pair, event.message.user.id) ? counted(pair, view.unread) : []),
        ]);
      // The document knows no edits and deletions: they have names that its clients do not listen to.
      case "message.updated":
        return toPair((pair, view) => [shown("chat-updated", event.message, pair, view, origin)]);
      case "message.deleted":
        return toPair(({ peer }) => [say("chat-deleted", { id: event.messageId, user: peer.username })]);
      case "read":
        return toPair(({ self, peer }) =>
          // What the reader hears of it is the count.
          event.userId === self.id ? [] : event.changed.map((id) => say("read-chat", { id, user: peer.username })),
        );
      case "unread":
        return toPair((pair) => counted(pair, event.unread));
      // A direct chat has no title: this stands for more events than were worth telling one by one.
      case "chat.updated":
        return toPair((pair, { unread }) => counted(pair, unread));
      case "chat.removed": {
        const { kind, peer } = event.chat;
        return kind !== "direct" || peer === null
          ? nothing
          : same(say("unread-chats-count", { user: peer.username, unreadChatsCount: 0 }));
      }
      case "chat.created":
      case "room.entered":
      case "room.left":
      case "room.present":
      case "member.added":
      case "member.removed":
      case "typing":
        return nothing;
    }
  }

  return (event: ChatEvent | Presence | AppNews, origin: string): EncodedEvent => {
    switch (event.type) {
      case "presence":
        return same(say(event.online ? "user-online" : "user-offline", { user: event.username }));
      case "user.joined":
        return same(say("user-join", { user: event.username }));
      case "user.left":
        return same(say("user-leave", { user: event.username }));
      default:
        return ofChat(event, origin);
    }
  };
}
