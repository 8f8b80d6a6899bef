-- What operators and tenants add: the end of an app, operators that the environment names, and the tokens that tenants
-- issue to their users.

-- When the app began to be deleted; from then on nothing finds it, and its rows go bit by bit.
ALTER TABLE apps ADD COLUMN deleted_at INTEGER;

-- 1: there for as long as OPERATOR_EMAIL names them; their password is OPERATOR_PASSWORD, and none stands here.
ALTER TABLE operators ADD COLUMN of_environment INTEGER NOT NULL DEFAULT 0 CHECK (of_environment IN (0, 1));

-- One token for each user, as SHA-256 in lower-case hex. Two apps may issue the same token, one app may not issue it twice.
CREATE TABLE tenant_tokens (
  user_id INTEGER PRIMARY KEY REFERENCES users (id),
  app_id INTEGER NOT NULL,
  hash TEXT NOT NULL,
  -- what sessions that it opened bear; another one for each token
  token_id TEXT NOT NULL,
  -- until when the tenant's URL need not be asked again
  verified_until INTEGER NOT NULL DEFAULT 0,
  -- JSON array: the ids of replaced tokens whose connections have yet to be closed
  ending TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(ending)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX tenant_tokens_by_hash ON tenant_tokens (hash, app_id);
