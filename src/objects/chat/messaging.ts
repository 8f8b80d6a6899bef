/**
 * Commands on messages: each is one synchronous transaction that says afterwards what is to be told to whom.
 * Knows the room and the rules of the core; knows no socket and no other object.
 */

import type { Changes } from "../../core/chat.ts";
import type { CommandOf, ResultOf } from "../../core/commands.ts";
import { invalid, notFound, refused } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import { SEQS_PER_CHAT, messageId, splitMessageId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Attachment, CheckedDraft, Draft, Message, SeenMessage } from "../../core/message.ts";
import { checkDraft, checkText, kindOf } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import { THE_APP } from "../../core/people.ts";
import { checkDelete, checkEdit } from "../../core/permissions.ts";
import { isRead } from "../../core/read-state.ts";
import type { Commit, Done, Telling } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import { notFree } from "./files.ts";
import { read } from "./reading.ts";
import type { Room } from "./room.ts";

/**
 * A draft that may become a message as the chat is now, and the message that it has become already, if any.
 * @throws what refuses it: input.invalid, access.denied, refused; not_found to another app
 */
export function checked(room: Room, actor: Actor, given: Draft): { draft: CheckedDraft; known?: SeenMessage } {
  room.role(actor);
  const draft = checkDraft(given, room.id);
  const known = draft.clientId === null ? undefined : room.messages.byClientId(actor.userId, draft.clientId);
  if (known !== undefined) return { draft, known: room.seen(known, actor.userId) };
  if (given.requireRead === true && room.unread(actor.userId) > 0) {
    throw refused("unread", "There are unread messages in this chat: they are to be read first.");
  }
  if (draft.replyTo !== null && draft.replyTo > messageId(room.id, room.lastSeq)) {
    throw invalid("reply_to", "is no message of this chat");
  }
  if (room.lastSeq + 1 >= SEQS_PER_CHAT) throw invalid("chat_id", "this chat is full");
  return { draft };
}

/** `attachments` are those of the draft, found and held for this chat; `isTaken` says whether another message has one since. */
export function send(
  room: Room,
  actor: Actor,
  command: CommandOf<"message.send">,
  attachments: readonly Attachment[],
  isTaken: (id: string) => boolean,
  delivered: number,
  now: number,
): Done<"message.send"> {
  const { draft, known } = checked(room, actor, command.draft);
  if (known !== undefined) return { result: { message: known, created: false }, commit: NOTHING };
  const taken = attachments.findIndex(({ id }) => isTaken(id));
  if (taken >= 0) throw notFree(taken);
  const message = room.messages.insert({
    seq: room.lastSeq + 1,
    rev: room.rev + 1,
    clock: room.clock + 1,
    delivered,
    userId: actor.userId,
    kind: draft.kind ?? kindOf(draft.text, attachments),
    text: draft.text,
    attachments,
    data: draft.data,
    replyTo: draft.replyTo,
    clientId: draft.clientId,
    consumable: command.draft.consumable === true,
    // A clock that was set back must not let a later message look earlier.
    createdAt: Math.max(now, room.last?.createdAt ?? 0),
  });
  room.appended(message);
  const event: ChatEvent = { type: "message.created", chatId: room.id, rev: message.rev, message };
  return {
    result: { message: { ...message, read: false }, created: true },
    commit: room.toAll(() => event, true),
  };
}

export function edit(
  room: Room,
  actor: Actor,
  command: CommandOf<"message.edit">,
  delivered: number,
  now: number,
): Done<"message.edit"> {
  room.role(actor);
  const message = room.find(command.messageId);
  checkEdit(actor.userId, message.user.id);
  if (message.deletedAt !== null) throw notFound("message");
  const text = checkText(command.text);
  if (text === "" && message.attachments.length === 0 && message.data === null) {
    throw invalid("text", "may not be empty");
  }
  // A clock that has gone back takes no message back.
  const at = Math.max(now, message.editedAt ?? message.createdAt);
  room.transaction(() => {
    room.messages.edit(message.seq, room.rev + 1, text === "" ? null : text, at);
    room.note("edited", actor.userId, { seq: message.seq }, delivered, at);
  });
  const edited = room.refreshed(message.seq);
  return {
    result: { message: room.seen(edited, actor.userId) },
    commit: room.toAll(() => ({ type: "message.updated", chatId: room.id, rev: edited.rev, message: edited }), true),
  };
}

export function deleteMessage(
  room: Room,
  actor: Actor,
  command: CommandOf<"message.delete">,
  delivered: number,
  now: number,
): Done<"message.delete"> {
  const role = room.role(actor);
  const message = room.find(command.messageId);
  checkDelete(room.kind, { id: actor.userId, role }, message.user.id);
  if (message.deletedAt !== null) return { result: { messageId: message.id }, commit: NOTHING };
  return { result: { messageId: message.id }, commit: erase(room, [message], actor.userId, delivered, now) };
}

/** Deletes messages that the app does not want to keep any longer, whoever wrote them. */
export function expire(room: Room, messages: readonly Message[], delivered: number, now: number): Commit {
  return erase(room, messages, THE_APP, delivered, now);
}

/** Deletes messages that are there, as one commit: whoever had some of them unread hears their count once. */
function erase(room: Room, messages: readonly Message[], by: UserId, delivered: number, now: number): Commit {
  const everyone = room.members.ids();
  const counted = new Set<UserId>();
  const tellings = messages.map(({ id, seq, createdAt, user: { id: author } }): Telling => {
    const at = Math.max(now, createdAt);
    for (const user of everyone) {
      if (user !== author && !isRead(room.members.readState(user), seq)) counted.add(user);
    }
    room.transaction(() => {
      room.messages.erase(seq, room.rev + 1, at);
      room.members.noteDeleted(seq, author);
      room.note("deleted", by, { seq }, delivered, at);
    });
    const { rev } = room.refreshed(seq);
    const event: ChatEvent = { type: "message.deleted", chatId: room.id, rev, messageId: id, author, deletedAt: at };
    return { event: () => event, shared: true, to: everyone };
  });
  const counts: Telling = {
    event: (viewer) => ({ type: "unread", chatId: room.id, unread: room.unread(viewer) }),
    shared: false,
    to: [...counted],
  };
  return { ...NOTHING, tellings: [...tellings, counts], rows: everyone };
}

/** The attachments that go with a message of this chat, if `id` names one. */
export function attachmentsOf(room: Room, id: number): string[] {
  const place = splitMessageId(id);
  const message = place !== null && place.chat === room.id ? room.messages.get(place.seq) : undefined;
  return message === undefined ? [] : idsOf([message]);
}

/** All attachments of some messages. */
export const idsOf = (messages: readonly Pick<Message, "attachments">[]): string[] =>
  messages.flatMap((message) => message.attachments.map((attachment) => attachment.id));

export function list(room: Room, actor: Actor, page: CommandOf<"message.list">): ResultOf<"message.list"> {
  room.role(actor);
  const limit = Math.min(page.limit ?? LIMITS.pageDefault, LIMITS.page);
  if (page.present === true) {
    const above = page.after === undefined ? 0 : room.cursor(page.after, "after");
    const below = page.before === undefined ? SEQS_PER_CHAT : room.cursor(page.before, "before");
    const present = room.messages.present({ above, below }, page.skip ?? 0, limit);
    return { items: room.seenAll(present, actor.userId), next: null };
  }
  if (page.before !== undefined && page.after !== undefined) throw invalid("after", "does not go with before");
  const found =
    page.after === undefined
      ? room.messages.before(belowOf(room, page.before), limit)
      : after(room, room.cursor(page.after, "after"), limit);
  const items = room.seenAll(found, actor.userId);
  const end = items.at(-1);
  // No place is empty, so it can be told without looking whether there is more.
  const isMore = end !== undefined && (page.after === undefined ? end.seq > 1 : end.seq < room.lastSeq);
  return { items, next: isMore ? end.id : null };
}

/** Up to `limit` messages above `seq`, of those that there are. */
const after = (room: Room, seq: number, limit: number): Message[] =>
  room.messages.after(seq, Math.min(limit, room.lastSeq - seq));

/** Where a page ends that is below `cursor`, or has the newest messages. @throws input.invalid */
function belowOf(room: Room, cursor: number | undefined): number {
  const end = room.lastSeq + 1;
  return cursor === undefined ? end : Math.min(room.cursor(cursor, "before"), end);
}

/** For the app as a whole, which need not be in the chat. @throws not_found to another app */
export function range(
  room: Room,
  actor: Actor,
  { from, to, before, limit }: CommandOf<"message.range">,
): ResultOf<"message.range"> {
  if (actor.appId !== room.appId) throw notFound("chat");
  const first = from === null ? 1 : room.messages.firstAt(from, room.lastSeq);
  const end = to === null ? room.lastSeq + 1 : room.messages.firstAt(to + 1, room.lastSeq);
  const below = before === null ? end : Math.min(end, room.cursor(before, "before"));
  const found = room.messages.presentBetween(first, below, limit + 1);
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Reads the oldest unread messages by handing them out; `dropped` are the attachments of those that are deleted by it. */
export function fetch(
  room: Room,
  actor: Actor,
  command: CommandOf<"message.fetch">,
  delivered: number,
  now: number,
): Done<"message.fetch"> & { readonly dropped: readonly string[] } {
  room.role(actor);
  const user = actor.userId;
  const state = room.members.readState(user);
  const log = room.log(user);
  const wanted: number[] = [];
  for (let at = state.upTo + 1; at <= log.last && wanted.length < command.limit; at++) {
    if (log.needsReading(at) && !isRead(state, at)) wanted.push(at);
  }
  const last = wanted.at(-1);
  if (last === undefined) return { result: { items: [], left: 0 }, commit: NOTHING, dropped: [] };
  const fetched = room.messages.some(wanted);
  const done = read(room, actor, { do: "read", upTo: messageId(room.id, last) });
  const items = room.seenAll(fetched, user);
  const consumable = new Set(room.messages.consumable(wanted));
  const result = { items, left: room.unread(user) };
  if (consumable.size === 0) return { result, commit: done.commit, dropped: [] };
  const consumed = fetched.filter((message) => consumable.has(message.seq));
  const { tellings, rows } = erase(room, consumed, user, delivered, now);
  return {
    result,
    commit: { ...done.commit, tellings: [...done.commit.tellings, ...tellings], rows },
    dropped: idsOf(consumed),
  };
}

export function since(room: Room, actor: Actor, command: CommandOf<"changes">): Changes {
  room.role(actor);
  const end = Math.min(room.rev, command.since + LIMITS.changes);
  const changes = room.changes.between(command.since, end);
  const fresh = room.messages.after(
    room.changes.seqAt(command.since),
    Math.max(0, room.changes.seqAt(end) - room.changes.seqAt(command.since)),
  );
  const touched = new Set(changes.flatMap((change) => (change.seq === null ? [] : [change.seq])));
  for (const message of fresh) touched.delete(message.seq);
  const messages = [...room.messages.some([...touched]), ...fresh].toSorted((a, b) => a.seq - b.seq);
  return {
    rev: end,
    messages: room.seenAll(messages, actor.userId),
    members: changes.some((change) => change.users.length > 0) ? room.members.all() : [],
    chat: room.listed(actor.userId),
  };
}
