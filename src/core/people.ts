/** Who people are and what they may be in a chat. Knows names and roles, and nothing of logins. */

import type { AppId, UserId } from "./ids.ts";

/** A person as others see them. */
export interface Person {
  readonly id: UserId;
  readonly username: string;
  /** The name shown; the username where none was given. */
  readonly name: string;
  readonly photo: string | null;
  readonly email: string | null;
  readonly firstName: string | null;
  readonly middleName: string | null;
  readonly lastName: string | null;
  /** Under which another system knows them. */
  readonly externalId: string | null;
  /** Times: milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of an account that is gone. */
  readonly deletedAt: number | null;
}

/** Stands for a user where an app itself acts on its rooms, by its key or its operator. No user has this id. */
export const THE_APP = 0 as UserId;

/** What others may see of a user. */
export function personOf(user: Person): Person {
  const { id, username, name, photo, email, firstName, middleName, lastName } = user;
  const { externalId, createdAt, updatedAt, deletedAt } = user;
  return {
    id,
    username,
    name,
    photo,
    email,
    firstName,
    middleName,
    lastName,
    externalId,
    createdAt,
    updatedAt,
    deletedAt,
  };
}

/** Who calls: a user of an app, or the app itself. */
export interface Actor {
  readonly appId: AppId;
  readonly userId: UserId;
}

/** An app as a whole, which is in no chat: it may do only what needs no member. */
export const wholeApp = (appId: AppId): Actor => ({ appId, userId: THE_APP });

/** An actor that a token speaks for. */
export interface Session extends Actor {
  readonly tokenId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export const ROLES = ["member", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

export interface Member {
  readonly user: Person;
  readonly role: Role;
  /** All messages up to here are read, or need no reading. */
  readonly readSeq: number;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
}

/** A colour for this user that stays the same everywhere: `#rrggbb`, dark enough for white letters on it (4.5:1 at least). */
export function colourOf(user: UserId): string {
  const hue = (user * 137.508) % 360;
  const channel = (n: number): string => {
    const k = (n + hue / 30) % 12;
    const value = 0.3 - 0.55 * 0.3 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/**
 * How a user whose account is gone since `deletedAt` (milliseconds since 1970) is shown. The colon keeps it apart from every
 * name that can be registered.
 */
export function ghostOf(user: UserId, deletedAt: number): Person {
  return {
    id: user,
    username: `deleted:${user}`,
    name: "Deleted user",
    photo: null,
    email: null,
    firstName: null,
    middleName: null,
    lastName: null,
    externalId: null,
    createdAt: deletedAt,
    updatedAt: deletedAt,
    deletedAt,
  };
}
