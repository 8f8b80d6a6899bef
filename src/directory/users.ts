/**
 * The users of an app and their passwords' hashes. Knows the tables `users` and `credentials`; knows nothing of
 * what a name or a password must look like, nor of how a hash is made.
 */

import { conflict, notFound } from "../core/errors.ts";
import type { AppId, UserId } from "../core/ids.ts";
import { ghostOf } from "../core/people.ts";
import type { NewUser, User, UserPatch, Users } from "../core/ports.ts";
import { violates } from "./constraints.ts";
import { afterPrefix, nameKey } from "./keys.ts";
import type { UserRow } from "./user-row.ts";
import { givenName, toUser, USER_COLUMNS } from "./user-row.ts";

interface CredentialRow extends UserRow {
  readonly hash: string | null;
}

const INSERT = `
  INSERT INTO users (app_id, username, username_key, name, name_key, photo, email, email_key,
    first_name, last_name, middle_name, external_id, created_at, updated_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13
    FROM apps WHERE apps.id = ?1 AND apps.deleted_at IS NULL
  RETURNING ${USER_COLUMNS.replaceAll("users.", "")}`;

const INSERT_CREDENTIAL = `
  INSERT INTO credentials (user_id, hash, updated_at)
  SELECT id, ?1, ?2 FROM users WHERE app_id = ?3 AND username_key = ?4`;

// An account that is gone must not get a password again by a change that was on its way.
const SET_PASSWORD = `
  INSERT INTO credentials (user_id, hash, updated_at)
  SELECT id, ?2, ?3 FROM users WHERE id = ?1 AND deleted_at IS NULL
  ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, updated_at = excluded.updated_at`;

const BY_ID = `SELECT ${USER_COLUMNS} FROM users WHERE id = ?1 AND deleted_at IS NULL`;

const BY_ID_IN_APP = `${BY_ID} AND app_id = ?2`;

// The plus keeps the planner from going through all users of the app instead of the ids.
const MANY = `
  SELECT ${USER_COLUMNS} FROM users
  WHERE id IN (SELECT value FROM json_each(?1)) AND +app_id = ?2 AND deleted_at IS NULL`;

const BY_EXTERNAL_ID = `SELECT ${USER_COLUMNS} FROM users WHERE app_id = ?1 AND external_id = ?2`;

const BY_EXTERNAL_IDS = `
  SELECT ${USER_COLUMNS} FROM users WHERE app_id = ?1 AND external_id IN (SELECT value FROM json_each(?2))`;

const BY_USERNAME = `SELECT ${USER_COLUMNS} FROM users WHERE app_id = ?1 AND username_key = ?2`;

// One statement for both ways, so that its duration does not tell whether the username exists. An e-mail address is
// not verified and may stand with many accounts: the oldest has it, so that nobody takes it over by registering later.
const CREDENTIAL = `
  SELECT ${USER_COLUMNS}, credentials.hash AS hash, 0 AS rank
    FROM users LEFT JOIN credentials ON credentials.user_id = users.id
    WHERE users.app_id = ?1 AND users.username_key = ?2
  UNION ALL
  SELECT * FROM (
    SELECT ${USER_COLUMNS}, credentials.hash AS hash, 1 AS rank
      FROM users JOIN credentials ON credentials.user_id = users.id
      WHERE users.app_id = ?1 AND users.email_key = ?2
      ORDER BY users.id LIMIT 1
  )
  ORDER BY rank LIMIT 1`;

// Each field is set only where it was given, so that two changes at the same instant both last.
const UPDATE = `
  UPDATE users SET
    name = iif(?2, ?3, name), name_key = iif(?4, ?5, name_key), photo = iif(?6, ?7, photo),
    first_name = iif(?8, ?9, first_name), middle_name = iif(?10, ?11, middle_name), last_name = iif(?12, ?13, last_name),
    updated_at = ?14
  WHERE id = ?1 AND deleted_at IS NULL
  RETURNING ${USER_COLUMNS.replaceAll("users.", "")}`;

const ERASE = [
  `UPDATE users SET username = ?2, username_key = NULL, name = NULL, name_key = NULL, photo = NULL, email = NULL,
     email_key = NULL, first_name = NULL, last_name = NULL, middle_name = NULL, external_id = NULL,
     updated_at = ?3, deleted_at = ?3
   WHERE id = ?1 AND deleted_at IS NULL`,
  "DELETE FROM credentials WHERE user_id = ?1",
  "DELETE FROM tokens WHERE user_id = ?1",
  "DELETE FROM tenant_tokens WHERE user_id = ?1",
] as const;

const ALL = `
  SELECT ${USER_COLUMNS} FROM users
  WHERE app_id = ?1 AND username_key > ?2
  ORDER BY username_key LIMIT ?3`;

// Each half is one range of an index; the page is cut from both before any row is opened. INDEXED BY, because the
// planner would rather go through the app's users in order of their names, all of them where few match.
const SEARCH = `
  WITH found AS (
    SELECT id, username_key FROM users
      WHERE app_id = ?1 AND username_key >= max(?2, ?4) AND username_key < ?3 AND username_key <> ?4
    UNION
    SELECT id, username_key FROM users INDEXED BY users_by_name
      WHERE app_id = ?1 AND name_key >= ?2 AND name_key < ?3 AND username_key > ?4
    ORDER BY username_key LIMIT ?5
  )
  SELECT ${USER_COLUMNS} FROM found JOIN users ON users.id = found.id
  ORDER BY found.username_key`;

/** The key by which a user is found by name; null where only the username is shown, which has its own. */
function shownKey(names: Parameters<typeof givenName>[0]): string | null {
  const name = givenName(names);
  return name === null ? null : nameKey(name);
}

export function createUsers(db: D1Database): Users {
  async function byId(id: UserId): Promise<User | null> {
    const row = await db.prepare(BY_ID).bind(id).first<UserRow>();
    return row && toUser(row);
  }

  async function create(app: AppId, user: NewUser): Promise<User> {
    const now = Date.now();
    const key = nameKey(user.username);
    const email = user.email ?? null;
    const statements = [
      db
        .prepare(INSERT)
        .bind(
          app,
          user.username,
          key,
          user.name ?? null,
          shownKey(user),
          user.photo ?? null,
          email,
          email === null ? null : nameKey(email),
          user.firstName ?? null,
          user.lastName ?? null,
          user.middleName ?? null,
          user.externalId ?? null,
          now,
        ),
    ];
    if (user.passwordHash !== undefined) {
      statements.push(db.prepare(INSERT_CREDENTIAL).bind(user.passwordHash, now, app, key));
    }
    try {
      const [inserted] = await db.batch<UserRow>(statements);
      const row = inserted?.results[0];
      if (row === undefined) throw notFound("app");
      return toUser(row);
    } catch (error) {
      if (violates(error, "users.username_key")) throw conflict("This username is taken.", "username");
      if (violates(error, "users.external_id")) throw conflict("This external id belongs to another user.", "user");
      throw error;
    }
  }

  async function update(id: UserId, patch: UserPatch): Promise<User | null> {
    const { name, photo, firstName, middleName, lastName } = patch;
    if (Object.values(patch).every((value) => value === undefined)) return byId(id);
    // What is shown, and found, may be made of names that stay as they are.
    const isShown = name !== undefined || firstName !== undefined || lastName !== undefined;
    const before = isShown && !name ? await db.prepare(BY_ID).bind(id).first<UserRow>() : null;
    const key = shownKey({
      name: name === undefined ? before?.name : name,
      firstName: firstName === undefined ? before?.first_name : firstName,
      lastName: lastName === undefined ? before?.last_name : lastName,
    });
    const given = (value: string | null | undefined): [number, string | null] => [
      Number(value !== undefined),
      value ?? null,
    ];
    const row = await db
      .prepare(UPDATE)
      .bind(
        id,
        ...given(name),
        Number(isShown),
        key,
        ...given(photo),
        ...given(firstName),
        ...given(middleName),
        ...given(lastName),
        Date.now(),
      )
      .first<UserRow>();
    return row && toUser(row);
  }

  return {
    create,
    update,
    async find(app, id) {
      const row = await db.prepare(BY_ID_IN_APP).bind(id, app).first<UserRow>();
      return row && toUser(row);
    },
    async findMany(app, ids) {
      const { results } = await db.prepare(MANY).bind(JSON.stringify(ids), app).all<UserRow>();
      return results.map(toUser);
    },
    async findByUsername(app, username) {
      const row = await db.prepare(BY_USERNAME).bind(app, nameKey(username)).first<UserRow>();
      return row && toUser(row);
    },
    async findByExternalId(app, externalId) {
      const row = await db.prepare(BY_EXTERNAL_ID).bind(app, externalId).first<UserRow>();
      return row && toUser(row);
    },
    async findByExternalIds(app, ids) {
      const { results } = await db.prepare(BY_EXTERNAL_IDS).bind(app, JSON.stringify(ids)).all<UserRow>();
      return results.map(toUser);
    },
    findAnywhere: byId,
    async credential(app, login) {
      const row = await db.prepare(CREDENTIAL).bind(app, nameKey(login)).first<CredentialRow>();
      return row?.hash == null ? null : { user: toUser(row), hash: row.hash };
    },
    async setPassword(id, hash) {
      await db.prepare(SET_PASSWORD).bind(id, hash, Date.now()).run();
    },
    async erase(id) {
      const [forget, ...rest] = ERASE;
      const now = Date.now();
      await db.batch([
        db.prepare(forget).bind(id, ghostOf(id, now).username, now),
        ...rest.map((sql) => db.prepare(sql).bind(id)),
      ]);
    },
    async search(app, { query, after, limit }) {
      const prefix = nameKey(query);
      const from = after === null ? "" : nameKey(after);
      const statement =
        prefix === ""
          ? db.prepare(ALL).bind(app, from, limit)
          : db.prepare(SEARCH).bind(app, prefix, afterPrefix(prefix), from, limit);
      const { results } = await statement.all<UserRow>();
      return results.map(toUser);
    },
  };
}
