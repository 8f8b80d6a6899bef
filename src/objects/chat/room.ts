/**
 * A chat's state and what may be done to it: every command is one synchronous transaction that says afterwards
 * what is to be told to whom. Knows SQLite and the rules of the core; knows no socket, no Inbox and no other object.
 */

import type { Chat, ChatKind, Changes, DetailedChat, ListedChat } from "../../core/chat.ts";
import type { CommandName, CommandOf, ResultOf } from "../../core/commands.ts";
import { invalid, notFound, notMember, refused } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { ChatId, MessageId, UserId } from "../../core/ids.ts";
import { SEQS_PER_CHAT, messageId, splitMessageId } from "../../core/ids.ts";
import { LARGE_CHAT, LIMITS } from "../../core/limits.ts";
import type { Attachment, Json, Message, SeenMessage } from "../../core/message.ts";
import { checkDraft, checkText, kindOf, needsReading } from "../../core/message.ts";
import type { Actor, Person, Role } from "../../core/people.ts";
import {
  checkAdd,
  checkDelete,
  checkEdit,
  checkErase,
  checkRemove,
  checkRename,
  checkRole,
  heir,
} from "../../core/permissions.ts";
import type { ChatRecord } from "../../core/ports.ts";
import type { Log, ReadState } from "../../core/read-state.ts";
import { isRead, readOne, readUpTo } from "../../core/read-state.ts";
import type { ChatRow } from "../rpc.ts";
import { Meta, stored } from "../sql.ts";
import type { Change, ChangeType } from "./changes.ts";
import { ChangeLog } from "./changes.ts";
import { Members } from "./members.ts";
import { Messages } from "./messages.ts";

/** What never changes about a chat, and its title. */
interface Identity {
  readonly id: ChatId;
  readonly appId: number;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly createdBy: UserId;
  readonly createdAt: number;
  readonly props: { readonly [key: string]: Json };
}

/** What a command leaves to be told. */
export interface Telling {
  readonly event: (viewer: UserId) => ChatEvent;
  /** The same for every viewer: it can be encoded once. */
  readonly shared: boolean;
  readonly to: readonly UserId[];
  /** For these people alone: it reaches their Inboxes even where the chat is large and they are offline. */
  readonly personal?: boolean;
}

export interface Commit {
  readonly tellings: readonly Telling[];
  /** Members whose row in their list changed; undefined: nobody's. */
  readonly rows: readonly UserId[];
  /** Those who are no longer in the chat. */
  readonly removed: readonly UserId[];
  /** Title or membership changed: the directory follows. */
  readonly directory: boolean;
  /** The chat crossed the bound of large chats: everyone's row must say so. */
  readonly resized: boolean;
}

const NOTHING: Commit = { tellings: [], rows: [], removed: [], directory: false, resized: false };

export interface Done<Name extends CommandName> {
  readonly result: ResultOf<Name>;
  readonly commit: Commit;
}

export class Room {
  /** What a command that changed nothing leaves to be told. */
  static readonly nothing: Commit = NOTHING;

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

  get clock(): number {
    return this.#clock;
  }

  get large(): boolean {
    return this.members.size > LARGE_CHAT;
  }

  get title(): string | null {
    return this.#identity.title;
  }

  /** The role of `actor`. @throws not_found to another app, access.denied to whoever is no member */
  role(actor: Actor): Role {
    if (actor.appId !== this.#identity.appId) throw notFound("chat");
    const role = this.members.role(actor.userId);
    if (role === undefined) throw notMember();
    return role;
  }

  // ---- commands ---------------------------------------------------------------------------------------------

  /** `attachments` are those of the draft, found and free to be sent. */
  send(
    actor: Actor,
    command: CommandOf<"message.send">,
    attachments: readonly Attachment[],
    delivered: number,
    now: number,
  ): Done<"message.send"> {
    this.role(actor);
    const draft = checkDraft(command.draft, this.id);
    const known = this.sent(actor, draft.clientId);
    if (known !== undefined) return { result: { message: known, created: false }, commit: NOTHING };
    if (command.draft.requireRead === true && this.unread(actor.userId) > 0) {
      throw refused("unread", "There are unread messages in this chat: they are to be read first.");
    }
    if (draft.replyTo !== null && draft.replyTo > messageId(this.id, this.#lastSeq)) {
      throw invalid("reply_to", "is no message of this chat");
    }
    if (this.#lastSeq + 1 >= SEQS_PER_CHAT) throw invalid("chat_id", "this chat is full");
    const message = this.messages.insert({
      seq: this.#lastSeq + 1,
      rev: this.#rev + 1,
      clock: this.#clock + 1,
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
      createdAt: Math.max(now, this.#last?.createdAt ?? 0),
    });
    this.#lastSeq += 1;
    this.#rev += 1;
    this.#clock += 1;
    this.#last = message;
    this.#updatedAt = Math.max(this.#updatedAt, message.createdAt);
    this.members.noteMessage(actor.userId);
    const event: ChatEvent = { type: "message.created", chatId: this.id, rev: message.rev, message };
    return {
      result: { message: { ...message, read: false }, created: true },
      commit: { ...NOTHING, ...this.#toAll(() => event, true) },
    };
  }

  /** The message that `actor` has sent under `clientId`, if any. */
  sent(actor: Actor, clientId: string | null): SeenMessage | undefined {
    if (clientId === null) return undefined;
    const known = this.messages.byClientId(actor.userId, clientId);
    return known && this.seen(known, actor.userId);
  }

  edit(actor: Actor, command: CommandOf<"message.edit">, delivered: number, now: number): Done<"message.edit"> {
    this.role(actor);
    const message = this.#find(command.messageId);
    checkEdit(actor.userId, message.user.id);
    if (message.deletedAt !== null) throw notFound("message");
    const text = checkText(command.text);
    if (text === "" && message.attachments.length === 0 && message.data === null) {
      throw invalid("text", "may not be empty");
    }
    this.#storage.transactionSync(() => {
      this.messages.edit(message.seq, this.#rev + 1, text === "" ? null : text, now);
      this.#note("edited", actor.userId, { seq: message.seq }, delivered, now);
    });
    const edited = this.#refreshed(message.seq);
    return {
      result: { message: this.seen(edited, actor.userId) },
      commit: {
        ...NOTHING,
        ...this.#toAll(() => ({ type: "message.updated", chatId: this.id, rev: edited.rev, message: edited }), true),
      },
    };
  }

  delete(actor: Actor, command: CommandOf<"message.delete">, delivered: number, now: number): Done<"message.delete"> {
    const role = this.role(actor);
    const message = this.#find(command.messageId);
    checkDelete(this.#identity.kind, { id: actor.userId, role }, message.user.id);
    if (message.deletedAt !== null) return { result: { messageId: message.id }, commit: NOTHING };
    const tellings = this.#eraseMessage(message.seq, actor.userId, delivered, now);
    return { result: { messageId: message.id }, commit: { ...NOTHING, tellings, rows: this.members.ids() } };
  }

  #eraseMessage(at: number, by: UserId, delivered: number, now: number): Telling[] {
    const before = new Map(this.members.ids().map((user) => [user, this.unread(user)]));
    this.#storage.transactionSync(() => {
      this.messages.erase(at, this.#rev + 1, now);
      this.members.noteDeleted(at);
      this.#note("deleted", by, { seq: at }, delivered, now);
    });
    const { id, rev, user } = this.#refreshed(at);
    const told = this.#toAll(
      () => ({ type: "message.deleted", chatId: this.id, rev, messageId: id, author: user.id }),
      true,
    );
    const counts: Telling = {
      event: (viewer) => ({ type: "unread", chatId: this.id, unread: this.unread(viewer) }),
      shared: false,
      to: this.members.ids().filter((user) => before.get(user) !== this.unread(user)),
    };
    return [...told.tellings, counts];
  }

  /** The attachments that go with a message of this chat, if `id` names one. */
  attachmentsOf(id: number): string[] {
    const place = splitMessageId(id);
    const message = place !== null && place.chat === this.id ? this.messages.get(place.seq) : undefined;
    return message?.attachments.map((attachment) => attachment.id) ?? [];
  }

  list(actor: Actor, page: CommandOf<"message.list">): Done<"message.list"> {
    this.role(actor);
    if (page.before !== undefined && page.after !== undefined) throw invalid("after", "does not go with before");
    const limit = Math.min(page.limit ?? LIMITS.pageDefault, LIMITS.page);
    if (page.present === true) {
      const present = this.messages.present(page.skip ?? 0, limit);
      return {
        result: { items: present.map((message) => this.seen(message, actor.userId)), next: null },
        commit: NOTHING,
      };
    }
    const found =
      page.after === undefined
        ? this.messages.before(
            page.before === undefined ? SEQS_PER_CHAT : this.#cursor(page.before, "before"),
            limit + 1,
          )
        : this.messages.after(this.#cursor(page.after, "after"), limit + 1);
    const items = found.slice(0, limit).map((message) => this.seen(message, actor.userId));
    return { result: { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null }, commit: NOTHING };
  }

  read(actor: Actor, command: CommandOf<"read">): Done<"read"> {
    this.role(actor);
    const user = actor.userId;
    const state = this.members.readState(user);
    const alone = command.messageId === undefined ? undefined : this.#find(command.messageId);
    const upTo = command.upTo === undefined ? this.#lastSeq : this.#find(command.upTo).seq;
    const change =
      alone === undefined
        ? readUpTo(state, upTo, this.#log(user, state.upTo))
        : readOne(state, alone.seq, this.#log(user, state.upTo));
    if (change.changed.length === 0 && change.state.upTo === state.upTo) {
      return { result: { unread: this.unread(user), changed: [] }, commit: NOTHING };
    }
    const lastWasRead = this.#last !== undefined && this.members.readByOthers(this.#last.seq, this.#last.user.id);
    this.#storage.transactionSync(() => this.members.saveRead(user, change.state, this.#clock + 1));
    this.#clock += 1;
    return {
      result: { unread: this.unread(user), changed: change.changed.map((at) => messageId(this.id, at)) },
      commit: this.#readCommit(user, change.changed, alone?.id, upTo, lastWasRead),
    };
  }

  #readCommit(
    reader: UserId,
    changed: readonly number[],
    alone: MessageId | undefined,
    upTo: number,
    lastWasRead: boolean,
  ): Commit {
    if (changed.length === 0) return { ...NOTHING, rows: [reader] };
    const authors = new Map<UserId, MessageId[]>();
    const wanted = new Set(changed);
    for (const message of this.messages.authors((changed[0] ?? 1) - 1, changed.at(-1) ?? 0)) {
      if (!wanted.has(message.seq)) continue;
      const own = authors.get(message.userId);
      if (own === undefined) authors.set(message.userId, [messageId(this.id, message.seq)]);
      else own.push(messageId(this.id, message.seq));
    }
    const what = alone === undefined ? { upTo: messageId(this.id, upTo) } : { messageIds: [alone] };
    const all = changed.map((seq) => messageId(this.id, seq));
    const last = this.#last;
    const flipped = !lastWasRead && last !== undefined && this.members.readByOthers(last.seq, last.user.id);
    const unread = this.unread(reader);
    return {
      ...NOTHING,
      rows: flipped && this.members.has(last.user.id) ? [reader, last.user.id] : [reader],
      tellings: [
        {
          event: (viewer) => ({
            type: "read",
            chatId: this.id,
            userId: reader,
            ...what,
            changed: viewer === reader ? all : (authors.get(viewer) ?? []),
          }),
          shared: false,
          to: this.members.ids(),
        },
        { event: () => ({ type: "unread", chatId: this.id, unread }), shared: true, to: [reader] },
      ],
    };
  }

  /** Reads the oldest unread messages by handing them out; `dropped` are the attachments of those that are deleted by it. */
  fetch(
    actor: Actor,
    command: CommandOf<"message.fetch">,
    delivered: number,
    now: number,
  ): Done<"message.fetch"> & { readonly dropped: readonly string[] } {
    this.role(actor);
    const user = actor.userId;
    const state = this.members.readState(user);
    const log = this.#log(user, state.upTo);
    const wanted: number[] = [];
    for (let at = state.upTo + 1; at <= log.last && wanted.length < command.limit; at++) {
      if (log.needsReading(at) && !isRead(state, at)) wanted.push(at);
    }
    const last = wanted.at(-1);
    if (last === undefined) return { result: { items: [], left: 0 }, commit: NOTHING, dropped: [] };
    const fetched = this.messages.some(wanted);
    const read = this.read(actor, { do: "read", upTo: messageId(this.id, last) });
    const items = fetched.map((message) => this.seen(message, user));
    const tellings = [...read.commit.tellings];
    const dropped: string[] = [];
    for (const at of this.messages.consumable(wanted)) {
      dropped.push(...(this.messages.get(at)?.attachments.map((attachment) => attachment.id) ?? []));
      tellings.push(...this.#eraseMessage(at, user, delivered, now));
    }
    const rows =
      dropped.length > 0 || tellings.length > read.commit.tellings.length ? this.members.ids() : read.commit.rows;
    return { result: { items, left: this.unread(user) }, commit: { ...read.commit, tellings, rows }, dropped };
  }

  since(actor: Actor, command: CommandOf<"changes">): Done<"changes"> {
    this.role(actor);
    const end = Math.min(this.#rev, command.since + LIMITS.changes);
    const changes = this.changes.between(command.since, end);
    const fresh = this.messages.after(
      this.changes.seqAt(command.since),
      Math.max(0, this.changes.seqAt(end) - this.changes.seqAt(command.since)),
    );
    const touched = new Set(changes.flatMap((change) => (change.seq === null ? [] : [change.seq])));
    for (const message of fresh) touched.delete(message.seq);
    const messages = [...this.messages.some([...touched]), ...fresh].toSorted((a, b) => a.seq - b.seq);
    const result: Changes = {
      rev: end,
      messages: messages.map((message) => this.seen(message, actor.userId)),
      members: changes.some((change) => change.users.length > 0) ? this.members.all() : [],
      chat: this.listed(actor.userId),
    };
    return { result, commit: NOTHING };
  }

  rename(actor: Actor, command: CommandOf<"chat.rename">, delivered: number, now: number): Done<"chat.rename"> {
    this.role(actor);
    checkRename(this.#identity.kind);
    if (command.title !== this.#identity.title) {
      const identity = { ...this.#identity, title: command.title };
      this.#storage.transactionSync(() => {
        this.#meta.set("chat", JSON.stringify(identity));
        this.#note("renamed", actor.userId, {}, delivered, now);
      });
      this.#identity = identity;
      this.#updatedAt = Math.max(this.#updatedAt, now);
      const told = this.#toAll(
        (viewer) => ({
          type: "chat.updated",
          chatId: this.id,
          rev: this.#rev,
          chat: this.told(viewer),
          by: actor.userId,
        }),
        false,
      );
      return { result: this.listed(actor.userId), commit: { ...NOTHING, ...told, directory: true } };
    }
    return { result: this.listed(actor.userId), commit: NOTHING };
  }

  add(actor: Actor, command: CommandOf<"member.add">, delivered: number, now: number): Done<"member.add"> {
    checkAdd(this.#identity.kind, this.role(actor), command.role);
    const added = command.users.filter((person) => !this.members.has(person.id));
    if (added.length === 0) return { result: this.detailed(actor.userId), commit: NOTHING };
    return this.#addNow(actor, added, command.role, delivered, now);
  }

  #addNow(actor: Actor, added: readonly Person[], role: Role, delivered: number, now: number): Done<"member.add"> {
    if (this.members.size + added.length > LIMITS.members) throw invalid("members", `may be at most ${LIMITS.members}`);
    const wasLarge = this.large;
    const ids = added.map((person) => person.id);
    const others = this.members.ids();
    this.#storage.transactionSync(() => {
      for (const person of added) this.members.add(person, role, this.#lastSeq, now);
      this.#note("added", actor.userId, { users: ids }, delivered, now);
    });
    this.#updatedAt = Math.max(this.#updatedAt, now);
    const rev = this.#rev;
    const members = this.members.all().filter((member) => ids.includes(member.user.id));
    return {
      result: this.detailed(actor.userId),
      commit: {
        tellings: [
          {
            event: (viewer) => ({
              type: "member.added",
              roles: false,
              chatId: this.id,
              rev,
              members,
              chat: this.told(viewer),
              by: actor.userId,
            }),
            shared: false,
            to: others,
          },
          {
            event: (viewer) => ({
              type: "chat.created",
              chatId: this.id,
              rev,
              chat: this.told(viewer),
              by: actor.userId,
            }),
            shared: false,
            to: ids,
            personal: true,
          },
        ],
        rows: this.members.ids(),
        removed: [],
        directory: true,
        resized: wasLarge !== this.large,
      },
    };
  }

  /** Whoever is in the app may join a room, while it has places left. */
  join(actor: Actor, command: CommandOf<"room.join">, delivered: number, now: number): Done<"room.join"> {
    if (actor.appId !== this.#identity.appId) throw notFound("chat");
    if (this.members.has(actor.userId)) return { result: this.detailed(actor.userId), commit: NOTHING };
    if (this.#identity.kind !== "room") throw notMember();
    const capacity = this.#identity.props["capacity"];
    if (typeof capacity === "number" && this.members.size >= capacity) throw refused("full", "The room is full.");
    const { result, commit } = this.#addNow(actor, [command.person], "member", delivered, now);
    return { result, commit };
  }

  setRole(actor: Actor, command: CommandOf<"member.role">, delivered: number, now: number): Done<"member.role"> {
    checkRole(this.#identity.kind, this.role(actor));
    const before = this.members.role(command.user);
    if (before === undefined) throw notFound("member");
    // There is always one owner: the role passes on, it is not given up.
    if (command.user === actor.userId && command.role !== "owner") {
      throw invalid("role", "the owner keeps the role until another gets it");
    }
    if (before === command.role) return { result: this.detailed(actor.userId), commit: NOTHING };
    const users = command.role === "owner" ? [command.user, actor.userId] : [command.user];
    this.#storage.transactionSync(() => {
      this.members.setRole(command.user, command.role);
      if (command.role === "owner") this.members.setRole(actor.userId, "admin");
      this.#note("role", actor.userId, { users }, delivered, now);
    });
    const rev = this.#rev;
    const members = this.members.all().filter((member) => users.includes(member.user.id));
    const told = this.#toAll(
      (viewer) => ({
        type: "member.added",
        roles: true,
        chatId: this.id,
        rev,
        members,
        chat: this.told(viewer),
        by: actor.userId,
      }),
      false,
    );
    return { result: this.detailed(actor.userId), commit: { ...NOTHING, ...told, directory: true } };
  }

  remove(actor: Actor, command: CommandOf<"member.remove">, delivered: number, now: number): Done<"member.remove"> {
    const role = this.role(actor);
    for (const user of command.users) {
      const target = this.members.role(user);
      checkRemove(this.#identity.kind, { id: actor.userId, role }, { id: user, role: target ?? "member" });
      if (target === undefined) throw notFound("member");
    }
    const commit = this.#removeNow(actor.userId, command.users, delivered, now);
    return { result: this.detailed(actor.userId), commit };
  }

  /** A person whose account is gone leaves, whatever the chat is. */
  removeErased(user: UserId, delivered: number, now: number): Commit {
    return this.members.has(user) ? this.#removeNow(user, [user], delivered, now) : NOTHING;
  }

  #removeNow(by: UserId, users: readonly UserId[], delivered: number, now: number): Commit {
    const wasLarge = this.large;
    this.#storage.transactionSync(() => {
      for (const user of users) this.members.remove(user);
      const all = this.members.all();
      const next =
        this.#identity.kind === "direct" || all.some((member) => member.role === "owner") ? undefined : heir(all);
      if (next !== undefined) this.members.setRole(next.user.id, "owner");
      this.#note("removed", by, { users }, delivered, now);
    });
    this.#updatedAt = Math.max(this.#updatedAt, now);
    const rev = this.#rev;
    return {
      tellings: [
        {
          event: (viewer) => ({ type: "member.removed", chatId: this.id, rev, users, chat: this.told(viewer), by }),
          shared: false,
          to: this.members.ids(),
        },
        {
          event: (viewer) => ({ type: "chat.removed", chatId: this.id, chat: this.told(viewer) }),
          shared: false,
          to: users,
          personal: true,
        },
      ],
      rows: this.members.ids(),
      removed: users,
      directory: true,
      resized: wasLarge !== this.large,
    };
  }

  /** What anyone in the app may see of a room before they join it. @throws not_found, access.denied where it is no room */
  peek(actor: Actor): Chat {
    if (actor.appId !== this.#identity.appId) throw notFound("chat");
    if (this.#identity.kind !== "room") this.role(actor);
    return this.chat;
  }

  /** @throws access.denied where `actor` may not erase this chat */
  mayErase(actor: Actor): void {
    checkErase(this.#identity.kind, this.role(actor));
  }

  // ---- views ------------------------------------------------------------------------------------------------

  get chat(): Chat {
    return {
      id: this.#identity.id,
      appId: this.#identity.appId as Chat["appId"],
      kind: this.#identity.kind,
      title: this.#identity.title,
      createdBy: this.#identity.createdBy,
      props: this.#identity.props,
      membersCount: this.members.size,
      createdAt: this.#identity.createdAt,
      updatedAt: this.#updatedAt,
      rev: this.#rev,
      lastSeq: this.#lastSeq,
    };
  }

  row(viewer: UserId): ChatRow {
    const ids = this.#identity.kind === "direct" ? this.members.ids() : [];
    const other = ids.find((id) => id !== viewer) ?? this.#departed(viewer) ?? ids[0];
    return {
      chat: this.chat,
      unread: this.unread(viewer),
      lastMessage: this.#last === undefined ? null : this.seen(this.#last, viewer),
      peer: other === undefined ? null : this.members.person(other),
      large: this.large,
    };
  }

  /** In a direct chat whose other side is gone: who that was. */
  #departed(viewer: UserId): UserId | undefined {
    if (this.#identity.kind !== "direct") return undefined;
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

  /** `read` as `viewer` sees it: to the author, whether somebody else has read it; to others, whether they have. */
  isReadFor(message: Message, viewer: UserId): boolean {
    return message.user.id === viewer
      ? this.members.readByOthers(message.seq, viewer)
      : isRead(this.members.readState(viewer), message.seq);
  }

  unread(user: UserId): number {
    // Single reads of messages that were deleted since are forgotten with them, so each that is left counts.
    return this.members.unread(
      user,
      (state: ReadState) => this.messages.countForeign(state.upTo, user) - state.singles.length,
    );
  }

  /** A person's new name and photo; those of old messages follow. */
  savePerson(person: Parameters<Members["savePerson"]>[0]): void {
    this.members.savePerson(person);
    this.#last = this.messages.last();
  }

  // ---- within -----------------------------------------------------------------------------------------------

  #find(id: number): Message {
    const place = splitMessageId(id);
    const message = place !== null && place.chat === this.id ? this.messages.get(place.seq) : undefined;
    if (message === undefined) throw notFound("message");
    return message;
  }

  /** The `seq` that a cursor names; 0, the beginning, is one too. */
  #cursor(id: number, path: string): number {
    if (id === 0) return 0;
    const place = splitMessageId(id);
    if (place === null || place.chat !== this.id) throw invalid(path, "is no message of this chat");
    return place.seq;
  }

  #log(reader: UserId, from: number): Log {
    const open = new Set<number>();
    for (const message of this.messages.authors(from, this.#lastSeq)) {
      if (needsReading(message, reader)) open.add(message.seq);
    }
    return { last: this.#lastSeq, needsReading: (seq) => open.has(seq) };
  }

  /** Inside a transaction: the log entry of a change, and the counters that it moves. */
  #note(
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
      at,
    };
    this.changes.add(entry);
    this.#rev += 1;
    this.#clock += 1;
  }

  #refreshed(seq: number): Message {
    const message = this.messages.get(seq);
    if (message === undefined) throw notFound("message");
    if (seq === this.#lastSeq) this.#last = message;
    return message;
  }

  #toAll(event: (viewer: UserId) => ChatEvent, shared: boolean): Pick<Commit, "tellings" | "rows"> {
    const ids = this.members.ids();
    return { tellings: [{ event, shared, to: ids }], rows: ids };
  }
}
