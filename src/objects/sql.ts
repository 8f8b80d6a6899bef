/** What every object's SQLite has: a schema that steps forward on wake-up, and a few named values. Knows no table but its own. */

import type { Json } from "../core/message.ts";

/** Takes the schema one version further. */
export type SchemaStep = (sql: SqlStorage) => void;

/**
 * Brings the schema of an object to the newest version: each step runs once, in order, all in one transaction.
 * `name` tells the schema from others in the same object. The version stands in `meta`, since workerd does not grant `PRAGMA user_version`.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly SchemaStep[], name = "schema"): void {
  const sql = storage.sql;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID");
    const meta = new Meta(sql);
    const from = Number(meta.get(name) ?? 0);
    for (const step of steps.slice(from)) step(sql);
    if (from < steps.length) meta.set(name, String(steps.length));
  });
}

/** Whether the object has stored anything: one that was only asked for must not begin to cost. */
export function isEmpty(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meta'").toArray().length === 0;
}

/** Named values of an object. */
export class Meta {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(key: string): string | undefined {
    for (const row of this.#sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)) return row.value;
    return undefined;
  }

  set(key: string, value: string): void {
    this.#sql.exec(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  delete(key: string): void {
    this.#sql.exec("DELETE FROM meta WHERE key = ?", key);
  }
}

/** Named values that nobody else writes while this stands: each is read from the disk once. Not for what may be rolled back. */
export class KeptMeta extends Meta {
  readonly #kept = new Map<string, string | undefined>();

  override get(key: string): string | undefined {
    if (!this.#kept.has(key)) this.#kept.set(key, super.get(key));
    return this.#kept.get(key);
  }

  override set(key: string, value: string): void {
    super.set(key, value);
    this.#kept.set(key, value);
  }

  override delete(key: string): void {
    super.delete(key);
    this.#kept.set(key, undefined);
  }
}

/**
 * The name by which the object is addressed. The runtime does not promise to know it when an alarm wakes the object,
 * so it is kept from the first time on. To be called after `migrate`.
 */
export function nameOf(ctx: DurableObjectState): string {
  const meta = new Meta(ctx.storage.sql);
  const known = meta.get("name");
  if (known !== undefined) return known;
  const { name } = ctx.id;
  if (name === undefined) throw new Error("an object without a name");
  meta.set("name", name);
  return name;
}

/** The shape of a value that this object itself has stored as JSON. */
export function stored<T>(json: string): T {
  return JSON.parse(json) as T;
}

export const storedJson = (json: string | null): Json => (json === null ? null : stored<Json>(json));
