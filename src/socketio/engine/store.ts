/** Sessions in SQLite, and the packets that wait for a poll. Knows tables, and nothing of why they change. */

import type { Json, Sql } from "../ports.ts";
import type { Session, SessionRecord } from "./session.ts";

export interface StoredSession {
  readonly sid: string;
  readonly record: SessionRecord;
  readonly pinged: number;
  readonly heard: number;
  readonly joined: Json;
}

export class SessionStore {
  readonly #sql: Sql;
  /** The number of the last queued packet, whosever it is. */
  #last: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    const [row] = sql.exec("SELECT max(n) AS n FROM io_outgoing").toArray();
    this.#last = Number(row?.["n"] ?? 0);
  }

  all(): StoredSession[] {
    return this.#sql
      .exec("SELECT sid, record, pinged, heard, joined FROM io_sessions")
      .toArray()
      .map((row) => ({
        sid: String(row["sid"]),
        record: JSON.parse(String(row["record"])) as SessionRecord,
        pinged: Number(row["pinged"]),
        heard: Number(row["heard"]),
        joined: JSON.parse(String(row["joined"])) as Json,
      }));
  }

  put(session: Session): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO io_sessions (sid, record, pinged, heard, joined) VALUES (?, ?, ?, ?, ?)",
      session.sid,
      JSON.stringify(session.record),
      session.pingedAt,
      session.heardAt,
      JSON.stringify(session.joined),
    );
  }

  putTimes({ sid, pingedAt, heardAt }: Session): void {
    this.#sql.exec("UPDATE io_sessions SET pinged = ?, heard = ? WHERE sid = ?", pingedAt, heardAt, sid);
  }

  remove(sid: string): void {
    this.#sql.exec("DELETE FROM io_sessions WHERE sid = ?", sid);
    this.#sql.exec("DELETE FROM io_outgoing WHERE sid = ?", sid);
  }

  queue(sid: string, text: string): void {
    this.#sql.exec("INSERT INTO io_outgoing (sid, n, packet) VALUES (?, ?, ?)", sid, ++this.#last, text);
  }

  /** Characters that wait. */
  queued(sid: string): number {
    const [row] = this.#sql.exec("SELECT sum(length(packet)) AS size FROM io_outgoing WHERE sid = ?", sid).toArray();
    return Number(row?.["size"] ?? 0);
  }

  /** Takes all packets that wait, in order. */
  take(sid: string): string[] {
    const rows = this.#sql.exec("SELECT packet FROM io_outgoing WHERE sid = ? ORDER BY n", sid).toArray();
    if (rows.length > 0) this.#sql.exec("DELETE FROM io_outgoing WHERE sid = ?", sid);
    return rows.map((row) => String(row["packet"]));
  }
}
