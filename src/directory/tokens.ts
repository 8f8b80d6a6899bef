/**
 * Which user tokens still stand. Knows the table `tokens`; knows nothing of how a token looks or is signed.
 */

import { authInvalid } from "../core/errors.ts";
import type { Tokens } from "../core/ports.ts";
import type { UserRow } from "./user-row.ts";
import { toUser, USER_COLUMNS } from "./user-row.ts";

// Only for an account that stands, of the app that the token names: it may have gone while its password was checked.
const INSERT = `
  INSERT INTO tokens (id, user_id, app_id, created_at, expires_at)
  SELECT ?1, id, app_id, ?4, ?5 FROM users WHERE id = ?2 AND app_id = ?3 AND deleted_at IS NULL`;

const FORGET_EXPIRED = "DELETE FROM tokens WHERE user_id = ?1 AND expires_at <= ?2";

const USER = `
  SELECT ${USER_COLUMNS}, coalesce(apps.settings ->> '$.read_before_send', 0) AS read_before_send
  FROM tokens JOIN users ON users.id = tokens.user_id JOIN apps ON apps.id = tokens.app_id
  WHERE tokens.id = ?1 AND tokens.expires_at > ?2 AND users.app_id = tokens.app_id AND users.deleted_at IS NULL
    AND apps.deleted_at IS NULL`;

interface TokenUserRow extends UserRow {
  readonly read_before_send: number;
}

export function createTokens(db: D1Database): Tokens {
  return {
    /** Also forgets the user's expired ones, so that nothing else has to. @throws auth.invalid where the account is gone */
    async add({ tokenId, userId, appId, expiresAt }) {
      const now = Date.now();
      const [, inserted] = await db.batch([
        db.prepare(FORGET_EXPIRED).bind(userId, now),
        db.prepare(INSERT).bind(tokenId, userId, appId, now, expiresAt),
      ]);
      if (inserted?.meta.changes === 0) throw authInvalid("This account is gone.");
    },
    async user(tokenId) {
      const row = await db.prepare(USER).bind(tokenId, Date.now()).first<TokenUserRow>();
      return row && { ...toUser(row), readBeforeSend: row.read_before_send === 1 };
    },
    async end(tokenId) {
      await db.prepare("DELETE FROM tokens WHERE id = ?").bind(tokenId).run();
    },
    async endAll(user) {
      const { results } = await db
        .prepare("DELETE FROM tokens WHERE user_id = ? RETURNING id, expires_at")
        .bind(user)
        .all<{ id: string; expires_at: number }>();
      return results.map(({ id, expires_at }) => ({ tokenId: id, expiresAt: expires_at }));
    },
  };
}
