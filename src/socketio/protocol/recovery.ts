/**
 * What lets a lost connection be taken up again: a log of what was sent, and who may still come back. An offset names
 * the place of its log. Knows packets as text; knows no session.
 */

import type { Bytes } from "../engine/packets.ts";
import type { Json, Sql } from "../ports.ts";
import type { Encoded } from "./codec.ts";
import type { StoredJoined } from "./joined.ts";

/** How long it is remembered where a connection went that came back elsewhere. */
const MOVED_MS = 24 * 3_600_000;
/** Numbers of the log grow with the time, so that one is never given twice, even when the log was emptied. */
const PER_MS = 512;

/** A lost connection. */
export interface Away {
  /** The session that it was. */
  readonly sid: string;
  readonly origin: string;
  readonly joined: StoredJoined;
}

export const socketRoom = (id: string): string => `s:${id}`;
export const namedRoom = (room: string): string => `r:${room}`;

export class Recovery {
  readonly #sql: Sql;
  readonly #place: string;
  readonly #within: number;
  /** How long the log goes back: a connection may have been dead for a while when it is found to be. */
  readonly #logged: number;
  readonly #away = new Map<string, Away & { readonly until: number }>();
  #last: number;
  /** When the last entry was logged. */
  #loggedAt: number;

  constructor(sql: Sql, place: string, within: number, silence: number) {
    this.#sql = sql;
    this.#place = place;
    this.#within = within;
    this.#logged = within + silence;
    const [newest] = sql.exec("SELECT n, at FROM io_log ORDER BY n DESC LIMIT 1").toArray();
    this.#last = Number(newest?.["n"] ?? 0);
    this.#loggedAt = Number(newest?.["at"] ?? 0);
    for (const row of sql.exec("SELECT pid, until, record FROM io_away").toArray()) {
      const away = JSON.parse(String(row["record"])) as Away;
      this.#away.set(String(row["pid"]), { ...away, until: Number(row["until"]) });
      this.stood(away.joined.base);
    }
  }

  newPid(): string {
    return `${this.#place}.${crypto.randomUUID().replaceAll("-", "")}`;
  }

  // ---- the log ------------------------------------------------------------------------------------------------

  /** Where the log stands. */
  now(now: number): number {
    this.#last = Math.max(this.#last, now * PER_MS);
    return this.#last;
  }

  /** The log stood at `n` already in an earlier life of the object: numbers go on from there, whatever the clock says. */
  stood(n: number): void {
    this.#last = Math.max(this.#last, n);
  }

  /** Logs an event for rooms and sockets; its offset. */
  append(now: number, namespace: string, rooms: readonly string[], besides: string | null, packet: Encoded): string {
    const n = this.now(now) + 1;
    this.#last = n;
    this.#sql.exec(
      "INSERT INTO io_log (n, at, namespace, room, besides, packet, rooms) VALUES (?, ?, ?, ?, ?, ?, ?)",
      n,
      now,
      namespace,
      rooms[0] ?? "",
      besides,
      JSON.stringify(packed(packet)),
      rooms.length > 1 ? JSON.stringify(rooms) : null,
    );
    return `${this.#place}.${n.toString(36)}`;
  }

  /** What `joined` has missed since `offset`, or since it joined, each with its offset. */
  missed(joined: StoredJoined, offset: unknown): { offset: string; packet: Encoded }[] {
    const own = socketRoom(joined.id);
    return this.#sql
      .exec(
        `SELECT n, packet FROM io_log WHERE n > ? AND namespace = ? AND (besides IS NULL OR besides <> ?)
         AND (room IN (SELECT value FROM json_each(?)) OR EXISTS (SELECT 1 FROM json_each(rooms) WHERE value = ?))
         ORDER BY n`,
        Math.max(joined.base, this.#numberOf(offset)),
        joined.namespace,
        joined.id,
        JSON.stringify([own, ...joined.rooms.map(namedRoom)]),
        own,
      )
      .toArray()
      .map((row) => ({
        offset: `${this.#place}.${Number(row["n"]).toString(36)}`,
        packet: unpacked(JSON.parse(String(row["packet"])) as string[]),
      }));
  }

  /** 0 for an offset of another log. */
  #numberOf(offset: unknown): number {
    if (typeof offset !== "string" || placeIn(offset) !== this.#place) return 0;
    const n = Number.parseInt(offset.slice(offset.lastIndexOf(".") + 1), 36);
    // One that has not been given yet is of a log that was emptied, before a clock that went back.
    return Number.isSafeInteger(n) && n <= this.#last ? n : 0;
  }

  // ---- who is away --------------------------------------------------------------------------------------------

  leave(pid: string, away: Away, now: number): void {
    const until = now + this.#within;
    this.#away.set(pid, { ...away, until });
    this.#sql.exec(
      "INSERT OR REPLACE INTO io_away (pid, until, record) VALUES (?, ?, ?)",
      pid,
      until,
      JSON.stringify(away),
    );
  }

  /** Takes up what was left. */
  take(pid: string, namespace: string, now: number): Away | undefined {
    const away = this.#away.get(pid);
    if (away === undefined || away.joined.namespace !== namespace || away.until <= now) return undefined;
    this.#remove(pid);
    return away;
  }

  #remove(pid: string): void {
    this.#away.delete(pid);
    this.#sql.exec("DELETE FROM io_away WHERE pid = ?", pid);
  }

  away(): Iterable<Away> {
    return this.#away.values();
  }

  isAway(sid: string): boolean {
    for (const away of this.#away.values()) if (away.sid === sid) return true;
    return false;
  }

  // ---- other places -------------------------------------------------------------------------------------------

  moved(pid: string, place: string, now: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO io_moved (pid, place, until) VALUES (?, ?, ?)", pid, place, now + MOVED_MS);
  }

  /** Where the connection that `pid` names may be, as far as can be seen here; null: nowhere else. */
  placeOf(pid: string, offset: unknown): string | null {
    const [row] = this.#sql.exec("SELECT place FROM io_moved WHERE pid = ?", pid).toArray();
    if (row !== undefined) return String(row["place"]);
    const place = (typeof offset === "string" ? placeIn(offset) : null) ?? placeIn(pid);
    return place === this.#place ? null : place;
  }

  // ---- time ---------------------------------------------------------------------------------------------------

  /** The latest time that was stored before this life of the object; 0: none. */
  latest(): number {
    return Math.max(this.#loggedAt, ...[...this.#away.values()].map(({ until }) => until - this.#within));
  }

  /** Everything that is kept for a while is kept from `now` on. */
  countAnew(now: number): void {
    const until = now + this.#within;
    for (const [pid, away] of this.#away) this.#away.set(pid, { ...away, until });
    this.#sql.exec("UPDATE io_away SET until = ?", until);
    this.#sql.exec("UPDATE io_log SET at = ?", now);
    this.#sql.exec("UPDATE io_moved SET until = ?", now + MOVED_MS);
  }

  /** Forgets what is too old; those who did not come back. `isIdle`: nobody is connected. */
  trim(now: number, isIdle: boolean): Away[] {
    const over = [...this.#away].filter(([, { until }]) => until <= now);
    for (const [pid] of over) this.#remove(pid);
    if (isIdle && this.#away.size === 0) this.#sql.exec("DELETE FROM io_log");
    // The newest entry stays: it says how far the numbers have got.
    else this.#sql.exec("DELETE FROM io_log WHERE at < ? AND n < (SELECT max(n) FROM io_log)", now - this.#logged);
    this.#sql.exec("DELETE FROM io_moved WHERE until <= ?", now);
    return over.map(([, away]) => away);
  }

  nextDue(): number | null {
    const [row] = this.#sql
      .exec("SELECT min(until) AS at FROM (SELECT until FROM io_away UNION ALL SELECT until FROM io_moved)")
      .toArray();
    return (row?.["at"] as number | null | undefined) ?? null;
  }
}

/** What stands before the last dot of an offset or a pid. */
function placeIn(name: string): string | null {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? null : name.slice(0, dot);
}

/** What one place asks another for. */
export interface Inquiry {
  readonly pid: string;
  readonly namespace: string;
  readonly offset: string | null;
  /** Where it goes on. */
  readonly place: string;
}

export type InquiryAnswer =
  | { readonly found: true; readonly joined: StoredJoined; readonly missed: readonly (readonly string[])[] }
  | { readonly found: false; readonly place: string | null };

export const asJson = (value: Inquiry | InquiryAnswer): Json => value as unknown as Json;

/** Packets as they go from one place to another. */
export const packed = ([text, ...bytes]: Encoded): string[] => [
  text,
  ...bytes.map((data) => Buffer.from(data).toString("base64")),
];

export function unpacked([text = "", ...attachments]: readonly string[]): Encoded {
  return [text, ...attachments.map((base64): Bytes => new Uint8Array(Buffer.from(base64, "base64")))];
}
