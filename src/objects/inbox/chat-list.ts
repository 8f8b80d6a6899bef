/**
 * A user's chats with their unread counts and last messages. Knows rows; knows nothing of connections. What has been
 * delivered shows at once, also while its row is still to be written.
 */

import type { ChatKind, ListedChat } from "../../core/chat.ts";
import { invalid } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import type { ListPage } from "../../core/ports.ts";
import type { ChatRow } from "../rpc.ts";
import { stored } from "../sql.ts";

interface ListRow extends Record<string, SqlStorageValue> {
  chat_id: number;
  clock: number;
  activity: number;
  unread: number;
  kind: string;
  large: number;
}

interface Pending {
  readonly clock: number;
  /** Null: the chat is to go. */
  readonly row: ChatRow | null;
}

export class ChatList {
  readonly #sql: SqlStorage;
  readonly #pending = new Map<ChatId, Pending>();
  /** The clock of the row that was asked for last. */
  #last: { readonly chat: ChatId; clock: number | undefined } | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The clock of the chat's row; undefined where the user has no such chat. */
  clock(chat: ChatId): number | undefined {
    const pending = this.#pending.get(chat);
    if (pending !== undefined) return pending.row === null ? undefined : pending.clock;
    if (this.#last?.chat === chat) return this.#last.clock;
    const [row] = this.#sql.exec<{ clock: number }>("SELECT clock FROM chats WHERE chat_id = ?", chat).toArray();
    this.#last = { chat, clock: row?.clock };
    return row?.clock;
  }

  /** Whether what a chat brings at `clock` comes in time: not from before its row, or before the user was out of it. */
  isCurrent(chat: ChatId, clock: number): boolean {
    const known = this.clock(chat);
    return known === undefined ? clock > this.#leftAt(chat) : clock >= known;
  }

  #leftAt(chat: ChatId): number {
    const pending = this.#pending.get(chat);
    if (pending !== undefined) return pending.clock;
    for (const row of this.#sql.exec<{ clock: number }>("SELECT clock FROM left_chats WHERE chat_id = ?", chat))
      return row.clock;
    return -1;
  }

  /** Takes a row over, unless it comes too late; shown from now on, written by `flush`. */
  put(chat: ChatId, clock: number, row: ChatRow | null): void {
    if (!this.isCurrent(chat, clock)) return;
    this.#pending.set(chat, { clock, row });
  }

  /** Writes what is pending: one row for each chat, whatever came meanwhile. */
  flush(): void {
    for (const [chat, { clock, row }] of this.#pending) {
      if (this.#last?.chat === chat) this.#last.clock = row === null ? undefined : clock;
      if (row === null) {
        this.#sql.exec("DELETE FROM chats WHERE chat_id = ?", chat);
        this.#sql.exec("INSERT OR REPLACE INTO left_chats (chat_id, clock) VALUES (?, ?)", chat, clock);
      } else {
        this.#sql.exec(
          `INSERT INTO chats (chat_id, clock, activity, unread, kind, large, body) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (chat_id) DO UPDATE SET clock = excluded.clock, activity = excluded.activity,
             unread = excluded.unread, kind = excluded.kind, large = excluded.large, body = excluded.body`,
          chat,
          clock,
          row.chat.updatedAt,
          row.unread,
          row.chat.kind,
          row.large ? 1 : 0,
          JSON.stringify(listed(row)),
        );
      }
    }
    this.#pending.clear();
  }

  ids(): ChatId[] {
    this.flush();
    return this.#sql
      .exec<{ chat_id: number }>("SELECT chat_id FROM chats")
      .toArray()
      .map((row) => row.chat_id as ChatId);
  }

  /** Those that the user is in and those that they have left: wherever messages may bear their name. */
  everIds(): ChatId[] {
    this.flush();
    return this.#sql
      .exec<{ chat_id: number }>("SELECT chat_id FROM chats UNION SELECT chat_id FROM left_chats")
      .toArray()
      .map((row) => row.chat_id as ChatId);
  }

  largeIds(): ChatId[] {
    this.flush();
    return this.#sql
      .exec<{ chat_id: number }>("SELECT chat_id FROM chats WHERE large = 1")
      .toArray()
      .map((row) => row.chat_id as ChatId);
  }

  /** Those in which something was said after `at` (milliseconds since 1970), the last ones first. */
  activeSince(at: number): ChatId[] {
    return this.#sql
      .exec<{ chat_id: number }>("SELECT chat_id FROM chats WHERE activity > ? ORDER BY activity DESC LIMIT 20", at)
      .toArray()
      .map((row) => row.chat_id as ChatId);
  }

  /** What is to be written is not: the list is about to go. */
  drop(): void {
    this.#pending.clear();
  }

  clear(): void {
    this.drop();
    this.#last = undefined;
    this.#sql.exec("DELETE FROM chats");
    this.#sql.exec("DELETE FROM left_chats");
  }

  /** Most recently active first. @throws input.invalid for a cursor that is none of ours */
  page({ unreadOnly, kinds, limit, cursor }: ListPage): { items: ListedChat[]; next: string | null } {
    this.flush();
    const wanted = kinds === undefined ? null : JSON.stringify(kinds);
    const from = cursor === undefined ? [Number.MAX_SAFE_INTEGER, 0] : parseCursor(cursor);
    const rows = this.#sql
      .exec<ListRow>(
        `SELECT chat_id, activity FROM chats WHERE (activity, chat_id) < (?, ?) AND (? = 0 OR unread > 0)
           AND (? IS NULL OR kind IN (SELECT value FROM json_each(?)))
         ORDER BY activity DESC, chat_id DESC LIMIT ?`,
        from[0] ?? 0,
        from[1] ?? 0,
        unreadOnly === true ? 1 : 0,
        wanted,
        wanted,
        limit + 1,
      )
      .toArray();
    const shown = rows.slice(0, limit);
    const bodies = new Map<number, ListedChat>();
    for (const full of this.#sql.exec<{ chat_id: number; body: string }>(
      "SELECT chat_id, body FROM chats WHERE chat_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(shown.map((row) => row.chat_id)),
    )) {
      bodies.set(full.chat_id, stored<ListedChat>(full.body));
    }
    const last = shown.at(-1);
    return {
      items: shown.flatMap((row) => bodies.get(row.chat_id) ?? []),
      next: rows.length > limit && last !== undefined ? `${last.activity}.${last.chat_id}` : null,
    };
  }

  unreadSum(): Record<ChatKind, number> {
    this.flush();
    const sum: Record<ChatKind, number> = { direct: 0, group: 0, room: 0 };
    for (const row of this.#sql.exec<{ kind: string; n: number }>(
      "SELECT kind, sum(unread) AS n FROM chats GROUP BY kind",
    )) {
      sum[row.kind as ChatKind] = row.n;
    }
    return sum;
  }
}

function listed({ chat, unread, lastMessage, peer }: ChatRow): ListedChat {
  return { ...chat, unread, lastMessage, peer };
}

function parseCursor(cursor: string): [number, number] {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor);
  if (match === null) throw invalid("cursor", "is none that this list gave");
  return [Number(match[1]), Number(match[2])];
}
