/** The messages of a chat in its SQLite. Knows rows and their order; knows nothing of members, reading or delivery. */

import type { ChatId, MessageId, UserId } from "../../core/ids.ts";
import { messageId } from "../../core/ids.ts";
import type { Attachment, Json, Message, MessageKind } from "../../core/message.ts";
import type { Person, Role } from "../../core/people.ts";
import { Meta, stored, storedJson } from "../sql.ts";

/** Read as arrays: to name each value of each row costs three times as much as to read it. */
type MessageRow = [
  seq: number,
  rev: number,
  clock: number,
  userId: number,
  kind: string,
  text: string | null,
  attachments: string | null,
  data: string | null,
  replyTo: number | null,
  clientId: string | null,
  createdAt: number,
  editedAt: number | null,
  deletedAt: number | null,
];

const COLUMNS =
  "seq, rev, clock, user_id, kind, text, attachments, data, reply_to, client_id, created_at, edited_at, deleted_at";
const SELECT = `SELECT ${COLUMNS} FROM messages`;

/**
 * So many rows come as one value, and messages with more bytes than this by themselves: a value may have 2 MB, and a
 * character may take six bytes as JSON.
 */
const ROWS = 128;
const LONG = 2_048;
/** The most UTF-16 units of a message that is noted as plain: a text and nothing else, as most are. */
const PLAIN_LENGTH = 1_000;
/** It is so still: to edit or delete one leaves the note alone, and a version that knows of no note may have done it. */
const IS_PLAIN = "plain AND edited_at IS NULL AND deleted_at IS NULL";

/** The plain messages from one place up to another, a column each, as JSON: fifty rows one by one take twice as long. */
const PLAIN_PAGE = `SELECT json_array(json_group_array(rev), json_group_array(user_id), json_group_array(text),
    json_group_array(client_id), json_group_array(created_at)) AS columns
  FROM messages WHERE seq BETWEEN ? AND ? AND ${IS_PLAIN}`;
type PlainColumns = [
  revs: number[],
  userIds: number[],
  texts: string[],
  clientIds: (string | null)[],
  createdAt: number[],
];

/** All others, of long ones only `seq`. */
const OTHER_PAGE = `SELECT json_group_array(CASE
    WHEN ifnull(octet_length(text), 0) + ifnull(octet_length(data), 0) + ifnull(octet_length(attachments), 0) > ${LONG} THEN seq
    ELSE json_array(${COLUMNS}) END) AS rows
  FROM messages WHERE seq BETWEEN ? AND ? AND NOT (${IS_PLAIN})`;

const TEXT_COLUMNS = "seq, rev, clock, delivered, user_id, text, client_id, created_at, kind";
const INSERT_PLAIN = `INSERT INTO messages (${TEXT_COLUMNS}, plain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'text', 1)`;
const INSERT = `INSERT INTO messages (${TEXT_COLUMNS}, attachments, data, reply_to, consumable)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Who wrote a message, and what they are in the chat. */
interface Author {
  readonly user: Person;
  readonly role: Role;
}

/** A message about to be stored. */
export interface NewMessage {
  readonly seq: number;
  readonly rev: number;
  readonly clock: number;
  readonly delivered: number;
  readonly userId: UserId;
  readonly kind: MessageKind;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly data: Json;
  readonly replyTo: MessageId | null;
  readonly clientId: string | null;
  readonly createdAt: number;
  readonly consumable: boolean;
}

/** As much of a message as reading needs. */
export interface Authored {
  readonly seq: number;
  readonly userId: UserId;
  readonly deletedAt: number | null;
}

/** Messages of one author in the span that begins above `after`. */
export interface PresentCount {
  readonly after: number;
  readonly userId: UserId;
  readonly count: number;
}

const NO_ATTACHMENTS: readonly Attachment[] = [];

/** A named value: see `Messages.expired`. */
const EXPIRED = "expired";

export class Messages {
  readonly #sql: SqlStorage;
  readonly #chat: ChatId;
  readonly #author: (id: UserId) => Author;
  #expired: number;

  constructor(sql: SqlStorage, chat: ChatId, author: (id: UserId) => Author) {
    this.#sql = sql;
    this.#chat = chat;
    this.#author = author;
    this.#expired = Number(new Meta(sql).get(EXPIRED) ?? 0);
  }

  /** Everything up to here is deleted, because the app does not keep it; whoever looks for what is there begins behind it. */
  get expired(): number {
    return this.#expired;
  }

  noteExpired(seq: number): void {
    new Meta(this.#sql).set(EXPIRED, String(seq));
    this.#expired = seq;
  }

  #message(row: MessageRow): Message {
    const [seq, rev, , userId, kind, text, attachments, data, replyTo, clientId, createdAt, editedAt, deletedAt] = row;
    const { user, role } = this.#author(userId as UserId);
    return {
      id: messageId(this.#chat, seq),
      chatId: this.#chat,
      seq,
      rev,
      user,
      role,
      kind: kind as MessageKind,
      text,
      attachments: attachments === null ? [] : stored<Attachment[]>(attachments),
      data: storedJson(data),
      replyTo: replyTo === null ? null : messageId(this.#chat, replyTo),
      clientId,
      createdAt,
      editedAt,
      deletedAt,
    };
  }

  /** The one at place `at` of the columns. */
  #plain(seq: number, [revs, userIds, texts, clientIds, createdAt]: PlainColumns, at: number): Message {
    const { user, role } = this.#author(userIds[at] as UserId);
    return {
      id: messageId(this.#chat, seq),
      chatId: this.#chat,
      seq,
      rev: revs[at] as number,
      user,
      role,
      kind: "text",
      text: texts[at] as string,
      attachments: NO_ATTACHMENTS,
      data: null,
      replyTo: null,
      clientId: clientIds[at] as string | null,
      createdAt: createdAt[at] as number,
      editedAt: null,
      deletedAt: null,
    };
  }

  #rows(where: string, ...bindings: SqlStorageValue[]): MessageRow[] {
    return Array.from(this.#sql.exec(`${SELECT} ${where}`, ...bindings).raw<MessageRow>());
  }

  #one(where: string, ...bindings: SqlStorageValue[]): Message | undefined {
    const [row] = this.#rows(where, ...bindings);
    return row === undefined ? undefined : this.#message(row);
  }

  /** The counters as the newest message bears them. */
  tail(): { seq: number; rev: number; clock: number; delivered: number } | undefined {
    return this.#sql
      .exec<{
        seq: number;
        rev: number;
        clock: number;
        delivered: number;
      }>("SELECT seq, rev, clock, delivered FROM messages ORDER BY seq DESC LIMIT 1")
      .toArray()[0];
  }

  insert(message: NewMessage): Message {
    const { seq, rev, clock, delivered, userId, kind, text, attachments, data, replyTo, clientId, createdAt } = message;
    const isText = kind === "text" && text !== null && text.length <= PLAIN_LENGTH;
    const isPlain = isText && attachments.length === 0 && data === null && replyTo === null && !message.consumable;
    // Each value that is bound takes its time, and most messages have only these.
    if (isPlain) this.#sql.exec(INSERT_PLAIN, seq, rev, clock, delivered, userId, text, clientId, createdAt);
    else {
      this.#sql.exec(
        INSERT,
        seq,
        rev,
        clock,
        delivered,
        userId,
        text,
        clientId,
        createdAt,
        kind,
        attachments.length === 0 ? null : JSON.stringify(attachments),
        data === null ? null : JSON.stringify(data),
        replyTo === null ? null : replyTo - messageId(this.#chat, 0),
        message.consumable ? 1 : 0,
      );
    }
    const { user, role } = this.#author(userId);
    return {
      id: messageId(this.#chat, seq),
      chatId: this.#chat,
      seq,
      rev,
      user,
      role,
      kind,
      text,
      attachments,
      data,
      replyTo,
      clientId,
      createdAt,
      editedAt: null,
      deletedAt: null,
    };
  }

  edit(seq: number, rev: number, text: string | null, at: number): void {
    this.#sql.exec("UPDATE messages SET text = ?, rev = ?, edited_at = ? WHERE seq = ?", text, rev, at, seq);
  }

  /** The message keeps its place, its author and its times; its content is gone. */
  erase(seq: number, rev: number, at: number): void {
    this.#sql.exec(
      "UPDATE messages SET text = NULL, attachments = NULL, data = NULL, reply_to = NULL, rev = ?, deleted_at = ? WHERE seq = ?",
      rev,
      at,
      seq,
    );
  }

  get(seq: number): Message | undefined {
    return this.#one("WHERE seq = ?", seq);
  }

  last(): Message | undefined {
    return this.#one("ORDER BY seq DESC LIMIT 1");
  }

  byClientId(user: UserId, clientId: string): Message | undefined {
    return this.#one("WHERE user_id = ? AND client_id = ?", user, clientId);
  }

  /** Up to `limit` messages below `seq`, which is at most one more than the last; newest first. */
  before(seq: number, limit: number): Message[] {
    return this.#page(Math.max(1, seq - limit), seq - 1).toReversed();
  }

  /** Up to `limit` messages between two places that are not deleted, newest first, without the newest `skip`. */
  present({ above, below }: { above: number; below: number }, skip: number, limit: number): Message[] {
    return this.#many(
      "WHERE seq > ? AND seq < ? AND deleted_at IS NULL ORDER BY seq DESC LIMIT ? OFFSET ?",
      Math.max(above, this.#expired),
      below,
      limit,
      skip,
    );
  }

  /** Up to `limit` messages from `first` on and below `end` that are not deleted, newest first. */
  presentBetween(first: number, end: number, limit: number): Message[] {
    return this.#many(
      "WHERE seq >= ? AND seq < ? AND deleted_at IS NULL ORDER BY seq DESC LIMIT ?",
      Math.max(first, this.#expired + 1),
      end,
      limit,
    );
  }

  /** The first `seq` sent at `time` or later, of those up to `last`; `last` + 1 where there is none. */
  firstAt(time: number, last: number): number {
    // Times ascend with `seq`, and no place is empty.
    let [low, high] = [1, last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { created_at: at } = this.#sql
        .exec<{ created_at: number }>("SELECT created_at FROM messages WHERE seq = ?", middle)
        .one();
      if (at >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Those of `seqs` that go once they are fetched. */
  consumable(seqs: readonly number[]): number[] {
    return this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM messages WHERE consumable = 1 AND deleted_at IS NULL AND seq IN (SELECT value FROM json_each(?))",
        JSON.stringify(seqs),
      )
      .toArray()
      .map((row) => row.seq);
  }

  /** Up to `limit` messages above `seq`, oldest first. Where there are fewer than that, they are looked for twice. */
  after(seq: number, limit: number): Message[] {
    return this.#page(seq + 1, seq + limit);
  }

  /** Those of `seqs` that exist, by `seq`. */
  some(seqs: readonly number[]): Message[] {
    return this.#many("WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq", JSON.stringify(seqs));
  }

  /** Messages stored after `clock`, newest first, at most `limit`. */
  since(clock: number, limit: number): (Message & { readonly clock: number })[] {
    const found: (Message & { clock: number })[] = [];
    for (const row of this.#rows("ORDER BY seq DESC LIMIT ?", limit)) {
      const [, , storedAt] = row;
      if (storedAt <= clock) break;
      found.push({ ...this.#message(row), clock: storedAt });
    }
    return found;
  }

  /** Who wrote the messages above `from` and up to `to` that the app keeps, by `seq`. */
  authors(from: number, to: number): Authored[] {
    const found: Authored[] = [];
    for (const row of this.#sql.exec<{ seq: number; user_id: number; deleted_at: number | null }>(
      "SELECT seq, user_id, deleted_at FROM messages WHERE seq > ? AND seq <= ? ORDER BY seq",
      Math.max(from, this.#expired),
      to,
    )) {
      found.push({ seq: row.seq, userId: row.user_id as UserId, deletedAt: row.deleted_at });
    }
    return found;
  }

  /** How many messages that nobody deleted each author has in each of these spans, which are above `after` and up to `to`. */
  countPresent(spans: readonly { readonly after: number; readonly to: number }[]): PresentCount[] {
    const kept = spans.map(({ after, to }) => [after, Math.max(after, this.#expired), to] as const);
    return this.#sql
      .exec<{ span: number; user_id: number; n: number }>(
        `SELECT span.value ->> 0 AS span, user_id, count(*) AS n
         FROM json_each(?) AS span CROSS JOIN messages ON seq > span.value ->> 1 AND seq <= span.value ->> 2
         WHERE deleted_at IS NULL GROUP BY 1, 2`,
        JSON.stringify(kept),
      )
      .toArray()
      .map((row) => ({ after: row.span, userId: row.user_id as UserId, count: row.n }));
  }

  /** Those between two places, both included, by `seq`: no place is empty. */
  #page(from: number, to: number): Message[] {
    const found: Message[] = [];
    for (let at = from; at <= to; at += ROWS) found.push(...this.#slice(at, Math.min(to, at + ROWS - 1)));
    return found;
  }

  #slice(from: number, to: number): Message[] {
    const { columns } = this.#sql.exec<{ columns: string }>(PLAIN_PAGE, from, to).one();
    const plain = stored<PlainColumns>(columns);
    const [revs] = plain;
    // They come in the order of their places, in which the `rev` of what nobody has edited ascends; SQLite does not promise it.
    if (!revs.every((rev, at) => at === 0 || rev > (revs[at - 1] ?? rev)))
      return this.#many("WHERE seq BETWEEN ? AND ? ORDER BY seq", from, to);
    const count = revs.length;
    const isAll = count === to - from + 1;
    const others = isAll ? undefined : this.#others(from, to);
    const found: Message[] = [];
    // No place is empty, so each that is none of the others has the next one.
    for (let seq = from, at = 0; seq <= to; seq++) {
      const message = others?.get(seq) ?? (at < count ? this.#plain(seq, plain, at++) : undefined);
      if (message === undefined) break;
      found.push(message);
    }
    return found;
  }

  #others(from: number, to: number): Map<number, Message> {
    const { rows } = this.#sql.exec<{ rows: string }>(OTHER_PAGE, from, to).one();
    const found = new Map<number, Message>();
    for (const row of stored<(MessageRow | number)[]>(rows)) {
      const message = typeof row === "number" ? this.get(row) : this.#message(row);
      if (message !== undefined) found.set(message.seq, message);
    }
    return found;
  }

  #many(where: string, ...bindings: SqlStorageValue[]): Message[] {
    return this.#rows(where, ...bindings).map((row) => this.#message(row));
  }
}
