/** The events of the native sockets. Encodes each once; a viewer's own part is put at its end. */

import type { AppNews, ChatEvent, Presence } from "../../core/events.ts";
import type { Message } from "../../core/message.ts";
import type { Encode, EncodedEvent, View } from "../../core/wire.ts";
import type { Render } from "./render.ts";

const nothing: EncodedEvent = { for: () => [] };

const same = (...frames: object[]): EncodedEvent => {
  const encoded = frames.map((frame) => JSON.stringify(frame));
  return { for: () => encoded };
};

/** A frame that ends in the viewer's unread count, where it is known. */
const withUnread = (frame: object): EncodedEvent => {
  const open = JSON.stringify(frame).slice(0, -1);
  return remembered(({ unread }) => (unread === undefined ? `${open}}` : `${open},"unread":${unread}}`));
};

/** Nearly all viewers see the same: the last frame is kept for the next one. */
function remembered(build: (view: View) => string): EncodedEvent {
  let last: { view: View; frames: readonly string[] } | undefined;
  return {
    for(view) {
      if (last === undefined || last.view.unread !== view.unread || last.view.read !== view.read) {
        last = { view, frames: [build(view)] };
      }
      return last.frames;
    },
  };
}

export function createEncode(render: Render): Encode {
  const message = (
    name: string,
    event: { chatId: number; rev: number; message: Message },
    origin: string,
  ): EncodedEvent => {
    const body = render.openText(event.message, origin);
    const open = `{"event":"${name}","chat_id":${event.chatId},"rev":${event.rev},"message":${body},"read":`;
    return remembered(({ read, unread }) => {
      const end = unread === undefined ? "}" : `,"unread":${unread}}`;
      return `${open}${read === true}}${end}`;
    });
  };

  const ofChat = (event: ChatEvent, origin: string): EncodedEvent => {
    const chat_id = event.chatId;
    switch (event.type) {
      case "message.created":
      case "message.updated":
        return message(event.type, event, origin);
      case "message.deleted":
        return withUnread({ event: event.type, chat_id, rev: event.rev, message_id: event.messageId });
      case "chat.created":
      case "chat.updated":
        return same({ event: event.type, chat_id, rev: event.rev, chat: render.detailed(event.chat, origin) });
      case "chat.removed":
        return same({ event: event.type, chat_id });
      case "member.added":
        return same(
          ...event.members.map(({ user, role }) => ({
            event: event.type,
            chat_id,
            rev: event.rev,
            user: render.person(user),
            role,
          })),
        );
      case "member.removed":
        return same(...event.users.map((user_id) => ({ event: event.type, chat_id, rev: event.rev, user_id })));
      case "read":
        return same({
          event: event.type,
          chat_id,
          user_id: event.userId,
          ...(event.messageIds === undefined ? { up_to: event.upTo } : { message_ids: event.messageIds }),
        });
      case "room.entered":
      case "room.left":
      case "room.present":
        return nothing;
      case "typing":
        return same({ event: event.type, chat_id, user_id: event.userId, on: event.on });
      case "unread":
        return same({ event: event.type, chat_id, unread: event.unread });
    }
  };

  return (event: ChatEvent | Presence | AppNews, origin: string): EncodedEvent => {
    if ("chatId" in event) return ofChat(event, origin);
    if (event.type === "presence") return same({ event: event.type, user_id: event.userId, online: event.online });
    return nothing;
  };
}
