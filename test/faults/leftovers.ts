// What a server keeps of connections, in memory of the system and in the rows of its objects. Knows where the local runtime puts
// both; must not know who was connected.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Tables that hold a row for a connection while it stands, and none after it. */
const OF_CONNECTIONS: Readonly<Record<string, readonly string[]>> = {
  Chat: ["sockets", "listeners", "subscribers"],
  Inbox: ["connections", "watchers", "subscribers"],
  Gateway: [
    "connections",
    "follows",
    "subscriptions",
    "heard",
    "carried",
    "io_sessions",
    "io_outgoing",
    "io_partial",
    "io_acks",
  ],
  Lobby: ["present"],
};

/** `Class.table`: rows; of a server that does not run. Only what is not empty. */
export function rowsOfConnections(state: string): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [name, tables] of Object.entries(OF_CONNECTIONS)) {
    const folder = join(state, "v3", "do", `parlance-${name}`);
    for (const file of readdirSync(folder).filter((one) => /^[0-9a-f]+\.sqlite$/.test(one))) {
      const db = new DatabaseSync(join(folder, file), { timeout: 5_000 });
      const has = new Set(
        db
          .prepare("SELECT name FROM sqlite_master")
          .all()
          .map((row) => row["name"]),
      );
      for (const table of tables.filter((one) => has.has(one))) {
        const count = Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
        if (count > 0) rows.set(`${name}.${table}`, (rows.get(`${name}.${table}`) ?? 0) + count);
      }
      db.close();
    }
  }
  return rows;
}

/** How many connections of each Gateway listen to somebody or something, by its name; of a server that may run. */
export function listenersByGateway(state: string): Map<string, number> {
  const counts = new Map<string, number>();
  const folder = join(state, "v3", "do", "parlance-Gateway");
  for (const file of readdirSync(folder).filter((one) => /^[0-9a-f]+\.sqlite$/.test(one))) {
    const db = new DatabaseSync(join(folder, file), { readOnly: true, timeout: 5_000 });
    const rows = db.prepare("SELECT DISTINCT connection FROM follows").all();
    for (const row of rows) {
      const [name = ""] = String(row["connection"]).split("#");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    db.close();
  }
  return counts;
}

const ESTABLISHED = "01";

/** TCP connections that the server on `port` holds; undefined where the system does not say it in this way. */
export function tcpConnections(port: number): number | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((path) => existsSync(path));
  if (tables.length === 0) return undefined;
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return tables
    .flatMap((path) => readFileSync(path, "utf8").split("\n"))
    .filter((line) => {
      const [, address, , state] = line.trim().split(/\s+/);
      return address?.endsWith(local) === true && state === ESTABLISHED;
    }).length;
}
