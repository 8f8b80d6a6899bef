/** The tables of a Chat, as steps. A step that has been released is never changed; the next one goes further. */

import type { SchemaStep } from "../sql.ts";

export const CHAT_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    // `clock` orders every commit, reads included; `rev` only what clients follow. `delivered` is the clock up to
    // which all Inboxes had everything when the row was written: it travels with the next write and costs none of its own.
    sql.exec(`
      CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        rev INTEGER NOT NULL,
        clock INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        text TEXT,
        attachments TEXT,
        data TEXT,
        reply_to INTEGER,
        client_id TEXT,
        created_at INTEGER NOT NULL,
        consumable INTEGER NOT NULL DEFAULT 0,
        edited_at INTEGER,
        deleted_at INTEGER
      ) STRICT;
      CREATE UNIQUE INDEX messages_by_client ON messages (user_id, client_id) WHERE client_id IS NOT NULL;

      CREATE TABLE changes (
        rev INTEGER PRIMARY KEY,
        clock INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        type TEXT NOT NULL,
        by INTEGER NOT NULL,
        seq INTEGER,
        users TEXT,
        at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE people (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;

      CREATE TABLE members (
        user_id INTEGER PRIMARY KEY,
        role TEXT NOT NULL,
        position INTEGER NOT NULL,
        joined_at INTEGER NOT NULL,
        joined_seq INTEGER NOT NULL,
        read_seq INTEGER NOT NULL,
        read_clock INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE reads (
        user_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (user_id, seq)
      ) STRICT, WITHOUT ROWID;

      -- What those who left had read, so that an author's receipt never goes away again.
      CREATE TABLE receipts (
        user_id INTEGER NOT NULL,
        from_seq INTEGER NOT NULL,
        to_seq INTEGER NOT NULL,
        PRIMARY KEY (user_id, from_seq)
      ) STRICT, WITHOUT ROWID;

      -- Inboxes (and, as users 0 and -1, the directory and the app's listeners) that could not be reached, and from where they
      -- are served again.
      CREATE TABLE lagging (
        user_id INTEGER PRIMARY KEY,
        from_clock INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        due INTEGER NOT NULL
      ) STRICT;

      -- Attachments of committed messages that the directory has yet to note ('claim') or forget ('drop').
      CREATE TABLE files (id TEXT PRIMARY KEY, task TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE attached (user_id INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE listeners (connection TEXT PRIMARY KEY, user_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE sockets (connection TEXT PRIMARY KEY, user_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    `);
  },
  (sql) => {
    // Connections that act for the app and hear the messages of this chat.
    sql.exec("CREATE TABLE subscribers (connection TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID");
  },
  (sql) => {
    // Of a connection that is in the room: how the others there see it.
    sql.exec("ALTER TABLE listeners ADD COLUMN shown_as TEXT");
  },
  (sql) => {
    // When title or membership last changed, however many messages were deleted since.
    sql.exec("CREATE INDEX changes_of_shape ON changes (rev) WHERE type NOT IN ('edited', 'deleted')");
  },
  (sql) => {
    // The few of a chat's files with which something is to be done.
    sql.exec("CREATE INDEX files_waiting ON files (task) WHERE task <> 'kept'");
  },
  (sql) => {
    // Of messages that were sent as a short text and nothing else. Those from before are not noted.
    sql.exec("ALTER TABLE messages ADD COLUMN plain INTEGER NOT NULL DEFAULT 0");
  },
  (sql) => {
    // How many messages that nobody deleted each author has in a part of 1,024, once somebody has asked: `[[user, count], …]`.
    // It goes with whatever is deleted in that part, also by a version that does not know of it.
    sql.exec(`
      CREATE TABLE tallies (part INTEGER PRIMARY KEY, counts TEXT NOT NULL) STRICT;
      CREATE TRIGGER tallies_go AFTER UPDATE OF deleted_at ON messages BEGIN
        DELETE FROM tallies WHERE part = (old.seq - 1) / 1024;
      END;
    `);
  },
];
