/**
 * The events of `methods`: what a connection hears of what others (or one's other connections) did, in whatever dialect.
 * Knows no socket. The events that answer a method are made in `methods.ts`.
 */

import type { AppNews, ChatEvent, MessageDeleted, Presence } from "../../core/events.ts";
import type { MessageId } from "../../core/ids.ts";
import type { Message } from "../../core/message.ts";
import type { Encode, EncodedEvent } from "../../core/wire.ts";
import type { Render } from "./render.ts";

const nothing: EncodedEvent = { for: () => [] };

const same = (...frames: object[]): EncodedEvent => {
  const encoded = frames.map((frame) => JSON.stringify(frame));
  return { for: () => encoded };
};

/** Frames that all viewers of a kind see alike: made for the first of them, and kept for the others. */
function once(frame: () => object): () => readonly string[] {
  let made: readonly string[] | undefined;
  return () => (made ??= [JSON.stringify(frame())]);
}

/** `messages_updated`: these messages are read now, as far as the viewer is concerned. */
export const readUpdates = (ids: readonly MessageId[]): object => ({
  type: "messages_updated",
  data: { updates: ids.map((id) => ({ id, fields: { is_read: true } })) },
});

/** `message_created` and `new_message` differ in who hears them; both bear a message whose `is_read` is the viewer's. */
export function messageFrame(message: Message, isRead: boolean, render: Render, origin: string): object {
  return { ...render.unseen(message, origin), is_read: isRead };
}

/** A message without content; whoever did not write it has it unread no longer. */
function deleted({ messageId: id, author }: MessageDeleted): EncodedEvent {
  const update = (fields: object) =>
    once(() => ({
      type: "messages_updated",
      data: { updates: [{ id, fields: { text: "", attached_files: [], ...fields } }] },
    }));
  const [own, foreign] = [update({}), update({ is_read: true })];
  return { for: ({ viewer }) => (viewer === author ? own() : foreign()) };
}

export function createEncode(render: Render): Encode {
  function ofChat(event: ChatEvent, origin: string): EncodedEvent {
    switch (event.type) {
      case "message.created": {
        const open = JSON.stringify(render.unseen(event.message, origin)).slice(0, -1);
        const frames = [false, true].map((read) => [
          `{"type":"new_message","data":{"message":${open},"is_read":${read}}}}`,
        ]);
        return { for: ({ read }) => frames[read === true ? 1 : 0] ?? [] };
      }
      case "message.updated": {
        // The document knows updates of messages by their fields; an edited text is one more field.
        const { text, updated_at } = render.unseen(event.message, origin);
        return same({
          type: "messages_updated",
          data: { updates: [{ id: event.message.id, fields: { text, updated_at } }] },
        });
      }
      case "message.deleted":
        return deleted(event);
      case "chat.created": {
        const maker = once(() => ({
          type: "chat_created",
          data: { chat: render.chat(event.chat), event_response_key: null },
        }));
        const others = once(() => ({ type: "new_chat", data: { chat: render.chat(event.chat) } }));
        return { for: ({ viewer }) => (viewer === event.by ? maker() : others()) };
      }
      case "chat.updated":
        return same({ type: "chat_updated", data: { chat: render.chat(event.chat) } });
      case "chat.removed":
        return same({ type: "chat_removed", data: { chat: render.chat(event.chat) } });
      case "member.added":
        // A new role of somebody who is here already is a change of the chat.
        return event.roles
          ? same({ type: "chat_updated", data: { chat: render.chat(event.chat) } })
          : same({
              type: "user_added",
              data: { user_ids: event.members.map((member) => member.user.id), chat: render.chat(event.chat) },
            });
      case "member.removed":
        return same({ type: "user_removed", data: { user_ids: event.users, chat: render.chat(event.chat) } });
      case "read":
        return {
          for({ viewer, unread }) {
            const frames: object[] = event.changed.length > 0 ? [readUpdates(event.changed)] : [];
            // In this dialect a chat is read as a whole; other dialects also read single messages.
            if (viewer === event.userId && unread === 0) {
              frames.unshift({ type: "messages_read", data: { chat: event.chatId, event_response_key: null } });
            }
            return frames.map((frame) => JSON.stringify(frame));
          },
        };
      case "room.entered":
      case "room.left":
      case "room.present":
      case "typing":
      case "unread":
        return nothing;
    }
  }

  return (event: ChatEvent | Presence | AppNews, origin: string): EncodedEvent =>
    "chatId" in event ? ofChat(event, origin) : nothing;
}
