/**
 * The rooms that belong to apps, by their names. Knows those rows of the tables `chats` and `memberships`; what becomes of
 * a room once it is made is `chats.ts`'s matter, as of any chat.
 */

import { conflict, notFound } from "../core/errors.ts";
import { appId, chatId } from "../core/ids.ts";
import { THE_APP } from "../core/people.ts";
import type { AppRoom, AppRooms } from "../core/ports.ts";
import { violates } from "./constraints.ts";

interface RoomRow {
  readonly id: number;
  readonly app_id: number;
  readonly name: string;
  /** JSON object. */
  readonly props: string;
  readonly created_at: number;
}

const COLUMNS = "id, app_id, name, props, created_at";

const BY_NAME = `SELECT ${COLUMNS} FROM chats WHERE app_id = ?1 AND name = ?2`;

const INSERT = `
  INSERT INTO chats (app_id, kind, title, name, created_by, props, created_at)
  VALUES (?1, 'room', ?2, ?2, ?3, ?4, ?5)
  RETURNING id`;

// Ids ascend, so in the transaction that inserted it the new room has the highest. Somebody who is no user of this app
// comes out of the LEFT JOIN as NULL, which the column refuses: then the whole batch is undone.
const INSERT_MEMBERS = `
  INSERT INTO memberships (chat_id, user_id, role, created_at, position)
  SELECT (SELECT max(id) FROM chats), users.id, 'member', ?3, one.key
    FROM json_each(?2) AS one
    LEFT JOIN users ON users.id = one.value AND users.app_id = ?1 AND users.deleted_at IS NULL`;

function toRoom(row: RoomRow): AppRoom {
  return {
    id: chatId(row.id),
    appId: appId(row.app_id),
    name: row.name,
    props: JSON.parse(row.props) as AppRoom["props"],
    createdAt: row.created_at,
  };
}

export function createRooms(db: D1Database): AppRooms {
  const find: AppRooms["find"] = async (app, name) => {
    const row = await db.prepare(BY_NAME).bind(app, name).first<RoomRow>();
    return row && toRoom(row);
  };

  return {
    find,

    async create({ appId: app, name, members, props }) {
      const taken = conflict("There is a room of this name.", "chat");
      // A refused insert uses up an id: a name that is known to be taken does not come to it.
      if ((await find(app, name)) !== null) throw taken;
      const now = Date.now();
      try {
        const [inserted] = await db.batch<{ id: number }>([
          db.prepare(INSERT).bind(app, name, THE_APP, JSON.stringify(props), now),
          db.prepare(INSERT_MEMBERS).bind(app, JSON.stringify([...new Set(members)]), now),
        ]);
        const row = inserted?.results[0];
        if (row === undefined) throw new Error("the insert of a room returned no row");
        return chatId(row.id);
      } catch (error) {
        if (violates(error, "chats.name")) throw taken;
        if (violates(error, "memberships.user_id")) throw notFound("user");
        throw error;
      }
    },

    async findById(app, id) {
      const row = await db
        .prepare(`SELECT ${COLUMNS} FROM chats WHERE id = ?1 AND app_id = ?2 AND name IS NOT NULL`)
        .bind(id, app)
        .first<RoomRow>();
      return row && toRoom(row);
    },

    async list(app) {
      const { results } = await db
        .prepare(`SELECT ${COLUMNS} FROM chats WHERE app_id = ?1 AND name IS NOT NULL ORDER BY id DESC`)
        .bind(app)
        .all<RoomRow>();
      return results.map(toRoom);
    },
  };
}
