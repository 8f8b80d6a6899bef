/**
 * What was uploaded, by whom, and where it was sent to. Knows the table `attachments`; knows nothing of the bytes.
 */

import type { ChatId } from "../core/ids.ts";
import { appId, chatId, userId } from "../core/ids.ts";
import type { AttachmentDirectory, AttachmentRecord } from "../core/ports.ts";

interface AttachmentRow {
  readonly id: string;
  readonly app_id: number;
  readonly user_id: number;
  readonly chat_id: number | null;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly created_at: number;
}

const COLUMNS = "id, app_id, user_id, chat_id, name, size, mime, width, height, created_at";

/** Rows of one answer of `orphans` and `ofChat`. */
const AT_ONCE = 500;

// An app that was deleted while the bytes were on their way gets no row; its files are looked at once more.
const INSERT = `
  INSERT INTO attachments (${COLUMNS})
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?3)`;

const BY_ID = `SELECT ${COLUMNS} FROM attachments WHERE id = ?`;

const MANY = `SELECT ${COLUMNS} FROM attachments WHERE id IN (SELECT value FROM json_each(?))`;

// What is held for a chat and never sent is free for that chat alone, and cleared up with the other orphans.
const FREE = `
  FROM attachments WHERE id IN (SELECT value FROM json_each(?1)) AND user_id = ?2
    AND chat_id IS NULL AND (held_for IS NULL OR held_for = ?3)`;

const FREE_ONES = `SELECT ${COLUMNS} ${FREE}`;

const HOLD = `
  UPDATE attachments SET held_for = ?3
  WHERE id IN (SELECT value FROM json_each(?1)) AND held_for IS NULL AND (SELECT count(*) ${FREE}) = json_array_length(?1)`;

// A chat that is erased by now gets none: what it would have got stays an orphan, and is cleared up as one.
const CLAIM = `
  UPDATE attachments SET chat_id = ?2
  WHERE id IN (SELECT value FROM json_each(?1)) AND chat_id IS NULL
    AND app_id = (SELECT chats.app_id FROM chats WHERE chats.id = ?2)`;

const ORPHANS = `
  SELECT ${COLUMNS} FROM attachments
  WHERE user_id = ?1 AND chat_id IS NULL AND created_at < ?2
  ORDER BY created_at LIMIT ${AT_ONCE}`;

const OF_CHAT = `SELECT ${COLUMNS} FROM attachments WHERE chat_id = ? LIMIT ${AT_ONCE}`;

const FORGET = "DELETE FROM attachments WHERE id IN (SELECT value FROM json_each(?))";

function toRecord(row: AttachmentRow): AttachmentRecord {
  return {
    id: row.id,
    appId: appId(row.app_id),
    userId: userId(row.user_id),
    chatId: row.chat_id === null ? null : chatId(row.chat_id),
    name: row.name,
    size: row.size,
    mime: row.mime,
    width: row.width,
    height: row.height,
    createdAt: row.created_at,
  };
}

export function createAttachments(db: D1Database): AttachmentDirectory {
  async function all(sql: string, ...values: (string | number)[]): Promise<AttachmentRecord[]> {
    const { results } = await db
      .prepare(sql)
      .bind(...values)
      .all<AttachmentRow>();
    return results.map(toRecord);
  }

  return {
    async add({ id, appId: app, userId: user, chatId: chat, name, size, mime, width, height, createdAt }) {
      await db.prepare(INSERT).bind(id, app, user, chat, name, size, mime, width, height, createdAt).run();
    },
    async find(id) {
      const row = await db.prepare(BY_ID).bind(id).first<AttachmentRow>();
      return row && toRecord(row);
    },
    findMany: (ids) => all(MANY, JSON.stringify(ids)),
    async hold(ids, user, chat) {
      const given = [JSON.stringify(ids), user, chat];
      const [found] = await db.batch<AttachmentRow>([FREE_ONES, HOLD].map((sql) => db.prepare(sql).bind(...given)));
      return (found?.results ?? []).map(toRecord);
    },
    async claim(ids: readonly string[], chat: ChatId) {
      await db.prepare(CLAIM).bind(JSON.stringify(ids), chat).run();
    },
    orphans: (user, before) => all(ORPHANS, user, before),
    ofChat: (chat) => all(OF_CHAT, chat),
    async forget(ids) {
      await db.prepare(FORGET).bind(JSON.stringify(ids)).run();
    },
  };
}
