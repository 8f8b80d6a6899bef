/**
 * The chats that there are and who is in them, as far as the directory follows. Knows the tables `chats` and
 * `memberships`; knows nothing of messages, nor of who may change a chat.
 */

import type { ChatKind } from "../core/chat.ts";
import { pairKey } from "../core/chat.ts";
import { notFound } from "../core/errors.ts";
import type { AppId, ChatId, UserId } from "../core/ids.ts";
import { appId, chatId, userId } from "../core/ids.ts";
import type { Role } from "../core/people.ts";
import { THE_APP } from "../core/people.ts";
import type { ChatDirectory, ChatRecord, NewChat } from "../core/ports.ts";
import { violates } from "./constraints.ts";
import type { UserRow } from "./user-row.ts";
import { toPerson, USER_COLUMNS } from "./user-row.ts";

interface IdRow {
  readonly id: number;
}

interface ChatRow extends IdRow {
  readonly app_id: number;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly name: string | null;
  readonly created_by: number;
  readonly created_at: number;
  /** JSON object. */
  readonly props: string;
}

interface MemberRow extends UserRow {
  readonly role: Role;
}

const BY_PAIR = "SELECT id FROM chats WHERE app_id = ?1 AND pair = ?2";

// WHERE NOT EXISTS and no ON CONFLICT DO NOTHING: a refused insert uses up an id. A batch is one transaction and the
// database runs one at a time, so nobody can come between the look and the insert.
const INSERT_DIRECT = `
  INSERT INTO chats (app_id, kind, pair, created_by, created_at)
  SELECT ?1, 'direct', ?2, ?3, ?4 WHERE NOT EXISTS (${BY_PAIR})
  RETURNING id`;

// Somebody who is no user of this app comes out of the LEFT JOIN as NULL, which the column refuses: then the whole
// batch is undone, and there is no chat.
const INSERT_PAIR = `
  INSERT INTO memberships (chat_id, user_id, role, created_at, position)
  SELECT chats.id, users.id, 'member', ?3, one.key
    FROM chats JOIN json_each(?4) AS one
    LEFT JOIN users ON users.id = one.value AND users.app_id = ?1 AND users.deleted_at IS NULL
    WHERE chats.app_id = ?1 AND chats.pair = ?2
      AND NOT EXISTS (SELECT 1 FROM memberships WHERE memberships.chat_id = chats.id)`;

const INSERT = `
  INSERT INTO chats (app_id, kind, title, created_by, props, created_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  RETURNING id`;

// Ids ascend, so in the transaction that inserted it the new chat has the highest.
const INSERT_MEMBERS = `
  INSERT INTO memberships (chat_id, user_id, role, created_at, position)
  SELECT (SELECT max(id) FROM chats), users.id, iif(one.key = 0, 'owner', 'member'), ?3, one.key
    FROM json_each(?2) AS one
    LEFT JOIN users ON users.id = one.value AND users.app_id = ?1 AND users.deleted_at IS NULL`;

const LOAD = "SELECT id, app_id, kind, title, name, created_by, created_at, props FROM chats WHERE id = ?1";

const LOAD_MEMBERS = `
  SELECT ${USER_COLUMNS}, memberships.role AS role
    FROM memberships JOIN users ON users.id = memberships.user_id
    WHERE memberships.chat_id = ?1
    ORDER BY memberships.position`;

const MEMBERS_OF = `
  SELECT chat_id, user_id FROM memberships
    WHERE chat_id IN (SELECT value FROM json_each(?1))
    ORDER BY chat_id, position`;

// The chat's object tells what has happened, perhaps late: a chat that is erased by now stays so, and nobody of
// another app gets in. The plus keeps the planner from going through all users of the app.
const SET_MEMBERS = `
  INSERT INTO memberships (chat_id, user_id, role, created_at, position)
  SELECT chats.id, users.id, one.value ->> 'role', ?3, one.key + 1 + coalesce(
      (SELECT max(memberships.position) FROM memberships WHERE memberships.chat_id = ?1), -1)
    FROM chats JOIN json_each(?2) AS one
    JOIN users ON users.id = one.value ->> 'user' AND +users.app_id = chats.app_id
    WHERE chats.id = ?1
  ON CONFLICT (chat_id, user_id) DO UPDATE SET role = excluded.role`;

const REMOVE_MEMBERS = `
  DELETE FROM memberships WHERE chat_id = ?1 AND user_id IN (SELECT value FROM json_each(?2))`;

const UNOPENED = `
  SELECT id FROM chats WHERE created_by = ?1 AND opened_at IS NULL AND created_at < ?2 ORDER BY created_at`;

function toRecord(row: ChatRow, members: readonly MemberRow[]): ChatRecord {
  return {
    id: chatId(row.id),
    appId: appId(row.app_id),
    kind: row.kind,
    title: row.title,
    name: row.name,
    createdBy: row.created_by === THE_APP ? THE_APP : userId(row.created_by),
    createdAt: row.created_at,
    props: JSON.parse(row.props) as ChatRecord["props"],
    members: members.map((member) => ({ user: toPerson(member), role: member.role })),
  };
}

export function createChats(db: D1Database): ChatDirectory {
  /**
   * Runs the batch that makes a chat.
   * @throws not_found where one of its members is no user of its app
   */
  async function make(statements: D1PreparedStatement[]): Promise<D1Result<IdRow>[]> {
    try {
      return await db.batch<IdRow>(statements);
    } catch (error) {
      if (violates(error, "memberships.user_id")) throw notFound("user");
      throw error;
    }
  }

  async function findDirect(app: AppId, a: UserId, b: UserId): Promise<ChatId | null> {
    const row = await db.prepare(BY_PAIR).bind(app, pairKey(a, b)).first<IdRow>();
    return row && chatId(row.id);
  }

  async function direct(app: AppId, by: UserId, other: UserId): Promise<{ id: ChatId; created: boolean }> {
    const existing = await findDirect(app, by, other);
    if (existing !== null) return { id: existing, created: false };
    const pair = pairKey(by, other);
    const members = JSON.stringify([...new Set([by, other])]);
    const now = Date.now();
    const [inserted, , found] = await make([
      db.prepare(INSERT_DIRECT).bind(app, pair, by, now),
      db.prepare(INSERT_PAIR).bind(app, pair, now, members),
      db.prepare(BY_PAIR).bind(app, pair),
    ]);
    const row = found?.results[0];
    if (row === undefined) throw new Error("a direct chat was made and is not there");
    return { id: chatId(row.id), created: inserted?.results.length === 1 };
  }

  async function create({ appId: app, kind, title, createdBy, members, props }: NewChat): Promise<ChatId> {
    const now = Date.now();
    const ids = JSON.stringify([...new Set([createdBy, ...members])]);
    const [inserted] = await make([
      db.prepare(INSERT).bind(app, kind, title, createdBy, JSON.stringify(props ?? {}), now),
      db.prepare(INSERT_MEMBERS).bind(app, ids, now),
    ]);
    const row = inserted?.results[0];
    if (row === undefined) throw new Error("the insert of a chat returned no row");
    return chatId(row.id);
  }

  return {
    direct,
    findDirect,
    /** @throws not_found where a member is no user of the chat's app; then nothing is made */
    create,
    async load(id) {
      const [chats, members] = await db.batch([db.prepare(LOAD).bind(id), db.prepare(LOAD_MEMBERS).bind(id)]);
      const row = (chats as D1Result<ChatRow>).results[0];
      return row === undefined ? null : toRecord(row, (members as D1Result<MemberRow>).results);
    },
    async membersOf(ids) {
      const members = new Map<ChatId, UserId[]>(ids.map((id) => [id, []]));
      const { results } = await db
        .prepare(MEMBERS_OF)
        .bind(JSON.stringify(ids))
        .all<{ chat_id: number; user_id: number }>();
      for (const row of results) members.get(chatId(row.chat_id))?.push(userId(row.user_id));
      return members;
    },
    async opened(id) {
      await db
        .prepare("UPDATE chats SET opened_at = ?2 WHERE id = ?1 AND opened_at IS NULL")
        .bind(id, Date.now())
        .run();
    },
    async unopened(user, before) {
      const { results } = await db.prepare(UNOPENED).bind(user, before).all<IdRow>();
      return results.map((row) => chatId(row.id));
    },
    async rename(id, title) {
      await db.prepare("UPDATE chats SET title = ?2 WHERE id = ?1").bind(id, title).run();
    },
    async setMembers(id, members) {
      await db.prepare(SET_MEMBERS).bind(id, JSON.stringify(members), Date.now()).run();
    },
    async removeMembers(id, users) {
      await db.prepare(REMOVE_MEMBERS).bind(id, JSON.stringify(users)).run();
    },
    async erase(id) {
      await db.batch([
        db.prepare("DELETE FROM memberships WHERE chat_id = ?").bind(id),
        db.prepare("DELETE FROM chats WHERE id = ?").bind(id),
      ]);
    },
  };
}
