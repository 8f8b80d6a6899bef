/** Events of ours that wait for the client's acknowledgement. Knows what was kept with each; knows no socket. */

import type { Json, Sql } from "../ports.ts";

export interface Awaited {
  readonly sid: string;
  readonly namespace: string;
  readonly context: Json;
}

export class Acks {
  readonly #sql: Sql;
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The id that the acknowledgement will bear. */
  add({ sid, namespace, context }: Awaited, expires: number): number {
    const [row] = this.#sql
      .exec(
        "INSERT INTO io_acks (sid, namespace, context, expires) VALUES (?, ?, ?, ?) RETURNING id",
        sid,
        namespace,
        JSON.stringify(context),
        expires,
      )
      .toArray();
    return Number(row?.["id"]);
  }

  /** What was kept with the event, once; undefined where nothing waits. */
  take(id: number, sid: string, namespace: string): Json | undefined {
    const [row] = this.#sql
      .exec("DELETE FROM io_acks WHERE id = ? AND sid = ? AND namespace = ? RETURNING context", id, sid, namespace)
      .toArray();
    return row === undefined ? undefined : (JSON.parse(String(row["context"])) as Json);
  }

  /** Those whose time is over. */
  takeExpired(now: number): Awaited[] {
    return this.#sql
      .exec("DELETE FROM io_acks WHERE expires <= ? RETURNING sid, namespace, context", now)
      .toArray()
      .map((row) => ({
        sid: String(row["sid"]),
        namespace: String(row["namespace"]),
        context: JSON.parse(String(row["context"])) as Json,
      }));
  }

  /** The time of all begins anew. */
  putOff(expires: number): void {
    this.#sql.exec("UPDATE io_acks SET expires = ?", expires);
  }

  nextExpiry(): number | null {
    const [row] = this.#sql.exec("SELECT min(expires) AS at FROM io_acks").toArray();
    return (row?.["at"] as number | null | undefined) ?? null;
  }

  remove(sid: string, namespace: string): void {
    this.#sql.exec("DELETE FROM io_acks WHERE sid = ? AND namespace = ?", sid, namespace);
  }
}
