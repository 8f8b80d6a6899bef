/** The messages of a chat in its SQLite. Knows rows and their order; knows nothing of members, reading or delivery. */

import type { ChatId, MessageId, UserId } from "../../core/ids.ts";
import { messageId } from "../../core/ids.ts";
import type { Attachment, Json, Message, MessageKind } from "../../core/message.ts";
import { Meta } from "../sql.ts";
import type { Author } from "./message-rows.ts";
import { MessageRows } from "./message-rows.ts";
import type { AuthorCount, Stretch } from "./tallies.ts";
import { Tallies } from "./tallies.ts";

/** The most UTF-16 units of a message that is noted as plain: a text and nothing else, as most are. */
const PLAIN_LENGTH = 1_000;
const TEXT_COLUMNS = "seq, rev, clock, delivered, user_id, text, client_id, created_at, kind";
const INSERT_PLAIN = `INSERT INTO messages (${TEXT_COLUMNS}, plain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'text', 1)`;
const INSERT = `INSERT INTO messages (${TEXT_COLUMNS}, attachments, data, reply_to, consumable)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

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

/** A named value: see `Messages.expired`. */
const EXPIRED = "expired";

export class Messages {
  readonly #sql: SqlStorage;
  readonly #chat: ChatId;
  readonly #author: (id: UserId) => Author;
  readonly #rows: MessageRows;
  readonly #tallies: Tallies;
  #expired: number;

  constructor(sql: SqlStorage, chat: ChatId, author: (id: UserId) => Author) {
    this.#sql = sql;
    this.#chat = chat;
    this.#author = author;
    this.#rows = new MessageRows(sql, chat, author);
    this.#tallies = new Tallies(sql);
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
    return this.#rows.one("WHERE seq = ?", seq);
  }

  last(): Message | undefined {
    return this.#rows.one("ORDER BY seq DESC LIMIT 1");
  }

  byClientId(user: UserId, clientId: string): Message | undefined {
    return this.#rows.one("WHERE user_id = ? AND client_id = ?", user, clientId);
  }

  /** Up to `limit` messages below `seq`, which is at most one more than the last; newest first. */
  before(seq: number, limit: number): Message[] {
    return this.#rows.between(Math.max(1, seq - limit), seq - 1).toReversed();
  }

  /** Up to `limit` messages between two places that are not deleted, newest first, without the newest `skip`. */
  present({ above, below }: { above: number; below: number }, skip: number, limit: number): Message[] {
    return this.#rows.many(
      "WHERE seq > ? AND seq < ? AND deleted_at IS NULL ORDER BY seq DESC LIMIT ? OFFSET ?",
      Math.max(above, this.#expired),
      below,
      limit,
      skip,
    );
  }

  /** Up to `limit` messages from `first` on and below `end` that are not deleted, newest first. */
  presentBetween(first: number, end: number, limit: number): Message[] {
    return this.#rows.many(
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
    return this.#rows.between(seq + 1, seq + limit);
  }

  /** Those of `seqs` that exist, by `seq`. */
  some(seqs: readonly number[]): Message[] {
    return this.#rows.many("WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq", JSON.stringify(seqs));
  }

  /** Messages stored after `clock`, newest first, at most `limit`. */
  since(clock: number, limit: number): (Message & { readonly clock: number })[] {
    return this.#rows.since(clock, limit);
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

  /** How many messages that nobody deleted each author has in each of these stretches, which do not overlap. */
  countPresent(stretches: readonly Stretch[]): AuthorCount[][] {
    const kept = stretches.map(({ after, to }) => ({ after: Math.max(after, this.#expired), to }));
    return this.#tallies.count(kept);
  }
}
