/**
 * How many messages each author has in a stretch of the log, without the whole of it being looked at: full parts are counted
 * once, and the counts are stored. Knows rows; knows nothing of who reads.
 */

import type { UserId } from "../../core/ids.ts";
import { stored } from "../sql.ts";

/** Messages of a part: the first has 1 to 1,024. The schema, which drops the tally of a part when something in it is deleted, says so too. */
const PART = 1_024;

/** Messages of one author. */
export interface AuthorCount {
  readonly userId: UserId;
  readonly count: number;
}

/** The messages above `after` and up to `to`. */
export interface Stretch {
  readonly after: number;
  readonly to: number;
}

/** Of one part, as it is stored: each author and how many are theirs. */
type Tally = [userId: number, count: number][];

export class Tallies {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * The messages that nobody deleted in each of these stretches, by author; the stretches do not overlap. At most two parts of
   * a stretch are looked at message by message, and those that nobody has counted yet.
   */
  count(stretches: readonly Stretch[]): AuthorCount[][] {
    const counts = stretches.map(() => new Map<UserId, number>());
    const pieces: [at: number, after: number, to: number][] = [];
    for (const [at, { after, to }] of stretches.entries()) {
      const first = Math.ceil(after / PART);
      const end = Math.floor(to / PART);
      if (first >= end) pieces.push([at, after, to]);
      else {
        pieces.push([at, after, first * PART], [at, end * PART, to]);
        for (const tally of this.#tallies(first, end)) for (const one of tally) add(counts[at], one);
      }
    }
    const rows = this.#sql.exec<{ at: number; user_id: number; n: number }>(
      `SELECT piece.value ->> 0 AS at, user_id, count(*) AS n
       FROM json_each(?) AS piece CROSS JOIN messages ON seq > piece.value ->> 1 AND seq <= piece.value ->> 2
       WHERE deleted_at IS NULL GROUP BY 1, 2`,
      JSON.stringify(pieces.filter(([, after, to]) => after < to)),
    );
    for (const row of rows) add(counts[row.at], [row.user_id, row.n]);
    return counts.map((byAuthor) => [...byAuthor].map(([userId, count]) => ({ userId, count })));
  }

  /** The tallies of the parts from `first` to before `end`; what nobody has counted yet is counted now. */
  #tallies(first: number, end: number): Tally[] {
    const known = new Map<number, Tally>();
    for (const row of this.#sql.exec<{ part: number; counts: string }>(
      "SELECT part, counts FROM tallies WHERE part >= ? AND part < ?",
      first,
      end,
    ))
      known.set(row.part, stored<Tally>(row.counts));
    for (let part = first; part < end; part++) {
      if (known.has(part)) continue;
      let next = part + 1;
      while (next < end && !known.has(next)) next++;
      this.#countParts(part, next, known);
    }
    return [...known.values()];
  }

  #countParts(first: number, end: number, known: Map<number, Tally>): void {
    for (let part = first; part < end; part++) known.set(part, []);
    for (const row of this.#sql.exec<{ part: number; user_id: number; n: number }>(
      `SELECT (seq - 1) / ${PART} AS part, user_id, count(*) AS n FROM messages
       WHERE seq > ? AND seq <= ? AND deleted_at IS NULL GROUP BY 1, 2`,
      first * PART,
      end * PART,
    ))
      known.get(row.part)?.push([row.user_id, row.n]);
    for (let part = first; part < end; part++) {
      const counts = JSON.stringify(known.get(part));
      this.#sql.exec("INSERT INTO tallies (part, counts) VALUES (?, ?)", part, counts);
    }
  }
}

function add(counts: Map<UserId, number> | undefined, [userId, count]: readonly [number, number]): void {
  counts?.set(userId as UserId, (counts.get(userId as UserId) ?? 0) + count);
}
