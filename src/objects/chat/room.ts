/**
 * A chat's state: its counters, its members and messages, and how they look to each viewer. The commands that change it
 * are in `messaging.ts`, `reading.ts` and `membership.ts`. Knows SQLite; knows no rule, no socket and no other object.
 */

import type { Chat, ChatKind, DetailedChat, ListedChat } from "../../core/chat.ts";
import { invalid, notFound, notMember } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { splitMessageId } from "../../core/ids.ts";
import { LARGE_CHAT, LIMITS } from "../../core/limits.ts";
import type { Json, Message, SeenMessage } from "../../core/message.ts";
import { needsReading } from "../../core/message.ts";
import type { Actor, Person, Role } from "../../core/people.ts";
import { THE_APP } from "../../core/people.ts";
import type { ChatRecord } from "../../core/ports.ts";
import type { Log, ReadChange } from "../../core/read-state.ts";
import { isRead } from "../../core/read-state.ts";
import type { ChatRow } from "../rpc.ts";
import { Meta, stored } from "../sql.ts";
import type { Change, ChangeType } from "./changes.ts";
import { ChangeLog } from "./changes.ts";
import type { Commit } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import type { Reader } from "./members.ts";
import { Members } from "./members.ts";
import { Messages } from "./messages.ts";

/** So many messages of the log are read at once. */
const LOG_PART = 64;

/** What never changes about a chat, and its title. */
interface Identity {
  readonly id: ChatId;
  readonly appId: AppId;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly name: string | null;
  readonly createdBy: UserId;
  readonly createdAt: number;
  readonly props: { readonly [key: string]: Json };
}

export class Room {
  readonly messages: Messages;
  readonly members: Members;
  readonly changes: ChangeLog;
  readonly #storage: DurableObjectStorage;
  readonly #meta: Meta;
  #identity: Identity;
  #rev: number;
  #clock: number;
  #lastSeq: number;
  #updatedAt: number;
  #last: Message | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#meta = new Meta(storage.sql);
    const identity = this.#meta.get("chat");
    if (identity === undefined) throw new Error("a chat without an identity");
    this.#identity = stored<Identity>(identity);
    this.members = new Members(storage.sql);
    this.messages = new Messages(storage.sql, this.#identity.id, (id) => ({
      user: this.members.person(id),
      role: this.members.role(id) ?? "member",
    }));
    this.changes = new ChangeLog(storage.sql);
    const tail = this.messages.tail();
    const change = this.changes.last();
    this.#last = this.messages.last();
    this.#lastSeq = tail?.seq ?? 0;
    this.#rev = Math.max(change?.rev ?? 0, change === undefined ? 0 : change.rev + this.#lastSeq - change.lastSeq);
    this.#clock = Math.max(tail?.clock ?? 0, change?.clock ?? 0, this.members.readClock());
    this.#updatedAt = Math.max(this.#identity.createdAt, this.#last?.createdAt ?? 0, this.changes.reshapedAt());
  }

  /** Fills an empty object from the directory. In one transaction with the schema: a chat is there whole or not at all. */
  static found(storage: DurableObjectStorage, record: ChatRecord): void {
    const identity: Identity = {
      id: record.id,
      appId: record.appId,
      kind: record.kind,
      title: record.title,
      name: record.name,
      createdBy: record.createdBy,
      createdAt: record.createdAt,
      props: record.props,
    };
    new Meta(storage.sql).set("chat", JSON.stringify(identity));
    const members = new Members(storage.sql);
    for (const member of record.members) members.add(member.user, member.role, 0, record.createdAt);
    new ChangeLog(storage.sql).add({
      rev: 1,
      clock: 1,
      delivered: 0,
      lastSeq: 0,
      type: "created",
      by: record.createdBy,
      seq: null,
      users: record.members.map((member) => member.user.id),
      at: record.createdAt,
    });
  }

  get id(): ChatId {
    return this.#identity.id;
  }

  get appId(): AppId {
    return this.#identity.appId;
  }

  get createdBy(): UserId {
    return this.#identity.createdBy;
  }

  get kind(): ChatKind {
    return this.#identity.kind;
  }

  get props(): Identity["props"] {
    return this.#identity.props;
  }

  get rev(): number {
    return this.#rev;
  }

  get clock(): number {
    return this.#clock;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The newest message, deleted or not. */
  get last(): Message | undefined {
    return this.#last;
  }

  get large(): boolean {
    return this.members.size > LARGE_CHAT;
  }

  get title(): string | null {
    return this.#identity.title;
  }

  /** It belongs to its app, which lets people in and owns it. */
  get ofApp(): boolean {
    return this.#identity.name !== null;
  }

  /** The role of `actor`. @throws not_found to another app, access.denied to whoever is no member */
  role(actor: Actor): Role {
    if (actor.appId !== this.#identity.appId) throw notFound("chat");
    if (actor.userId === THE_APP && this.ofApp) return "owner";
    const role = this.members.role(actor.userId);
    if (role === undefined) throw notMember();
    return role;
  }

  // ---- views ------------------------------------------------------------------------------------------------

  get chat(): Chat {
    return {
      id: this.#identity.id,
      appId: this.#identity.appId,
      kind: this.#identity.kind,
      title: this.#identity.title,
      name: this.#identity.name,
      createdBy: this.#identity.createdBy,
      props: this.#identity.props,
      membersCount: this.members.size,
      createdAt: this.#identity.createdAt,
      updatedAt: this.#updatedAt,
      rev: this.#rev,
      lastSeq: this.#lastSeq,
    };
  }

  /** In a direct chat: the other one, or the viewer in a chat with oneself. */
  peer(viewer: UserId): Person | null {
    if (this.#identity.kind !== "direct") return null;
    const ids = this.members.ids();
    const other = ids.find((id) => id !== viewer) ?? this.#departed(viewer) ?? ids[0];
    return other === undefined ? null : this.members.person(other);
  }

  row(viewer: UserId): ChatRow {
    return {
      chat: this.chat,
      unread: this.unread(viewer),
      lastMessage: this.#last === undefined ? null : this.seen(this.#last, viewer),
      peer: this.peer(viewer),
      large: this.large,
    };
  }

  /** In a direct chat whose other side is gone: who that was. */
  #departed(viewer: UserId): UserId | undefined {
    return this.changes.between(0, 1)[0]?.users.find((id) => id !== viewer);
  }

  listed(viewer: UserId): ListedChat {
    const { chat, unread, lastMessage, peer } = this.row(viewer);
    return { ...chat, unread, lastMessage, peer };
  }

  detailed(viewer: UserId): DetailedChat {
    return { ...this.listed(viewer), members: this.members.all() };
  }

  /** As events bear it: the members of a very large chat are too many to go with each. */
  told(viewer: UserId): DetailedChat {
    return { ...this.listed(viewer), members: this.members.size > LIMITS.membersTold ? [] : this.members.all() };
  }

  seen(message: Message, viewer: UserId): SeenMessage {
    return { ...message, read: this.isReadFor(message, viewer) };
  }

  /** The same of messages that were just read from the disk: nobody else has them, so they are not copied. */
  seenAll(messages: readonly Message[], viewer: UserId): readonly SeenMessage[] {
    const state = this.members.readState(viewer);
    let isReadByOthers: ((seq: number) => boolean) | undefined;
    for (const message of messages as (Message & { read: boolean })[]) {
      if (message.user.id === viewer) {
        isReadByOthers ??= this.members.readersBesides(viewer);
        message.read = isReadByOthers(message.seq);
      } else message.read = isRead(state, message.seq);
    }
    return messages as readonly SeenMessage[];
  }

  /** `read` as `viewer` sees it: to the author, whether somebody else has read it; to others, whether they have. */
  isReadFor(message: Message, viewer: UserId): boolean {
    return message.user.id === viewer
      ? this.members.readByOthers(message.seq, viewer)
      : isRead(this.members.readState(viewer), message.seq);
  }

  unread(user: UserId): number {
    return this.members.unread(user, (readers) => this.#countUnread(readers));
  }

  /** What each of these has unread, who come in the order in which they have read: the log is gone through once for all. */
  #countUnread(readers: readonly Reader[]): number[] {
    const places = [...new Set(readers.map(({ read }) => read.upTo))];
    const found = this.messages.countPresent(
      places.map((after, at) => ({ after, to: places[at + 1] ?? this.#lastSeq })),
    );
    const counts = new Map(places.map((after, at) => [after, found[at] ?? []]));
    const byAuthor = new Map<UserId, number>();
    let present = 0;
    // From the end on: above a place is what is above the next one, and what lies between.
    return readers
      .toReversed()
      .map(({ userId, read }) => {
        for (const { userId: author, count } of counts.get(read.upTo) ?? []) {
          byAuthor.set(author, (byAuthor.get(author) ?? 0) + count);
          present += count;
        }
        counts.delete(read.upTo);
        // Single reads of messages that were deleted since are forgotten with them, so each that is left counts.
        return present - (byAuthor.get(userId) ?? 0) - read.singles.length;
      })
      .toReversed();
  }

  /** A person's new name and photo; those of old messages follow. */
  savePerson(person: Person): void {
    this.members.savePerson(person);
    this.#last = this.messages.last();
  }

  // ---- for the commands -------------------------------------------------------------------------------------

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  /** `message` was stored as the newest. */
  appended(message: Message): void {
    this.#lastSeq += 1;
    this.#rev += 1;
    this.#clock += 1;
    this.#last = message;
    this.touch(message.createdAt);
    this.members.noteMessage(message.user.id);
  }

  /** Stores what `user` has read now, as a commit of its own. */
  saveRead(user: UserId, change: ReadChange): void {
    this.transaction(() => this.members.saveRead(user, change, this.#clock + 1));
    this.#clock += 1;
  }

  /** Stores another title, as a commit of its own. */
  retitle(title: string | null, by: UserId, delivered: number, now: number): void {
    const identity = { ...this.#identity, title };
    this.transaction(() => {
      this.#meta.set("chat", JSON.stringify(identity));
      this.note("renamed", by, {}, delivered, now);
    });
    this.#identity = identity;
    this.touch(now);
  }

  /** Something that moves the chat to the top of lists happened `at` (milliseconds since 1970). */
  touch(at: number): void {
    this.#updatedAt = Math.max(this.#updatedAt, at);
  }

  /** @throws not_found where `id` is no message of this chat */
  find(id: number): Message {
    const place = splitMessageId(id);
    const message = place !== null && place.chat === this.id ? this.messages.get(place.seq) : undefined;
    if (message === undefined) throw notFound("message");
    return message;
  }

  /** The `seq` that a cursor names; 0, the beginning, is one too. @throws input.invalid, naming `path` */
  cursor(id: number, path: string): number {
    if (id === 0) return 0;
    const place = splitMessageId(id);
    if (place === null || place.chat !== this.id) throw invalid(path, "is no message of this chat");
    return place.seq;
  }

  /** What `reader` has to read. Only the parts that are asked about are read, however far behind they are. */
  log(reader: UserId): Log {
    const parts = new Map<number, ReadonlySet<number>>();
    const partOf = (seq: number): ReadonlySet<number> => {
      const start = LOG_PART * Math.floor((seq - 1) / LOG_PART);
      let part = parts.get(start);
      if (part === undefined) {
        const authored = this.messages.authors(start, Math.min(start + LOG_PART, this.#lastSeq));
        part = new Set(authored.filter((one) => needsReading(one, reader)).map((one) => one.seq));
        parts.set(start, part);
      }
      return part;
    };
    return { last: this.#lastSeq, needsReading: (seq) => seq > this.messages.expired && partOf(seq).has(seq) };
  }

  /** Inside a transaction: the log entry of a change, and the counters that it moves. */
  note(
    type: ChangeType,
    by: UserId,
    about: { seq?: number; users?: readonly UserId[] },
    delivered: number,
    at: number,
  ): void {
    const entry: Change = {
      rev: this.#rev + 1,
      clock: this.#clock + 1,
      delivered,
      lastSeq: this.#lastSeq,
      type,
      by,
      seq: about.seq ?? null,
      users: about.users ?? [],
      // Not before what moved the chat last, even where the clock has gone back since.
      at: Math.max(at, this.#updatedAt),
    };
    this.changes.add(entry);
    this.#rev += 1;
    this.#clock += 1;
  }

  /** The message at `seq`, read again after it changed. */
  refreshed(seq: number): Message {
    const message = this.messages.get(seq);
    if (message === undefined) throw notFound("message");
    if (seq === this.#lastSeq) this.#last = message;
    return message;
  }

  /** Told to all members, whose rows change with it. */
  toAll(event: (viewer: UserId) => ChatEvent, shared: boolean): Commit {
    const ids = this.members.ids();
    const { removed, directory, resized } = NOTHING;
    return { tellings: [{ event, shared, to: ids }], rows: ids, removed, directory, resized };
  }
}
