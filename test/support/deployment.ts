/** Parlance as a deployment has it: its bundle, its bindings and its tables, for a `workerd` of one's own. Starts nothing. */

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const MIGRATIONS = join(ROOT, "migrations");

/** The bundle that wrangler would deploy, in `folder`. `args` say of what; without them it is of `wrangler.toml`. */
export function bundle(folder: string, args: readonly string[]): string {
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", folder, ...args], {
    cwd: ROOT,
    stdio: "pipe",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  return folder;
}

/** Parlance's own, in `scratch`. The web client need not be there. */
export function bundleParlance(scratch: string): string {
  const assets = join(scratch, "assets");
  mkdirSync(assets, { recursive: true });
  return bundle(join(scratch, "parlance"), ["--assets", assets]);
}

/** Durable Objects with SQLite: the names of their bindings, and their classes. */
export const objects = (names: Record<string, string>): Record<string, object> =>
  Object.fromEntries(Object.entries(names).map(([name, className]) => [name, { className, useSQLite: true }]));

/** Miniflare's options for a bundle of Parlance, without the web client's files. `bindings`: its settings. */
export const parlanceOptions = (built: string, bindings: Readonly<Record<string, string>>): object => ({
  // Names the folders of its objects.
  name: "parlance",
  modulesRoot: built,
  scriptPath: join(built, "index.js"),
  durableObjects: objects({
    CHAT: "Chat",
    INBOX: "Inbox",
    GATEWAY: "Gateway",
    LOBBY: "Lobby",
    THROTTLE: "Throttle",
  }),
  d1Databases: ["DB"],
  r2Buckets: ["FILES"],
  bindings,
});

/** Makes the tables of an empty directory. */
export async function makeTables(db: D1Database): Promise<void> {
  for (const file of (await readdir(MIGRATIONS)).toSorted()) {
    const sql = (await readFile(join(MIGRATIONS, file), "utf8")).replaceAll(/^--.*$/gm, "");
    for (const statement of sql.split(/;\s*$/m)) if (statement.trim() !== "") await db.prepare(statement).run();
  }
}
