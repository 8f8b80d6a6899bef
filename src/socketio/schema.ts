/** The tables of the layer, as steps; one that has been released is never changed. Knows SQL and nothing of its use. */

import type { Sql } from "./ports.ts";

export const SOCKETIO_SCHEMA: readonly ((sql: Sql) => void)[] = [
  (sql) => {
    sql.exec(`
      -- Sessions that stand: how they are reached, and what they have joined.
      CREATE TABLE io_sessions (
        sid TEXT PRIMARY KEY,
        record TEXT NOT NULL,
        pinged INTEGER NOT NULL,
        heard INTEGER NOT NULL,
        joined TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- Packets that wait for the next poll of their session.
      CREATE TABLE io_outgoing (
        sid TEXT NOT NULL,
        n INTEGER NOT NULL,
        packet TEXT NOT NULL,
        PRIMARY KEY (sid, n)
      ) STRICT, WITHOUT ROWID;

      -- A packet whose attachments have not all come: its text at 0, then they.
      CREATE TABLE io_partial (
        sid TEXT NOT NULL,
        n INTEGER NOT NULL,
        part ANY NOT NULL,
        PRIMARY KEY (sid, n)
      ) STRICT, WITHOUT ROWID;

      -- Events that wait for the client's acknowledgement.
      CREATE TABLE io_acks (
        id INTEGER PRIMARY KEY,
        sid TEXT NOT NULL,
        namespace TEXT NOT NULL,
        context TEXT NOT NULL,
        expires INTEGER NOT NULL
      ) STRICT;

      -- What was sent within the time of recovery; the offset of a packet is its n.
      CREATE TABLE io_log (
        n INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        namespace TEXT NOT NULL,
        room TEXT NOT NULL,
        besides TEXT,
        packet TEXT NOT NULL
      ) STRICT;

      -- Lost connections that may come back.
      CREATE TABLE io_away (
        pid TEXT PRIMARY KEY,
        until INTEGER NOT NULL,
        record TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- Where those went that came back elsewhere.
      CREATE TABLE io_moved (
        pid TEXT PRIMARY KEY,
        place TEXT NOT NULL,
        until INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  },
  // An event for several sockets is logged once: all of them as JSON, where it is for more than one.
  (sql) => {
    sql.exec("ALTER TABLE io_log ADD COLUMN rooms TEXT");
  },
];
