/**
 * The events of `rooms`: what a connection hears of the room that it has joined, whatever dialect it came from. Of other
 * rooms and chats it hears nothing. Knows no socket.
 */

import type { AppNews, ChatEvent, Presence, RoomPresent } from "../../core/events.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import type { Encode, EncodedEvent } from "../../core/wire.ts";
import { encodeEvent } from "../../socketio/protocol/codec.ts";
import { joinedIn } from "./joined.ts";
import type { RenderMessage } from "./message.ts";
import { renderUser } from "./render.ts";

const nothing: EncodedEvent = { for: () => [] };

const frame = (event: string, ...args: unknown[]): string => encodeEvent("/", event, args)[0];

const hasJoined = (user: UserId): string => `${user} has joined!`;
const hasLeft = (user: UserId): string => `${user} has left`;

const roomData = ({ appId, chatId, present }: RoomPresent, room: string): object => ({
  room,
  users: present.map(({ userId, shownAs }) => ({ appId, room, roomId: chatId, sender: userId, id: shownAs })),
});

export function createEncode(render: RenderMessage): Encode {
  /** Who is there, for all in the room by the name by which they joined it; made once for each name. */
  function present(event: RoomPresent): EncodedEvent {
    const made = new Map<string, readonly string[]>();
    return {
      for({ state }) {
        const joined = joinedIn(state);
        if (joined?.id !== event.chatId) return [];
        const known = made.get(joined.name) ?? [frame("roomData", roomData(event, joined.name))];
        made.set(joined.name, known);
        return known;
      },
    };
  }

  /** What all in the room of `event` hear: made for the first of them, and kept for the others. */
  function inRoom(event: ChatEvent, make: (app: AppId) => string): EncodedEvent {
    let made: readonly string[] | undefined;
    return {
      for({ state }) {
        const joined = joinedIn(state);
        return joined?.id === event.chatId ? (made ??= [make(joined.app)]) : [];
      },
    };
  }

  function ofChat(event: ChatEvent, origin: string): EncodedEvent {
    switch (event.type) {
      case "message.created":
        return inRoom(event, (app) => frame("message", render(event.message, app, origin)));
      // The document has no words for these two: its clients know neither event, and pass them over.
      case "message.updated":
        return inRoom(event, (app) => frame("message_updated", render(event.message, app, origin)));
      case "message.deleted":
        return inRoom(event, () =>
          frame("message_deleted", {
            id: event.messageId,
            roomId: event.chatId,
            userId: event.author,
            deletedAt: new Date(event.deletedAt).toISOString(),
          }),
        );
      case "typing":
        return inRoom(event, (app) => frame("is_typing", { data: renderUser(event.user, app), typing: event.said }));
      case "read":
        return inRoom(event, (app) => frame("seen_by", renderUser(event.user, app)));
      case "room.entered":
        return inRoom(event, () => frame("info", hasJoined(event.userId)));
      case "room.left":
        return inRoom(event, () => frame("info", hasLeft(event.userId)));
      case "room.present":
        return present(event);
      case "chat.created":
      case "chat.updated":
      case "chat.removed":
      case "member.added":
      case "member.removed":
      case "unread":
        return nothing;
    }
  }

  return (event: ChatEvent | Presence | AppNews, origin: string): EncodedEvent =>
    "chatId" in event ? ofChat(event, origin) : nothing;
}
