/** The Lobby object: who is online in an app, and which Gateways pass on its news. Knows ids; knows no chat. */

import { DurableObject } from "cloudflare:workers";
import type { AppNews } from "../../core/events.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import { PRESENCE } from "../../core/limits.ts";
import type { Env } from "../../env.ts";
import { logFault } from "../../log.ts";
import type { LobbyCalls } from "../rpc.ts";
import { gatewayStub, inboxStub } from "../rpc.ts";
import { CLOSE } from "../sockets.ts";
import type { SchemaStep } from "../sql.ts";
import { migrate } from "../sql.ts";

const LOBBY_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    sql.exec(`
      CREATE TABLE present (user_id INTEGER PRIMARY KEY, verified_at INTEGER NOT NULL) STRICT;
      CREATE TABLE gateways (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    `);
  },
];

/** Entries older than this are asked for again when somebody wants to know: a crash may have left them behind. */
const TRUST_MS = 10 * PRESENCE.verifyMs;

export class Lobby extends DurableObject<Env> implements LobbyCalls {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    migrate(ctx.storage, LOBBY_SCHEMA);
  }

  async setOnline(user: UserId, on: boolean): Promise<void> {
    if (on) this.#sql.exec("INSERT OR REPLACE INTO present (user_id, verified_at) VALUES (?, ?)", user, Date.now());
    else this.#sql.exec("DELETE FROM present WHERE user_id = ?", user);
  }

  async online(users: readonly UserId[]): Promise<UserId[]> {
    const now = Date.now();
    const rows = this.#sql
      .exec<{ user_id: number; verified_at: number }>(
        "SELECT user_id, verified_at FROM present WHERE user_id IN (SELECT value FROM json_each(?))",
        JSON.stringify(users),
      )
      .toArray();
    const present = await Promise.all(
      rows.map(async (row) => {
        const user = row.user_id as UserId;
        if (now - row.verified_at < TRUST_MS) return user;
        const online = await inboxStub(this.env, user).online();
        await this.setOnline(user, online);
        return online ? user : undefined;
      }),
    );
    return present.filter((user) => user !== undefined);
  }

  async listen(gateway: string, on: boolean): Promise<void> {
    if (on) this.#sql.exec("INSERT OR IGNORE INTO gateways (name) VALUES (?)", gateway);
    else this.#sql.exec("DELETE FROM gateways WHERE name = ?", gateway);
  }

  async announce(app: AppId, news: AppNews): Promise<void> {
    const gateways = this.#sql.exec<{ name: string }>("SELECT name FROM gateways").toArray();
    await Promise.all(
      gateways.map(({ name }) =>
        gatewayStub(this.env, name)
          .news(app, news)
          .catch((fault: unknown) => logFault("news", fault, { gateway: name })),
      ),
    );
  }

  async closeApp(app: AppId): Promise<void> {
    const gateways = this.#sql.exec<{ name: string }>("SELECT name FROM gateways").toArray();
    await Promise.all(
      gateways.map(({ name }) => gatewayStub(this.env, name).closeApp(app, CLOSE.policy, "the app's key was changed")),
    );
  }
}
