/** Reads messages out of a chat's SQLite. Knows their columns; decides on nothing and writes nothing. */

import type { ChatId, UserId } from "../../core/ids.ts";
import { messageId } from "../../core/ids.ts";
import type { Attachment, Message, MessageKind } from "../../core/message.ts";
import type { Person, Role } from "../../core/people.ts";
import { stored, storedJson } from "../sql.ts";

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

/** Who wrote a message, and what they are in the chat. */
export interface Author {
  readonly user: Person;
  readonly role: Role;
}

const NO_ATTACHMENTS: readonly Attachment[] = [];

export class MessageRows {
  readonly #sql: SqlStorage;
  readonly #chat: ChatId;
  readonly #author: (id: UserId) => Author;

  constructor(sql: SqlStorage, chat: ChatId, author: (id: UserId) => Author) {
    this.#sql = sql;
    this.#chat = chat;
    this.#author = author;
  }

  /** The first message that the clauses `where` name. */
  one(where: string, ...bindings: SqlStorageValue[]): Message | undefined {
    const [row] = this.#raw(where, ...bindings);
    return row === undefined ? undefined : this.#message(row);
  }

  /** All messages that the clauses `where` name, in their order. */
  many(where: string, ...bindings: SqlStorageValue[]): Message[] {
    return this.#raw(where, ...bindings).map((row) => this.#message(row));
  }

  /** Messages stored after `clock`, newest first, at most `limit`; of the older ones no more than one is read. */
  since(clock: number, limit: number): (Message & { readonly clock: number })[] {
    const found: (Message & { readonly clock: number })[] = [];
    for (const row of this.#sql.exec(`${SELECT} ORDER BY seq DESC LIMIT ?`, limit).raw<MessageRow>()) {
      const [, , storedAt] = row;
      if (storedAt <= clock) break;
      found.push({ ...this.#message(row), clock: storedAt });
    }
    return found;
  }

  /** Those between two places, both included, by `seq`: no place is empty. */
  between(from: number, to: number): Message[] {
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
      return this.many("WHERE seq BETWEEN ? AND ? ORDER BY seq", from, to);
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
      const message = typeof row === "number" ? this.one("WHERE seq = ?", row) : this.#message(row);
      if (message !== undefined) found.set(message.seq, message);
    }
    return found;
  }

  #raw(where: string, ...bindings: SqlStorageValue[]): MessageRow[] {
    return Array.from(this.#sql.exec(`${SELECT} ${where}`, ...bindings).raw<MessageRow>());
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
}
