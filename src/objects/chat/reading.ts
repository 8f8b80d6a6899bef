/**
 * The command `read`: one message, all up to one, or all. Says exactly what changed, and whose lists change with it.
 * Knows the room and the read state of the core; knows no socket and no other object.
 */

import type { CommandOf } from "../../core/commands.ts";
import { denied } from "../../core/errors.ts";
import type { MessageId, UserId } from "../../core/ids.ts";
import { messageId } from "../../core/ids.ts";
import type { Actor } from "../../core/people.ts";
import { readOne, readUpTo } from "../../core/read-state.ts";
import type { Commit, Done } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import type { Room } from "./room.ts";

export function read(room: Room, actor: Actor, command: CommandOf<"read">): Done<"read"> {
  room.role(actor);
  const user = actor.userId;
  const state = room.members.readState(user);
  const alone = command.messageId === undefined ? undefined : room.find(command.messageId);
  if (command.received === true && alone?.user.id === user && room.peer(user)?.id !== user) {
    throw denied("One's own message is for its recipient to read.", "message");
  }
  const upTo = command.upTo === undefined ? room.lastSeq : room.find(command.upTo).seq;
  const change =
    alone === undefined ? readUpTo(state, upTo, room.log(user)) : readOne(state, alone.seq, room.log(user));
  if (change.changed.length === 0 && change.state.upTo === state.upTo) {
    return { result: { unread: room.unread(user), changed: [] }, commit: NOTHING };
  }
  const lastWasRead = room.last !== undefined && room.members.readByOthers(room.last.seq, room.last.user.id);
  room.saveRead(user, change);
  return {
    result: { unread: room.unread(user), changed: change.changed.map((at) => messageId(room.id, at)) },
    commit: readCommit(room, user, change.changed, alone?.id, upTo, lastWasRead),
  };
}

function readCommit(
  room: Room,
  reader: UserId,
  changed: readonly number[],
  alone: MessageId | undefined,
  upTo: number,
  lastWasRead: boolean,
): Commit {
  if (changed.length === 0) return { ...NOTHING, rows: [reader] };
  const authors = new Map<UserId, MessageId[]>();
  const wanted = new Set(changed);
  for (const message of room.messages.authors((changed[0] ?? 1) - 1, changed.at(-1) ?? 0)) {
    if (!wanted.has(message.seq)) continue;
    const own = authors.get(message.userId);
    if (own === undefined) authors.set(message.userId, [messageId(room.id, message.seq)]);
    else own.push(messageId(room.id, message.seq));
  }
  const what = alone === undefined ? { upTo: messageId(room.id, upTo) } : { messageIds: [alone] };
  const all = changed.map((seq) => messageId(room.id, seq));
  const last = room.last;
  const flipped = !lastWasRead && last !== undefined && room.members.readByOthers(last.seq, last.user.id);
  const unread = room.unread(reader);
  return {
    ...NOTHING,
    rows: flipped && room.members.has(last.user.id) ? [reader, last.user.id] : [reader],
    tellings: [
      {
        event: (viewer) => ({
          type: "read",
          chatId: room.id,
          userId: reader,
          user: room.members.person(reader),
          ...what,
          changed: viewer === reader ? all : (authors.get(viewer) ?? []),
        }),
        shared: false,
        to: room.members.ids(),
      },
      { event: () => ({ type: "unread", chatId: room.id, unread }), shared: true, to: [reader] },
    ],
  };
}
