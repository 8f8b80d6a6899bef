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

/** A text and nothing else, as most messages are. */
type PlainRow = [seq: number, rev: number, userId: number, text: string, clientId: string | null, createdAt: number];

/**
 * The rows from one place up to another as JSON, of long ones only `seq`: fifty rows one by one take twice as long. A row
 * that is told apart by its length has the columns of `PlainRow`.
 */
const PAGE = `SELECT json_group_array(CASE
    WHEN attachments IS NULL AND data IS NULL AND reply_to IS NULL AND edited_at IS NULL AND deleted_at IS NULL
      AND octet_length(text) <= ${LONG} AND kind = 'text' THEN json_array(seq, rev, user_id, text, client_id, created_at)
    WHEN ifnull(octet_length(text), 0) + ifnull(octet_length(data), 0) + ifnull(octet_length(attachments), 0) > ${LONG} THEN seq
    ELSE json_array(${COLUMNS}) END) AS rows
  FROM messages WHERE seq BETWEEN ? AND ?`;

const isPlain = (row: MessageRow | PlainRow): row is PlainRow => row.length === 6;

const TEXT_COLUMNS = "seq, rev, clock, delivered, user_id, text, client_id, created_at, kind";
const INSERT_TEXT = `INSERT INTO messages (${TEXT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'text')`;
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

  #plain([seq, rev, userId, text, clientId, createdAt]: PlainRow): Message {
    const { user, role } = this.#author(userId as UserId);
    return {
      id: messageId(this.#chat, seq),
      chatId: this.#chat,
      seq,
      rev,
      user,
      role,
      kind: "text",
      text,
      attachments: NO_ATTACHMENTS,
      data: null,
      replyTo: null,
      clientId,
      createdAt,
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
    const isPlainText =
      kind === "text" && attachments.length === 0 && data === null && replyTo === null && !message.consumable;
    // Each value that is bound takes its time, and most messages have only these.
    if (isPlainText) this.#sql.exec(INSERT_TEXT, seq, rev, clock, delivered, userId, text, clientId, createdAt);
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
    return this.#page(seq - limit, seq - 1).toReversed();
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

  /** Up to `limit` messages above `seq`, oldest first. */
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
    const { rows } = this.#sql.exec<{ rows: string }>(PAGE, from, to).one();
    const found: Message[] = [];
    for (const row of stored<(MessageRow | PlainRow | number)[]>(rows)) {
      const message = typeof row === "number" ? this.get(row) : isPlain(row) ? this.#plain(row) : this.#message(row);
      if (message !== undefined) found.push(message);
    }
    // They come in this order, though SQLite does not promise it.
    const isSorted = found.every(({ seq }, at) => at === 0 || seq > (found[at - 1]?.seq ?? seq));
    return isSorted ? found : found.toSorted((a, b) => a.seq - b.seq);
  }

  #many(where: string, ...bindings: SqlStorageValue[]): Message[] {
    return this.#rows(where, ...bindings).map((row) => this.#message(row));
  }
}
