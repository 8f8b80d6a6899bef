/**
 * The log of what changed in a chat otherwise than by a new message. Every `rev` is either a message's or a
 * change's, so the messages between two revs follow from the changes alone and need no index of their own.
 */

import type { UserId } from "../../core/ids.ts";
import { stored } from "../sql.ts";

export type ChangeType = "created" | "edited" | "deleted" | "renamed" | "added" | "removed" | "role";

export interface Change {
  readonly rev: number;
  readonly clock: number;
  readonly delivered: number;
  /** The newest `seq` when it happened. */
  readonly lastSeq: number;
  readonly type: ChangeType;
  readonly by: UserId;
  /** The message that was edited or deleted. */
  readonly seq: number | null;
  /** The people who were added or removed, or whose role changed. */
  readonly users: readonly UserId[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface ChangeRow extends Record<string, SqlStorageValue> {
  rev: number;
  clock: number;
  delivered: number;
  last_seq: number;
  type: string;
  by: number;
  seq: number | null;
  users: string | null;
  at: number;
}

function change(row: ChangeRow): Change {
  return {
    rev: row.rev,
    clock: row.clock,
    delivered: row.delivered,
    lastSeq: row.last_seq,
    type: row.type as ChangeType,
    by: row.by as UserId,
    seq: row.seq,
    users: row.users === null ? [] : stored<UserId[]>(row.users),
    at: row.at,
  };
}

export class ChangeLog {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(entry: Change): void {
    this.#sql.exec(
      "INSERT INTO changes (rev, clock, delivered, last_seq, type, by, seq, users, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.rev,
      entry.clock,
      entry.delivered,
      entry.lastSeq,
      entry.type,
      entry.by,
      entry.seq,
      entry.users.length === 0 ? null : JSON.stringify(entry.users),
      entry.at,
    );
  }

  last(): Change | undefined {
    for (const row of this.#sql.exec<ChangeRow>("SELECT * FROM changes ORDER BY rev DESC LIMIT 1")) return change(row);
    return undefined;
  }

  /** The newest `seq` when the chat stood at `rev`. */
  seqAt(rev: number): number {
    for (const row of this.#sql.exec<ChangeRow>(
      "SELECT * FROM changes WHERE rev <= ? ORDER BY rev DESC LIMIT 1",
      rev,
    )) {
      return row.last_seq + (rev - row.rev);
    }
    return 0;
  }

  /** The `rev` that the message at `seq` was born with. */
  revOf(seq: number): number {
    // `last_seq` ascends with `rev`, so the search from the end is as short as the message is young.
    for (const row of this.#sql.exec<ChangeRow>("SELECT * FROM changes ORDER BY rev DESC")) {
      if (row.last_seq < seq) return row.rev + (seq - row.last_seq);
    }
    return seq;
  }

  /** When title or membership last changed (milliseconds since 1970). */
  reshapedAt(): number {
    // The condition is that of an index, in which the many changes of messages do not stand.
    for (const row of this.#sql.exec<{ at: number }>(
      "SELECT at FROM changes WHERE type NOT IN ('edited', 'deleted') ORDER BY rev DESC LIMIT 1",
    )) {
      return row.at;
    }
    return 0;
  }

  /** Changes above `from` and up to `to`, by `rev`. */
  between(from: number, to: number): Change[] {
    return this.#sql
      .exec<ChangeRow>("SELECT * FROM changes WHERE rev > ? AND rev <= ? ORDER BY rev", from, to)
      .toArray()
      .map(change);
  }

  /** Changes made after `clock`, newest first. */
  since(clock: number): Change[] {
    const found: Change[] = [];
    for (const row of this.#sql.exec<ChangeRow>("SELECT * FROM changes ORDER BY rev DESC")) {
      if (row.clock <= clock) break;
      found.push(change(row));
    }
    return found;
  }
}
