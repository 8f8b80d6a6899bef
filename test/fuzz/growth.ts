/** What the server has stored, counted from outside: rows of every SQLite file of its state, and files of R2. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Rows by table, of the Worker's own storage. */
export function storedIn(state: string): Map<string, number> {
  const stored = new Map<string, number>();
  const add = (name: string, count: number): void => void stored.set(name, (stored.get(name) ?? 0) + count);
  const all = readdirSync(join(state, "v3"), { recursive: true, withFileTypes: true });
  for (const entry of all.filter((one) => one.isFile())) {
    const place = entry.parentPath.slice(join(state, "v3").length + 1);
    const [kind, owner] = place.split(/[/\\]/);
    if (kind !== "do" && kind !== "d1" && kind !== "r2") continue;
    if (place.includes("blobs")) add("r2 blobs", 1);
    if (!entry.name.endsWith(".sqlite") || entry.name === "metadata.sqlite") continue;
    const database = new DatabaseSync(join(entry.parentPath, entry.name), { readOnly: true, timeout: 5_000 });
    try {
      const tables = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .all();
      for (const { name } of tables) {
        // A chat notes late, and once, how far it has delivered.
        const which = name === "meta" ? "WHERE key <> 'delivered'" : "";
        const row = database.prepare(`SELECT count(*) AS rows FROM "${String(name)}" ${which}`).get();
        add(`${kind} ${owner} ${String(name)}`, Number(row?.["rows"] ?? 0));
      }
    } finally {
      database.close();
    }
  }
  return stored;
}

/** What grew between two counts; what a server keeps about those who are refused is meant to. */
export function grownBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([name, rows]) => rows > (before.get(name) ?? 0) && !/Throttle|_cf_|io_/.test(name))
    .map(([name, rows]) => `${name}: ${before.get(name) ?? 0} → ${rows}`);
}
