/** Tells again, from the log, what happened in a chat after a given clock. Knows the room; knows nothing of who asked. */

import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import { SEQS_PER_CHAT } from "../../core/ids.ts";
import { DELIVERY } from "../../core/limits.ts";
import type { Message } from "../../core/message.ts";
import type { Delivery, Told } from "../rpc.ts";
import type { Change } from "./changes.ts";
import type { Room } from "./room.ts";

function changeEvent(room: Room, change: Change, viewer: UserId): ChatEvent | undefined {
  const base = { chatId: room.id, rev: change.rev };
  const chat = room.told(viewer);
  switch (change.type) {
    case "created":
      return { ...base, type: "chat.created", chat, by: change.by };
    case "renamed":
      return { ...base, type: "chat.updated", chat, by: change.by };
    case "added":
      if (change.users.includes(viewer)) return { ...base, type: "chat.created", chat, by: change.by };
      return { ...base, type: "member.added", roles: false, members: members(room, change), chat, by: change.by };
    case "role":
      return { ...base, type: "member.added", roles: true, members: members(room, change), chat, by: change.by };
    case "removed":
      return { ...base, type: "member.removed", users: change.users, chat, by: change.by };
    case "edited":
    case "deleted": {
      const message = change.seq === null ? undefined : room.messages.get(change.seq);
      if (message === undefined) return undefined;
      // What was edited and then deleted is told as deleted, both times: nobody shows it again.
      if (message.deletedAt !== null) return deletedEvent(room, change.rev, message, message.deletedAt);
      return { ...base, type: "message.updated", message };
    }
  }
}

function deletedEvent(room: Room, rev: number, message: Message, deletedAt: number): ChatEvent {
  return {
    type: "message.deleted",
    chatId: room.id,
    rev,
    messageId: message.id,
    author: message.user.id,
    deletedAt,
  };
}

function members(room: Room, change: Change): ReturnType<Room["members"]["all"]> {
  return change.users.flatMap((user) => room.members.member(user) ?? []);
}

/** What `viewer` has to learn of everything after `from`: the events where they are few, else the state alone, for clients to ask `changes`. */
export function replay(room: Room, viewer: UserId, from: number, creator: string | null): Delivery {
  const clock = room.clock;
  if (!room.members.has(viewer)) {
    const event: ChatEvent = { type: "chat.removed", chatId: room.id, chat: room.told(viewer) };
    return { chatId: room.id, clock, row: null, events: [{ clock, event }] };
  }
  const row = room.row(viewer);
  const peer = room.kind === "direct" ? row.peer : undefined;
  const since = room.changes.since(from);
  // What was before one came is not for them.
  const came = since.find(({ type, users }) => type === "added" && users.includes(viewer))?.clock ?? 0;
  const messages = room.messages.since(Math.max(from, came), DELIVERY.replay + 1);
  const changes = since.filter(({ clock: at }) => at >= came);
  if (messages.length + changes.length > DELIVERY.replay) {
    const event: ChatEvent = {
      type: "chat.updated",
      chatId: room.id,
      rev: row.chat.rev,
      chat: room.told(viewer),
      by: row.chat.createdBy,
    };
    return { chatId: room.id, clock, row, events: [{ clock, event, unread: row.unread, peer }], hole: true };
  }
  const events: Told[] = [];
  for (const message of messages) {
    const rev = room.changes.revOf(message.seq);
    const event: ChatEvent =
      message.deletedAt === null
        ? { type: "message.created", chatId: room.id, rev, message }
        : deletedEvent(room, rev, message, message.deletedAt);
    events.push({ clock: message.clock, event, read: room.isReadFor(message, viewer), unread: row.unread, peer });
  }
  for (const change of changes) {
    const event = changeEvent(room, change, viewer);
    if (event === undefined) continue;
    const read = event.type === "message.updated" ? room.isReadFor(event.message, viewer) : undefined;
    const origin = change.type === "created" ? creator : null;
    events.push({ clock: change.clock, event, origin, read, unread: row.unread, peer });
  }
  return { chatId: room.id, clock, row, events: events.toSorted((a, b) => a.clock - b.clock) };
}

/** The messages that were sent after `from`, for those who hear nothing else of the chat. */
export function replayMessages(room: Room, from: number): Told[] {
  return room.messages
    .since(from, SEQS_PER_CHAT)
    .filter((message) => message.deletedAt === null)
    .toReversed()
    .map((message) => {
      const rev = room.changes.revOf(message.seq);
      return { clock: message.clock, event: { type: "message.created", chatId: room.id, rev, message } };
    });
}
