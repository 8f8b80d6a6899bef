-- The directory: who exists in which app, and which chats there are. Messages are not here: each chat keeps its own.
-- Times are milliseconds since 1970. Ids are never given twice, because tokens, links and old messages name them.
-- A foreign key stands only on a column that begins an index: without one each change of the table it points to
-- would have to look through all of this one.

CREATE TABLE operators (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL COLLATE NOCASE UNIQUE,
  password_hash TEXT NOT NULL,
  first_name TEXT,
  last_name TEXT,
  scopes TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(scopes)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE apps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- SHA-256 of the app's secret key
  key_hash TEXT UNIQUE,
  verify_url TEXT,
  jwks_url TEXT,
  open INTEGER NOT NULL DEFAULT 0 CHECK (open IN (0, 1)),
  settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
  owner INTEGER REFERENCES operators (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX apps_by_owner ON apps (owner) WHERE owner IS NOT NULL;

-- The keys are the names in normal form, made by the code. A user whose account is gone keeps the row and loses the
-- keys, so that no lookup by name meets it.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id INTEGER NOT NULL REFERENCES apps (id),
  username TEXT NOT NULL,
  username_key TEXT,
  name TEXT,
  name_key TEXT,
  photo TEXT,
  email TEXT,
  email_key TEXT,
  first_name TEXT,
  last_name TEXT,
  middle_name TEXT,
  external_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  CHECK ((username_key IS NULL) = (deleted_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX users_by_username ON users (app_id, username_key);
CREATE UNIQUE INDEX users_by_external_id ON users (app_id, external_id) WHERE external_id IS NOT NULL;
-- With the username's key, so that a search by name need not open the rows that are not on its page.
CREATE INDEX users_by_name ON users (app_id, name_key, username_key) WHERE name_key IS NOT NULL;
CREATE INDEX users_by_email ON users (app_id, email_key) WHERE email_key IS NOT NULL;

CREATE TABLE credentials (
  user_id INTEGER PRIMARY KEY REFERENCES users (id),
  hash TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  app_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_user ON tokens (user_id, expires_at);

CREATE TABLE chats (
  -- A message id is chat * 2^24 + seq and must stay a safe integer.
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id <= 536870910),
  app_id INTEGER NOT NULL REFERENCES apps (id),
  kind TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'room')),
  title TEXT,
  -- of a room, unique in its app
  name TEXT,
  -- of a direct chat: its two people, the lower id first
  pair TEXT,
  created_by INTEGER NOT NULL,
  props TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(props)),
  created_at INTEGER NOT NULL,
  -- when the chat's object took over; null while it has not
  opened_at INTEGER,
  CHECK ((pair IS NOT NULL) = (kind = 'direct'))
) STRICT;

-- Not partial, though only direct chats have a pair: it also finds all chats of an app.
CREATE UNIQUE INDEX chats_by_pair ON chats (app_id, pair);
CREATE UNIQUE INDEX chats_by_name ON chats (app_id, name) WHERE name IS NOT NULL;
CREATE INDEX chats_unopened ON chats (created_by, created_at) WHERE opened_at IS NULL;

CREATE TABLE memberships (
  chat_id INTEGER NOT NULL REFERENCES chats (id),
  user_id INTEGER NOT NULL REFERENCES users (id),
  role TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
  created_at INTEGER NOT NULL,
  -- ascending in the order of joining, with holes where people left
  position INTEGER NOT NULL,
  PRIMARY KEY (chat_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_user ON memberships (user_id);

-- chat_id has no foreign key, because these rows outlive their chat until the files are removed.
CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  app_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  chat_id INTEGER,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  mime TEXT NOT NULL,
  width INTEGER,
  height INTEGER,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_by_chat ON attachments (chat_id) WHERE chat_id IS NOT NULL;
CREATE INDEX attachments_orphaned ON attachments (user_id, created_at) WHERE chat_id IS NULL;

-- The default app: a random UUID (version 4) for every installation.
INSERT INTO apps (id, uuid, name, created_at)
VALUES (
  1,
  lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
  ),
  'default',
  CAST(unixepoch('subsec') * 1000 AS INTEGER)
);
