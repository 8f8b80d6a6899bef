/** Builders of apps, users and uploads in the directory, for its tests. Knows nothing of what the tests promise. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { AppId, UserId } from "../../src/core/ids.ts";
import { appId } from "../../src/core/ids.ts";
import type { AttachmentRecord, NewUser, User } from "../../src/core/ports.ts";
import { createDirectory } from "../../src/directory/directory.ts";

export const directory = createDirectory(env.DB, { defaultAppOpen: false });
let made = 0;

/** Another app than the default one. */
export async function newApp(): Promise<AppId> {
  const statement = env.DB.prepare("INSERT INTO apps (uuid, name, created_at) VALUES (?, 'other', 0) RETURNING id");
  const row = await statement.bind(crypto.randomUUID()).first<{ id: number }>();
  return appId(row?.id ?? 0);
}

export function newUser(app: AppId, user: Partial<NewUser> = {}): Promise<User> {
  return directory.users.create(app, { username: `user${++made}`, ...user });
}

export async function newUsers(app: AppId, many: number): Promise<UserId[]> {
  const users = await Promise.all(Array.from({ length: many }, () => newUser(app)));
  return users.map((user) => user.id);
}

export async function count(sql: string, ...values: unknown[]): Promise<number> {
  const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`)
    .bind(...values)
    .first<{ n: number }>();
  return row?.n ?? -1;
}

export const upload = (app: AppId, user: UserId, createdAt = 1_000): AttachmentRecord => ({
  id: crypto.randomUUID(),
  appId: app,
  userId: user,
  chatId: null,
  name: "bild ü.png",
  size: 12,
  mime: "image/png",
  width: 3,
  height: null,
  createdAt,
});

export const failure = (code: string, subject: string) =>
  expect.objectContaining({ failure: expect.objectContaining({ code, subject }) });
