/**
 * How a user stands in a row, for every query that answers with users. Knows columns and the domain's shapes;
 * holds no statement.
 */

import { appId, userId } from "../core/ids.ts";
import type { Person } from "../core/people.ts";
import { ghostOf } from "../core/people.ts";
import type { User } from "../core/ports.ts";

export interface UserRow {
  readonly id: number;
  readonly app_id: number;
  readonly username: string;
  readonly name: string | null;
  readonly photo: string | null;
  readonly email: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly middle_name: string | null;
  readonly external_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

/** The columns of a `UserRow`, named by their table. */
export const USER_COLUMNS = `users.id, users.app_id, users.username, users.name, users.photo, users.email, users.first_name,
  users.last_name, users.middle_name, users.external_id, users.created_at, users.updated_at, users.deleted_at`;

interface Names {
  readonly name?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
}

/** The name that was given, else first and last name, else null: then the username is shown. */
export function givenName({ name, firstName, lastName }: Names): string | null {
  return name || [firstName, lastName].filter(Boolean).join(" ") || null;
}

export function toUser(row: UserRow): User {
  const names = { name: row.name, firstName: row.first_name, lastName: row.last_name };
  return {
    id: userId(row.id),
    appId: appId(row.app_id),
    username: row.username,
    name: givenName(names) ?? row.username,
    photo: row.photo,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    middleName: row.middle_name,
    externalId: row.external_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** The user as others see them; a ghost where the account is gone. */
export function toPerson(row: UserRow): Person {
  if (row.deleted_at !== null) return ghostOf(userId(row.id), row.deleted_at);
  const { appId: _, ...person } = toUser(row);
  return person;
}
