/**
 * The tokens that tenants registered for their users. Knows the table `tenant_tokens` and hashes; knows no token, nor how a
 * tenant is asked.
 */

import { randomUUID } from "node:crypto";
import { conflict, notFound } from "../core/errors.ts";
import type { TenantTokens } from "../core/operators.ts";
import { violates } from "./constraints.ts";
import type { UserRow } from "./user-row.ts";
import { toUser, USER_COLUMNS } from "./user-row.ts";

interface TokenRow extends UserRow {
  readonly read_before_send: number;
  readonly uuid: string;
  readonly verify_url: string | null;
  readonly jwks_url: string | null;
  readonly token_id: string;
  readonly verified_until: number;
}

// The same token again changes nothing. Another one takes its place, and notes that the old one's connections must be
// closed: if we are cut off before that is done, the next registration finds the note.
const REGISTER = `
  INSERT INTO tenant_tokens (user_id, app_id, hash, token_id, created_at)
  SELECT id, app_id, ?3, ?4, ?5 FROM users WHERE id = ?1 AND app_id = ?2 AND deleted_at IS NULL
  ON CONFLICT (user_id) DO UPDATE SET
    ending = json_insert(ending, '$[#]', token_id), hash = excluded.hash, token_id = excluded.token_id,
    verified_until = 0, created_at = excluded.created_at
  WHERE hash <> excluded.hash`;

const ENDING = "SELECT ending FROM tenant_tokens WHERE user_id = ?";

const ENDED = `
  UPDATE tenant_tokens SET ending = (
    SELECT json_group_array(value) FROM json_each(ending) WHERE value NOT IN (SELECT value FROM json_each(?2)))
  WHERE user_id = ?1`;

const FIND = `
  SELECT ${USER_COLUMNS}, coalesce(apps.settings ->> '$.read_before_send', 0) AS read_before_send,
    apps.uuid, apps.verify_url, apps.jwks_url, tenant_tokens.token_id, tenant_tokens.verified_until
  FROM tenant_tokens JOIN users ON users.id = tenant_tokens.user_id JOIN apps ON apps.id = users.app_id
  WHERE tenant_tokens.hash = ?1 AND users.deleted_at IS NULL AND apps.deleted_at IS NULL`;

const VERIFIED = `
  UPDATE tenant_tokens SET verified_until = ?3
  WHERE user_id = (SELECT users.id FROM tenant_tokens JOIN users ON users.id = tenant_tokens.user_id
    JOIN apps ON apps.id = users.app_id WHERE tenant_tokens.user_id = ?4 AND token_id = ?1 AND apps.verify_url = ?2)`;

export function createTenantTokens(db: D1Database): TenantTokens {
  return {
    async register({ appId: app, userId: user }, hash) {
      try {
        const [, ending] = await db.batch<{ ending: string }>([
          db.prepare(REGISTER).bind(user, app, hash, randomUUID(), Date.now()),
          db.prepare(ENDING).bind(user),
        ]);
        const row = ending?.results[0];
        if (row === undefined) throw notFound("user");
        return JSON.parse(row.ending) as string[];
      } catch (error) {
        if (violates(error, "tenant_tokens.hash")) throw conflict("This token is another user's.", "token");
        throw error;
      }
    },

    async ended(user, tokenIds) {
      await db.prepare(ENDED).bind(user, JSON.stringify(tokenIds)).run();
    },

    async find(hash) {
      const { results } = await db.prepare(FIND).bind(hash).all<TokenRow>();
      return results.map((row) => ({
        user: { ...toUser(row), readBeforeSend: row.read_before_send === 1 },
        app: { uuid: row.uuid, verifyUrl: row.verify_url, jwksUrl: row.jwks_url },
        tokenId: row.token_id,
        verifiedUntil: row.verified_until,
      }));
    },

    async verified({ user, tokenId }, verifyUrl, until) {
      await db.prepare(VERIFIED).bind(tokenId, verifyUrl, until, user.id).run();
    },
  };
}
