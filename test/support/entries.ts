/** What is known of a person's connections on `/v1/socket`: what their Inbox and their Gateway have on the disk. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { GATEWAY } from "../../src/core/limits.ts";
import type { Person, Socket } from "./people.ts";

export const inboxOf = (who: Person) => env.INBOX.getByName(`user:${who.id}`);

/** Where all their connections are, as long as it has room. */
export const gatewayOf = (who: Person) => env.GATEWAY.getByName(`native/local/${who.id % GATEWAY.spread}`);

/** Connections that their Inbox knows. */
export const known = (who: Person): Promise<number> =>
  runInDurableObject(inboxOf(who), (_, { storage }) => storage.sql.exec("SELECT id FROM connections").toArray().length);

/** The same of their Gateway. */
export const noted = (who: Person): Promise<number> =>
  runInDurableObject(
    gatewayOf(who),
    (_, { storage }) => storage.sql.exec("SELECT id FROM connections WHERE user_id = ?", who.id).toArray().length,
  );

export async function closeAll(all: readonly Socket[]): Promise<void> {
  for (const socket of all) socket.close();
  await Promise.all(all.map((socket) => socket.until(() => socket.closed !== undefined, "the close")));
}
