/**
 * The apps. Knows the table `apps` and that the first of them is the default one; knows nothing of its operators
 * or of how its key is checked.
 */

import type { AppId } from "../core/ids.ts";
import { appId } from "../core/ids.ts";
import type { App, Directory } from "../core/ports.ts";

interface AppRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly open: number;
}

/** Made by the first migration. */
export const DEFAULT_APP = 1;

/** Those that stand: of one that is being deleted nothing is found any more. */
const SELECT = "SELECT id, uuid, name, open FROM apps WHERE deleted_at IS NULL AND";

/** @param defaultOpen makes the default app open, whatever its row says */
export function createApps(db: D1Database, defaultOpen: boolean): Directory["apps"] {
  const toApp = (row: AppRow): App => ({
    id: appId(row.id),
    uuid: row.uuid,
    name: row.name,
    open: row.open === 1 || (defaultOpen && row.id === DEFAULT_APP),
  });

  return {
    async byUuid(uuid: string): Promise<App | null> {
      const row = await db.prepare(`${SELECT} uuid = ?`).bind(uuid.toLowerCase()).first<AppRow>();
      return row && toApp(row);
    },
    async byId(id: AppId): Promise<App | null> {
      const row = await db.prepare(`${SELECT} id = ?`).bind(id).first<AppRow>();
      return row && toApp(row);
    },
    async byKeyHash(hash: string): Promise<App | null> {
      const row = await db.prepare(`${SELECT} key_hash = ?`).bind(hash).first<AppRow>();
      return row && toApp(row);
    },
  };
}
