/** Packets whose attachments have not all come, kept through an eviction. Knows bytes; knows no namespace. */

import type { Bytes } from "../engine/packets.ts";
import type { Sql } from "../ports.ts";

export class Partials {
  readonly #sql: Sql;
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The texts of those that wait, by session. */
  all(): { sid: string; text: string; come: number }[] {
    return this.#sql
      .exec(
        "SELECT sid, part, (SELECT max(n) FROM io_partial p WHERE p.sid = f.sid) AS come FROM io_partial f WHERE n = 0",
      )
      .toArray()
      .map((row) => ({ sid: String(row["sid"]), text: String(row["part"]), come: Number(row["come"]) }));
  }

  begin(sid: string, text: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO io_partial (sid, n, part) VALUES (?, 0, ?)", sid, text);
  }

  /** Keeps an attachment; how many there are now. */
  add(sid: string, attachment: Bytes): number {
    const whole = attachment.byteLength === attachment.buffer.byteLength;
    const buffer = whole ? attachment.buffer : attachment.slice().buffer;
    const [row] = this.#sql
      .exec(
        `INSERT INTO io_partial (sid, n, part)
         SELECT ?1, max(n) + 1, ?2 FROM io_partial WHERE sid = ?1 RETURNING n`,
        sid,
        buffer,
      )
      .toArray();
    return Number(row?.["n"]);
  }

  take(sid: string): { text: string; attachments: Bytes[] } {
    const [first, ...rest] = this.#sql.exec("SELECT part FROM io_partial WHERE sid = ? ORDER BY n", sid).toArray();
    this.remove(sid);
    const attachments = rest.map((row) => new Uint8Array(row["part"] as ArrayBuffer));
    return { text: String(first?.["part"]), attachments };
  }

  remove(sid: string): void {
    this.#sql.exec("DELETE FROM io_partial WHERE sid = ?", sid);
  }
}
