/**
 * The apps as operators make, change and count them. Knows the table `apps`; knows nothing of who may do so.
 */

import type { AppId } from "../core/ids.ts";
import { appId, chatId } from "../core/ids.ts";
import type { AppPatch, AppRecord, AppRecords, NewApp } from "../core/operators.ts";
import { DEFAULT_APP } from "./apps.ts";

interface AppRecordRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly verify_url: string | null;
  readonly jwks_url: string | null;
  readonly open: number;
  readonly read_before_send: number;
  readonly retention_days: number | null;
  readonly has_key: number;
  readonly owner: number | null;
  readonly created_at: number;
}

const COLUMNS = `id, uuid, name, verify_url, jwks_url, open, coalesce(settings ->> '$.read_before_send', 0) AS read_before_send,
  settings ->> '$.retention_days' AS retention_days, key_hash IS NOT NULL AS has_key, owner, created_at`;

const STANDING = `SELECT ${COLUMNS} FROM apps WHERE deleted_at IS NULL`;

const INSERT = `
  INSERT INTO apps (uuid, name, key_hash, verify_url, jwks_url, owner, created_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  RETURNING ${COLUMNS}`;

// Each field is set only where it was given, so that two changes at the same instant both last.
const UPDATE = `
  UPDATE apps SET
    name = coalesce(?2, name), verify_url = iif(?3, ?4, verify_url), jwks_url = iif(?5, ?6, jwks_url),
    open = coalesce(?7, open),
    settings = json_patch(json_patch(settings, iif(?8 IS NULL, '{}', json_object('read_before_send', ?8))),
      iif(?9, json_object('retention_days', ?10), '{}'))
  WHERE id = ?1 AND deleted_at IS NULL
  RETURNING ${COLUMNS}`;

// Another URL has not said anything yet.
const FORGET_VERIFIED = `
  UPDATE tenant_tokens SET verified_until = 0
  WHERE verified_until <> 0 AND user_id IN (SELECT id FROM users WHERE app_id = ?1)`;

const COUNTS = `
  SELECT (SELECT count(*) FROM users WHERE app_id = ?1 AND username_key IS NOT NULL) AS users,
    (SELECT count(*) FROM chats WHERE app_id = ?1) AS chats`;

const CHATS_AFTER = "SELECT id FROM chats WHERE app_id = ? AND id > ? ORDER BY id LIMIT ?";

const flag = (value: boolean | undefined): number | null => (value === undefined ? null : Number(value));

/** @param defaultOpen makes the default app open, whatever its row says */
export function createAppRecords(db: D1Database, defaultOpen: boolean): AppRecords {
  const toRecord = (row: AppRecordRow): AppRecord => ({
    id: appId(row.id),
    uuid: row.uuid,
    name: row.name,
    verifyUrl: row.verify_url,
    jwksUrl: row.jwks_url,
    open: row.open === 1 || (defaultOpen && row.id === DEFAULT_APP),
    readBeforeSend: row.read_before_send === 1,
    retentionDays: row.retention_days,
    hasKey: row.has_key === 1,
    owner: row.owner,
    createdAt: row.created_at,
  });

  return {
    async create({ uuid, name, keyHash, verifyUrl, jwksUrl, owner }: NewApp) {
      const values = [uuid, name, keyHash, verifyUrl, jwksUrl, owner, Date.now()];
      const row = await db
        .prepare(INSERT)
        .bind(...values)
        .first<AppRecordRow>();
      if (row === null) throw new Error("the insert of an app returned no row");
      return toRecord(row);
    },

    async find(app) {
      const column = typeof app === "number" ? "id" : "uuid";
      const value = typeof app === "number" ? app : app.toLowerCase();
      const row = await db.prepare(`${STANDING} AND ${column} = ?`).bind(value).first<AppRecordRow>();
      return row && toRecord(row);
    },

    async chatsAfter(app, after, limit) {
      const { results } = await db.prepare(CHATS_AFTER).bind(app, after, limit).all<{ id: number }>();
      return results.map((row) => chatId(row.id));
    },

    async list(owner, unowned) {
      const theirs = owner === null ? "" : unowned ? "AND (owner = ?1 OR owner IS NULL)" : "AND owner = ?1";
      const statement = db.prepare(`${STANDING} ${theirs} ORDER BY id`);
      const { results } = await (owner === null ? statement : statement.bind(owner)).all<AppRecordRow>();
      return results.map(toRecord);
    },

    async update(app: AppId, { name, verifyUrl, jwksUrl, open, readBeforeSend, retentionDays }: AppPatch) {
      const [verified, signed] = [verifyUrl !== undefined, jwksUrl !== undefined].map(Number);
      const values = [
        name ?? null,
        verified,
        verifyUrl ?? null,
        signed,
        jwksUrl ?? null,
        flag(open),
        flag(readBeforeSend),
        Number(retentionDays !== undefined),
        retentionDays ?? null,
      ];
      const [updated] = await db.batch<AppRecordRow>([
        db.prepare(UPDATE).bind(app, ...values),
        ...(verifyUrl === undefined ? [] : [db.prepare(FORGET_VERIFIED).bind(app)]),
      ]);
      const row = updated?.results[0];
      return row === undefined ? null : toRecord(row);
    },

    async setKey(app, keyHash) {
      const { meta } = await db
        .prepare("UPDATE apps SET key_hash = ?2 WHERE id = ?1 AND deleted_at IS NULL")
        .bind(app, keyHash)
        .run();
      return meta.changes > 0;
    },

    async counts(app) {
      const row = await db.prepare(COUNTS).bind(app).first<{ users: number; chats: number }>();
      return row ?? { users: 0, chats: 0 };
    },
  };
}
