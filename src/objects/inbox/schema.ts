/** The tables of an Inbox, as steps. A step that has been released is never changed; the next one goes further. */

import type { SchemaStep } from "../sql.ts";

export const INBOX_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    // No index on `activity`: a list of a thousand chats is sorted in a millisecond, and each message would pay for the index.
    sql.exec(`
      CREATE TABLE chats (
        chat_id INTEGER PRIMARY KEY,
        clock INTEGER NOT NULL,
        activity INTEGER NOT NULL,
        unread INTEGER NOT NULL,
        kind TEXT NOT NULL,
        large INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;

      CREATE TABLE connections (
        id TEXT PRIMARY KEY,
        token_id TEXT,
        expires_at INTEGER NOT NULL,
        grace_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE watchers (connection TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

      -- Tokens that were ended before they expired: a connection that was being opened meanwhile must not stand.
      CREATE TABLE ended (token_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    `);
  },
  (sql) => {
    // Chats that the user has left: old messages there still bear their name.
    sql.exec("CREATE TABLE left_chats (chat_id INTEGER PRIMARY KEY) STRICT");
  },
  (sql) => {
    // The clock at which the user was no longer in the chat: what comes late from before it does not bring the chat back.
    sql.exec("ALTER TABLE left_chats ADD COLUMN clock INTEGER NOT NULL DEFAULT 0");
  },
  (sql) => {
    // Connections that act for the app and hear the messages of this user's chats.
    sql.exec("CREATE TABLE subscribers (connection TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID");
  },
];
