/**
 * The members of a chat, the people its messages name, and what each has read: in SQLite, and all of it in
 * memory while the object lives. Knows nothing of delivery.
 */

import type { UserId } from "../../core/ids.ts";
import type { Member, Person, Role } from "../../core/people.ts";
import { ghostOf } from "../../core/people.ts";
import type { ReadChange, ReadState } from "../../core/read-state.ts";
import { isSingle } from "../../core/read-state.ts";
import { stored } from "../sql.ts";

interface MemberRow extends Record<string, SqlStorageValue> {
  user_id: number;
  role: string;
  position: number;
  joined_at: number;
  joined_seq: number;
  read_seq: number;
  read_clock: number;
}

interface Entry {
  readonly userId: UserId;
  role: Role;
  readonly position: number;
  readonly joinedAt: number;
  /** Messages up to here were there before this member; they need no reading, and nobody's receipt comes from them. */
  readonly joinedSeq: number;
  read: ReadState;
  /** The clock of the last change of `read`. */
  readClock: number;
  /** Unread messages, derived when first asked for and kept up to date while the object lives; undefined: to be derived. */
  unread: number | undefined;
}

/** A member, as far as it matters to what they have unread. */
export interface Reader {
  readonly userId: UserId;
  readonly read: ReadState;
}

/** Messages from one place to another, both included; none where they are the wrong way round. */
interface Span {
  readonly from: number;
  readonly to: number;
}

interface Receipt extends Span {
  readonly userId: UserId;
}

/** The same places in as few spans as there can be, ascending. */
function merged(spans: readonly Span[]): Span[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || from > last.to + 1) {
      if (from <= to) all.push({ from, to });
    } else if (to > last.to) last.to = to;
  }
  return all;
}

/** What is in one ascending list and not in another. */
function without(list: readonly number[], other: readonly number[]): number[] {
  let at = 0;
  return list.filter((one) => {
    while (at < other.length && (other[at] ?? 0) < one) at++;
    return other[at] !== one;
  });
}

export class Members {
  readonly #sql: SqlStorage;
  readonly #people = new Map<UserId, Person>();
  readonly #entries = new Map<UserId, Entry>();
  readonly #receipts: Receipt[] = [];
  #nextPosition = 1;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const row of sql.exec<{ id: number; body: string }>("SELECT id, body FROM people")) {
      this.#people.set(row.id as UserId, stored<Person>(row.body));
    }
    const singles = new Map<number, number[]>();
    for (const row of sql.exec<{ user_id: number; seq: number }>(
      "SELECT user_id, seq FROM reads ORDER BY user_id, seq",
    )) {
      const list = singles.get(row.user_id);
      if (list === undefined) singles.set(row.user_id, [row.seq]);
      else list.push(row.seq);
    }
    for (const row of sql.exec<MemberRow>("SELECT * FROM members ORDER BY position")) {
      this.#entries.set(row.user_id as UserId, {
        userId: row.user_id as UserId,
        role: row.role as Role,
        position: row.position,
        joinedAt: row.joined_at,
        joinedSeq: row.joined_seq,
        read: { upTo: row.read_seq, singles: singles.get(row.user_id) ?? [] },
        readClock: row.read_clock,
        unread: undefined,
      });
      this.#nextPosition = row.position + 1;
    }
    for (const row of sql.exec<{ user_id: number; from_seq: number; to_seq: number }>("SELECT * FROM receipts")) {
      this.#receipts.push({ userId: row.user_id as UserId, from: row.from_seq, to: row.to_seq });
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  ids(): UserId[] {
    return [...this.#entries.keys()];
  }

  has(user: UserId): boolean {
    return this.#entries.has(user);
  }

  role(user: UserId): Role | undefined {
    return this.#entries.get(user)?.role;
  }

  person(user: UserId): Person {
    return this.#people.get(user) ?? ghostOf(user, 0);
  }

  knows(user: UserId): boolean {
    return this.#people.has(user);
  }

  member(user: UserId): Member | undefined {
    const entry = this.#entries.get(user);
    return entry && { user: this.person(user), role: entry.role, readSeq: entry.read.upTo, joinedAt: entry.joinedAt };
  }

  /** All members, in the order in which they came. */
  all(): Member[] {
    return [...this.#entries.values()].map((entry) => ({
      user: this.person(entry.userId),
      role: entry.role,
      readSeq: entry.read.upTo,
      joinedAt: entry.joinedAt,
    }));
  }

  /** The highest clock of any read. */
  readClock(): number {
    let clock = 0;
    for (const entry of this.#entries.values()) clock = Math.max(clock, entry.readClock);
    return clock;
  }

  /** Those who have read something after `clock`. */
  readSince(clock: number): UserId[] {
    return [...this.#entries.values()].filter((entry) => entry.readClock > clock).map((entry) => entry.userId);
  }

  /** What is older than what is known comes too late; of an account that is gone nothing is news. */
  savePerson(person: Person): void {
    const known = this.#people.get(person.id);
    if (known !== undefined && person.deletedAt === null) {
      if (known.deletedAt !== null || known.updatedAt > person.updatedAt) return;
    }
    this.#sql.exec(
      "INSERT INTO people (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
      person.id,
      JSON.stringify(person),
    );
    this.#people.set(person.id, person);
  }

  /** Whoever joins has nothing unread. */
  add(person: Person, role: Role, lastSeq: number, at: number): void {
    this.savePerson(person);
    const position = this.#nextPosition++;
    this.#sql.exec(
      "INSERT INTO members (user_id, role, position, joined_at, joined_seq, read_seq, read_clock) VALUES (?, ?, ?, ?, ?, ?, 0)",
      person.id,
      role,
      position,
      at,
      lastSeq,
      lastSeq,
    );
    this.#entries.set(person.id, {
      userId: person.id,
      role,
      position,
      joinedAt: at,
      joinedSeq: lastSeq,
      read: { upTo: lastSeq, singles: [] },
      readClock: 0,
      unread: 0,
    });
  }

  setRole(user: UserId, role: Role): void {
    const entry = this.#entries.get(user);
    if (entry === undefined) return;
    this.#sql.exec("UPDATE members SET role = ? WHERE user_id = ?", role, user);
    entry.role = role;
  }

  remove(user: UserId): void {
    const entry = this.#entries.get(user);
    if (entry === undefined) return;
    const read = entry.read.singles.map((seq) => ({ userId: user, from: seq, to: seq }));
    if (entry.read.upTo > entry.joinedSeq) read.push({ userId: user, from: entry.joinedSeq + 1, to: entry.read.upTo });
    for (const receipt of read) {
      this.#sql.exec(
        "INSERT OR REPLACE INTO receipts (user_id, from_seq, to_seq) VALUES (?, ?, ?)",
        receipt.userId,
        receipt.from,
        receipt.to,
      );
      this.#receipts.push(receipt);
    }
    this.#sql.exec("DELETE FROM reads WHERE user_id = ?", user);
    this.#sql.exec("DELETE FROM members WHERE user_id = ?", user);
    this.#entries.delete(user);
  }

  readState(user: UserId): ReadState {
    return this.#entries.get(user)?.read ?? { upTo: 0, singles: [] };
  }

  /** Stores what `user` has read now, `changed` messages more than before; one row, and one for each single message that came or went. */
  saveRead(user: UserId, { state, changed }: ReadChange, clock: number): void {
    const entry = this.#entries.get(user);
    if (entry === undefined) return;
    const { singles: before } = entry.read;
    for (const seq of without(state.singles, before))
      this.#sql.exec("INSERT INTO reads (user_id, seq) VALUES (?, ?)", user, seq);
    for (const seq of without(before, state.singles))
      this.#sql.exec("DELETE FROM reads WHERE user_id = ? AND seq = ?", user, seq);
    this.#sql.exec("UPDATE members SET read_seq = ?, read_clock = ? WHERE user_id = ?", state.upTo, clock, user);
    entry.read = state;
    entry.readClock = clock;
    if (entry.unread !== undefined) entry.unread -= changed.length;
  }

  /**
   * The unread count of `user`. Where it is not known yet, `derive` counts it, and in the same look at the log those of all
   * who have read at least as far and are not known either; it is given them in the order in which they have read.
   */
  unread(user: UserId, derive: (readers: readonly Reader[]) => readonly number[]): number {
    const entry = this.#entries.get(user);
    if (entry === undefined) return 0;
    if (entry.unread === undefined) {
      const unknown = [...this.#entries.values()]
        .filter(({ unread, read }) => unread === undefined && read.upTo >= entry.read.upTo)
        .toSorted((a, b) => a.read.upTo - b.read.upTo);
      for (const [at, count] of derive(unknown).entries()) (unknown[at] ?? entry).unread = count;
    }
    return entry.unread ?? 0;
  }

  /** A message of `author` came: known counts of the others follow. */
  noteMessage(author: UserId): void {
    for (const entry of this.#entries.values()) {
      if (entry.userId !== author && entry.unread !== undefined) entry.unread++;
    }
  }

  /** The message of `author` at `seq`, which was there, is deleted: nobody has it unread, and no single read of it is kept. */
  noteDeleted(seq: number, author: UserId): void {
    for (const entry of this.#entries.values()) {
      const { upTo, singles } = entry.read;
      if (isSingle(entry.read, seq)) {
        this.#sql.exec("DELETE FROM reads WHERE user_id = ? AND seq = ?", entry.userId, seq);
        entry.read = { upTo, singles: singles.filter((single) => single !== seq) };
      } else if (seq > upTo && entry.userId !== author && entry.unread !== undefined) entry.unread--;
    }
  }

  /** Whether somebody other than `author` has read the message at `seq`. For many messages: `readersBesides`. */
  readByOthers(seq: number, author: UserId): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.userId === author) continue;
      if (seq > entry.joinedSeq && seq <= entry.read.upTo) return true;
      if (isSingle(entry.read, seq)) return true;
    }
    return this.#receipts.some((past) => past.userId !== author && seq >= past.from && seq <= past.to);
  }

  /** The same for many messages of `author`, until somebody reads: the members are gone through once, and not for each. */
  readersBesides(author: UserId): (seq: number) => boolean {
    const spans: Span[] = this.#receipts.filter(({ userId }) => userId !== author);
    for (const { userId, joinedSeq, read } of this.#entries.values()) {
      if (userId === author) continue;
      spans.push({ from: joinedSeq + 1, to: read.upTo });
      for (const seq of read.singles) spans.push({ from: seq, to: seq });
    }
    const read = merged(spans);
    return (seq) => read.some(({ from, to }) => seq >= from && seq <= to);
  }
}
