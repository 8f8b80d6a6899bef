/** The tables of a Gateway, as steps. A step that has been released is never changed; the next one goes further. */

import type { SchemaStep } from "../sql.ts";

export const GATEWAY_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    sql.exec(`
      -- Connections that said who they are: what has a row here and no socket was lost in a crash.
      CREATE TABLE connections (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;

      -- Chats and people that a connection listens to, to be let go when it ends.
      CREATE TABLE follows (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        target INTEGER NOT NULL,
        PRIMARY KEY (connection, kind, target)
      ) STRICT, WITHOUT ROWID;

      -- Apps whose news this Gateway gets.
      CREATE TABLE apps (id INTEGER PRIMARY KEY) STRICT;
    `);
  },
  (sql) => {
    sql.exec(`
      -- What is kept of connections that are more than one socket each.
      CREATE TABLE carried (key TEXT PRIMARY KEY, attached TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `);
  },
  (sql) => {
    sql.exec(`
      -- Users and chats whose messages a connection hears that acts for an app.
      CREATE TABLE subscriptions (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        target INTEGER NOT NULL,
        PRIMARY KEY (connection, kind, target)
      ) STRICT, WITHOUT ROWID;

      -- The messages of each chat that it has been told: ranges of their numbers, as JSON.
      CREATE TABLE heard (
        connection TEXT NOT NULL,
        chat_id INTEGER NOT NULL,
        ranges TEXT NOT NULL,
        PRIMARY KEY (connection, chat_id)
      ) STRICT, WITHOUT ROWID;
    `);
  },
];
