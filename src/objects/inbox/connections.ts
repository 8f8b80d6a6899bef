/** Which connections a user has open, and who watches for them. Knows ids and tokens; knows nothing of chats. */

import type { ConnectionInfo } from "../rpc.ts";

interface ConnectionRow extends Record<string, SqlStorageValue> {
  id: string;
  token_id: string | null;
  expires_at: number;
  grace_ms: number;
}

export class Connections {
  readonly #sql: SqlStorage;
  readonly #open = new Map<string, ConnectionInfo>();
  /** With what each was told last; undefined: not since this object is in memory. */
  readonly #watchers = new Map<string, boolean | undefined>();

  /** Tokens that were ended before they expired, and when they would have. */
  readonly #ended = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const row of sql.exec<{ token_id: string; expires_at: number }>("SELECT * FROM ended"))
      this.#ended.set(row.token_id, row.expires_at);
    for (const row of sql.exec<ConnectionRow>("SELECT * FROM connections")) {
      this.#open.set(row.id, { id: row.id, tokenId: row.token_id, expiresAt: row.expires_at, graceMs: row.grace_ms });
    }
    for (const row of sql.exec<{ connection: string }>("SELECT connection FROM watchers"))
      this.#watchers.set(row.connection, undefined);
  }

  get size(): number {
    return this.#open.size;
  }

  ids(): string[] {
    return [...this.#open.keys()];
  }

  /** Also one that is known already: then nothing is written. */
  add(connection: ConnectionInfo): void {
    const known = this.#open.get(connection.id);
    if (known?.tokenId === connection.tokenId && known.expiresAt === connection.expiresAt) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO connections (id, token_id, expires_at, grace_ms) VALUES (?, ?, ?, ?)",
      connection.id,
      connection.tokenId,
      connection.expiresAt,
      connection.graceMs,
    );
    this.#open.set(connection.id, connection);
  }

  /** The longest grace of those that were open among `ids`; undefined where none was. */
  remove(ids: Iterable<string>): number | undefined {
    let grace: number | undefined;
    for (const id of ids) {
      const known = this.#open.get(id);
      if (known === undefined) continue;
      this.#sql.exec("DELETE FROM connections WHERE id = ?", id);
      this.#open.delete(id);
      grace = Math.max(grace ?? 0, known.graceMs);
    }
    return grace;
  }

  /** Connections that `tokenId` opened; all with null. */
  ofToken(tokenId: string | null): string[] {
    return [...this.#open.values()].filter((one) => tokenId === null || one.tokenId === tokenId).map((one) => one.id);
  }

  expired(now: number): string[] {
    return [...this.#open.values()].filter((one) => one.expiresAt <= now).map((one) => one.id);
  }

  nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const one of this.#open.values()) next = Math.min(next ?? one.expiresAt, one.expiresAt);
    return next;
  }

  end(tokenId: string, expiresAt: number, now: number): void {
    this.#sql.exec("DELETE FROM ended WHERE expires_at <= ?", now);
    for (const [id, at] of this.#ended) if (at <= now) this.#ended.delete(id);
    this.#sql.exec("INSERT OR REPLACE INTO ended (token_id, expires_at) VALUES (?, ?)", tokenId, expiresAt);
    this.#ended.set(tokenId, expiresAt);
  }

  hasEnded(tokenId: string): boolean {
    return this.#ended.has(tokenId);
  }

  /** The watchers to whom it is news that the user is online (or not). */
  untold(online: boolean): string[] {
    return [...this.#watchers].flatMap(([id, told]) => (told === online ? [] : [id]));
  }

  /** Those of `ids` that still watch have been told so. */
  told(ids: readonly string[], online: boolean): void {
    for (const id of ids) if (this.#watchers.has(id)) this.#watchers.set(id, online);
  }

  /** `online`: what the watcher is told now. */
  watch(connection: string, online: boolean): void {
    if (!this.#watchers.has(connection)) {
      this.#sql.exec("INSERT OR REPLACE INTO watchers (connection) VALUES (?)", connection);
    }
    this.#watchers.set(connection, online);
  }

  unwatch(connections: Iterable<string>): void {
    for (const connection of connections) {
      if (!this.#watchers.delete(connection)) continue;
      this.#sql.exec("DELETE FROM watchers WHERE connection = ?", connection);
    }
  }
}
