/**
 * What is left of an app that is being deleted, and how its rows go. Knows all tables that lead to an app; knows nothing
 * of the objects and files, which go before their rows.
 */

import { userId } from "../core/ids.ts";
import type { AppErasure } from "../core/operators.ts";

const AT_ONCE = 100;

const BEGIN = "UPDATE apps SET deleted_at = ?2, key_hash = NULL, open = 0 WHERE id = ?1 AND deleted_at IS NULL";

/** Tables with rows of a user, in an order that their foreign keys allow. */
const OF_USER = ["tokens", "tenant_tokens", "credentials", "memberships"] as const;

const NAMED = "IN (SELECT value FROM json_each(?1))";

// A user or a chat that came to it meanwhile keeps the row: the caller goes through both again.
const FORGET_APP = `
  DELETE FROM apps WHERE id = ?1 AND deleted_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM users WHERE app_id = ?1) AND NOT EXISTS (SELECT 1 FROM chats WHERE app_id = ?1)`;

export function createAppErasure(db: D1Database): AppErasure {
  async function ids(table: "users" | "chats", app: number): Promise<number[]> {
    const sql = `SELECT id FROM ${table} WHERE app_id = ? LIMIT ${AT_ONCE}`;
    const { results } = await db.prepare(sql).bind(app).all<{ id: number }>();
    return results.map((row) => row.id);
  }

  return {
    async begin(app) {
      await db.prepare(BEGIN).bind(app, Date.now()).run();
    },
    chats: (app) => ids("chats", app),
    users: async (app) => (await ids("users", app)).map(userId),
    async forgetUsers(users) {
      const named = JSON.stringify(users);
      await db.batch([
        ...OF_USER.map((table) => db.prepare(`DELETE FROM ${table} WHERE user_id ${NAMED}`).bind(named)),
        db.prepare(`DELETE FROM users WHERE id ${NAMED}`).bind(named),
      ]);
    },
    async forgetApp(app) {
      await db.prepare(FORGET_APP).bind(app).run();
      return (await db.prepare("SELECT 1 AS n FROM apps WHERE id = ?").bind(app).first()) === null;
    },
  };
}
