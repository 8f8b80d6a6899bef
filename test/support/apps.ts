/** Apps beside the default one, for tests. */

import { env } from "cloudflare:workers";
import type { AppId } from "../../src/core/ids.ts";
import { appId } from "../../src/core/ids.ts";

/** A new app, as an operator would make it. */
export async function app(name: string): Promise<{ id: AppId; uuid: string }> {
  const uuid = crypto.randomUUID();
  const row = await env.DB.prepare("INSERT INTO apps (uuid, name, created_at) VALUES (?, ?, ?) RETURNING id")
    .bind(uuid, name, Date.now())
    .first<{ id: number }>();
  if (row === null) throw new Error("the insert of an app returned no row");
  return { id: appId(row.id), uuid };
}
