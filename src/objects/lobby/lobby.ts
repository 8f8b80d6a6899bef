/**
 * The Lobby object: who is online in an app, and which Gateways pass on its news; it has old messages deleted where the app
 * wants that, and at the app's end all. It adds up what is counted of the app.
 * Knows ids; knows nothing of what happens in a chat.
 */

import type { AppNews } from "../../core/events.ts";
import type { Figure } from "../../core/figures.ts";
import { unwrap } from "../../core/errors.ts";
import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { appId } from "../../core/ids.ts";
import { leasesLapse } from "../../core/leases.ts";
import { PRESENCE, SWEEP } from "../../core/limits.ts";
import type { OperatorDirectory } from "../../core/operators.ts";
import type { Files } from "../../core/ports.ts";
import type { Env } from "../../env.ts";
import { log, logFault } from "../../log.ts";
import { CalledObject } from "../called-object.ts";
import type { Handed } from "../figures.ts";
import { inBatches } from "../in-batches.ts";
import type { LobbyCalls } from "../rpc.ts";
import { chatStub, gatewayStub, inboxStub } from "../rpc.ts";
import { CLOSE } from "../sockets.ts";
import type { SchemaStep } from "../sql.ts";
import { Meta, isEmpty, migrate, stored } from "../sql.ts";
import { eraseSomeOfApp } from "./app-erasure.ts";
import { AppFigures, FIGURES_SCHEMA } from "./figures.ts";
import { Retention } from "./retention.ts";

const LOBBY_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    sql.exec(`
      CREATE TABLE present (user_id INTEGER PRIMARY KEY, verified_at INTEGER NOT NULL) STRICT;
      CREATE TABLE gateways (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    `);
  },
  ...FIGURES_SCHEMA,
];

/** Entries older than this are asked for again when somebody wants to know: a crash may have left them behind. */
const TRUST_MS = 10 * PRESENCE.verifyMs;

/** Named values: the app that is being deleted, and, once all is gone, when its files are looked at for the last time. */
const ERASING = "erasing";
const LAST_LOOK = "last_look";
/** JSON array: chats of the app whose erasing was begun. */
const BEGUN = "begun";
const RETRY_MS = 5_000;
/** How many pieces of an app are erased in one run. */
const PIECES = 5;

export interface LobbyPorts {
  readonly directory: Pick<OperatorDirectory, "appErasure" | "appRecords">;
  readonly files: Files;
}

export function createLobbyObject(portsOf: (env: Env) => LobbyPorts) {
  return class Lobby extends CalledObject implements LobbyCalls {
    readonly #sql: SqlStorage;
    readonly #ports: LobbyPorts;
    readonly #retention: Retention;
    readonly #figures: AppFigures;
    #erasing: Promise<void> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#sql = ctx.storage.sql;
      this.#ports = portsOf(env);
      migrate(ctx.storage, LOBBY_SCHEMA);
      this.#figures = new AppFigures(this.#sql, (work) => ctx.waitUntil(work));
      this.#retention = new Retention(this.#sql, {
        daysOf: async (app) => (await this.#ports.directory.appRecords.find(app))?.retentionDays ?? null,
        chatsAfter: (app, after, limit) => this.#ports.directory.appRecords.chatsAfter(app, after, limit),
        expire: async (chat, before) => {
          const expired = await chatStub(env, chat).expire(before);
          // It is gone meanwhile.
          if (!expired.ok && expired.failure.code === "not_found") return false;
          return unwrap(expired);
        },
        failed: (chat, fault) => logFault("retention", fault, { chat }),
      });
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

    async allOnline(): Promise<UserId[]> {
      const present = this.#sql.exec<{ user_id: number }>("SELECT user_id FROM present").toArray();
      return this.online(present.map((row) => row.user_id as UserId));
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
        gateways.map(({ name }) =>
          gatewayStub(this.env, name).closeApp(app, CLOSE.policy, "the app's key was changed"),
        ),
      );
    }

    // ---- what is counted --------------------------------------------------------------------------------------

    async count(place: string, handed: Handed): Promise<void> {
      if (!this.#isEnding()) this.#figures.add(place, handed);
    }

    async figures(): Promise<readonly Figure[]> {
      return this.#isEnding() ? [] : this.#figures.read();
    }

    /** The app is being deleted, or is gone. */
    #isEnding(): boolean {
      return isEmpty(this.#sql) || new Meta(this.#sql).get(ERASING) !== undefined;
    }

    // ---- what the app does not keep ---------------------------------------------------------------------------

    async retain(app: AppId): Promise<void> {
      if (new Meta(this.#sql).get(ERASING) !== undefined) return;
      this.#retention.begin(app, Date.now());
      await this.ctx.storage.setAlarm(Date.now());
    }

    async #retain(): Promise<void> {
      // The app's end may just have taken all that was stored here.
      if (isEmpty(this.#sql)) return;
      let waitMs = 0;
      try {
        await this.#retention.run(Date.now());
      } catch (fault) {
        logFault("retention", fault);
        waitMs = RETRY_MS;
      }
      // None where the app keeps its messages, or where it ends: then the alarm is the erasure's.
      const due = this.#retention.due();
      if (due !== undefined) await this.ctx.storage.setAlarm(Math.max(due, Date.now() + waitMs));
    }

    // ---- the end of the app -----------------------------------------------------------------------------------

    async eraseApp(app: AppId): Promise<void> {
      // Noted before anything else, with the alarm: whatever cuts this off, the app is deleted.
      new Meta(this.#sql).set(ERASING, String(app));
      this.#retention.end();
      this.#figures.drop();
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
      await this.#ports.directory.appErasure.begin(app);
      await this.#closeAll(app);
      // Nothing that its users still do comes in between.
      this.ctx.waitUntil(leasesLapse().then(() => this.#erase()));
    }

    /** Whoever is online has every connection listed in their Inbox. */
    async #closeAll(app: AppId): Promise<void> {
      await this.closeApp(app);
      const present = this.#sql.exec<{ user_id: number }>("SELECT user_id FROM present").toArray();
      await inBatches(present, (row) => inboxStub(this.env, row.user_id as UserId).endSessions(null, 0));
    }

    #erase(): Promise<void> {
      this.#erasing ??= this.#eraseNow().finally(() => {
        this.#erasing = undefined;
      });
      return this.#erasing;
    }

    async #eraseNow(): Promise<void> {
      const meta = new Meta(this.#sql);
      const erasing = meta.get(ERASING);
      if (erasing === undefined) return;
      const app = appId(Number(erasing));
      const { directory, files } = this.#ports;
      try {
        await directory.appErasure.begin(app);
        await this.closeApp(app);
        for (let piece = 0; piece < PIECES; piece++) {
          const isGone = await eraseSomeOfApp(app, {
            directory: directory.appErasure,
            begun: {
              get: () => stored<ChatId[]>(meta.get(BEGUN) ?? "[]"),
              set: (chats) => meta.set(BEGUN, JSON.stringify(chats)),
            },
            eraseChat: async (chat) => {
              const erased = await chatStub(this.env, chat).eraseWithApp();
              if (!erased.ok && erased.failure.code !== "not_found") unwrap(erased);
            },
            eraseInbox: (user) => inboxStub(this.env, user).eraseWithApp(),
            removeFiles: (of) => files.removeSome(of),
          });
          if (isGone) return await this.#gone(app);
        }
        await this.ctx.storage.setAlarm(Date.now());
      } catch (fault) {
        logFault("erase", fault, { app });
        await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
      }
    }

    /** An upload that was under way may still come: the files are looked at once more, later. */
    async #gone(app: AppId): Promise<void> {
      const meta = new Meta(this.#sql);
      const due = Number(meta.get(LAST_LOOK) ?? Date.now() + SWEEP.orphanMs);
      if (due <= Date.now()) {
        await this.ctx.storage.deleteAll();
        return;
      }
      if (meta.get(LAST_LOOK) === undefined) log("app.erased", { app });
      this.#sql.exec("DELETE FROM present");
      this.#sql.exec("DELETE FROM gateways");
      meta.set(LAST_LOOK, String(due));
      await this.ctx.storage.setAlarm(due);
    }

    override async alarm(): Promise<void> {
      await this.#erasing;
      await this.#erase();
      await this.#retain();
    }
  };
}
