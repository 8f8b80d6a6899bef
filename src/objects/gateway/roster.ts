/** What a Gateway stores of its connections, for the time after a crash. Knows ids; knows no socket. */

import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Actor } from "../../core/people.ts";

type Kind = "chat" | "user";

const MOST: Record<Kind, number> = { chat: LIMITS.joinedChats, user: LIMITS.watchedUsers };

export interface Follow {
  readonly kind: Kind;
  readonly target: ChatId | UserId;
}

export class Roster {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(id: string, { userId }: Actor): void {
    this.#sql.exec("INSERT OR REPLACE INTO connections (id, user_id) VALUES (?, ?)", id, userId);
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM connections WHERE id = ?", id);
  }

  all(): { id: string; userId: UserId }[] {
    return this.#sql
      .exec<{ id: string; user_id: number }>("SELECT id, user_id FROM connections")
      .toArray()
      .map((row) => ({ id: row.id, userId: row.user_id as UserId }));
  }

  /** False where the connection listens to too many of this kind. */
  follow(id: string, kind: Kind, target: number): boolean {
    const { n } = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM follows WHERE connection = ? AND kind = ?", id, kind)
      .one();
    if (n >= MOST[kind]) return false;
    this.#sql.exec("INSERT OR IGNORE INTO follows (connection, kind, target) VALUES (?, ?, ?)", id, kind, target);
    return true;
  }

  unfollow(id: string, kind: Kind, target: number): void {
    this.#sql.exec("DELETE FROM follows WHERE connection = ? AND kind = ? AND target = ?", id, kind, target);
  }

  /** Everything that it listened to; it listens to nothing any more. */
  letGo(id: string): Follow[] {
    return this.#sql
      .exec<{ kind: string; target: number }>("DELETE FROM follows WHERE connection = ? RETURNING kind, target", id)
      .toArray()
      .map((row) => ({ kind: row.kind as Kind, target: row.target as ChatId | UserId }));
  }

  /** Those that listen to something. */
  followers(): string[] {
    return this.#sql
      .exec<{ connection: string }>("SELECT DISTINCT connection FROM follows")
      .toArray()
      .map((row) => row.connection);
  }

  hasApp(app: AppId): boolean {
    return this.#sql.exec("SELECT 1 FROM apps WHERE id = ?", app).toArray().length > 0;
  }

  addApp(app: AppId): void {
    this.#sql.exec("INSERT OR IGNORE INTO apps (id) VALUES (?)", app);
  }

  removeApp(app: AppId): void {
    this.#sql.exec("DELETE FROM apps WHERE id = ?", app);
  }
}
