/**
 * What the server keeps, counted from outside: rows of every SQLite file of its state, objects, and files of R2. What was
 * refused may leave nothing there, and who has left is forgotten.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Callers } from "./callers.ts";
import type { Case } from "./cases.ts";
import type { Findings } from "./findings.ts";
import { ofServer } from "./findings.ts";
import type { Player } from "./play.ts";
import type { Server } from "./server.ts";

export type Numbered = readonly [number: number, made: Case];

/** Rows by table, and objects by class. */
type Stored = ReadonlyMap<string, number>;

const REPLAYED = 300;
const ROUNDS = 4;
/** For what runs behind the answers. */
const BACKGROUND_MS = 1_000;
/** A client of Engine.IO is missed after 45 s, and a Gateway looks once a minute whether its connections are there. */
const FORGOTTEN_WITHIN_MS = 180_000;

/** Tables that are about connections: rows of these go when the connection has gone. */
const OF_CONNECTIONS =
  / (carried|connections|follows|heard|listeners|sockets|subscribers|subscriptions|watchers|io_\w+)$/;
/** What a server keeps about those who are refused is meant to, and so are its figures, of which there are so many. */
const MEANT = /Throttle|Lobby (figures|open)$|_cf_/;

export class Growth {
  readonly #server: Pick<Server, "port" | "state">;
  readonly #findings: Findings;
  readonly #callers: Callers;
  #refused: Numbered[] = [];

  constructor(server: Pick<Server, "port" | "state">, findings: Findings, callers: Callers) {
    this.#server = server;
    this.#findings = findings;
    this.#callers = callers;
  }

  /** A case of which all was refused; the first ones are tried again at the end. */
  keep(one: Numbered): void {
    const isSession = one[1].kind === "engine" || one[1].kind === "knock";
    if (!isSession && this.#refused.length < REPLAYED) this.#refused.push(one);
  }

  /** What was refused is played again until all of it is refused in one round: nothing may be stored by that one. */
  async check(newPlayer: () => Player): Promise<void> {
    const player = newPlayer();
    for (let round = 0; round < ROUNDS && this.#refused.length > 0; round++) {
      const { refused, grown } = await this.#play(this.#refused, player);
      const isAll = refused.length === this.#refused.length;
      this.#refused = refused;
      if (!isAll) continue;
      console.log(
        `${refused.length} refused cases again: ${grown.length === 0 ? "nothing is stored" : grown.join("; ")}`,
      );
      if (grown.length > 0) await this.#blame(refused, player);
      break;
    }
    player.close();
  }

  async #play(cases: readonly Numbered[], player: Player): Promise<{ refused: Numbered[]; grown: string[] }> {
    await sleep(BACKGROUND_MS);
    const before = storedIn(this.#server.state);
    const refused: Numbered[] = [];
    for (const one of cases) if ((await player.play(...one)).taken === "refused") refused.push(one);
    await sleep(BACKGROUND_MS);
    return { refused, grown: grownBetween(before, storedIn(this.#server.state)) };
  }

  /** Which of these it was, by halves. */
  async #blame(cases: readonly Numbered[], player: Player): Promise<void> {
    const { grown } = await this.#play(cases, player);
    if (grown.length === 0) return;
    const [first] = cases;
    if (cases.length === 1 && first !== undefined) {
      const [number, { group }] = first;
      return this.#findings.add("growth", { number, surface: group }, grown.join("; "));
    }
    const half = Math.ceil(cases.length / 2);
    await this.#blame(cases.slice(0, half), player);
    await this.#blame(cases.slice(half), player);
  }

  /** Rows that stand for connections. */
  connections(): Stored {
    return new Map([...storedIn(this.#server.state)].filter(([name]) => OF_CONNECTIONS.test(name)));
  }

  /** All who attacked have left: no more is known of connections than before they came. Waits for that; what is left, in words. */
  async left(before: Stored): Promise<string[]> {
    const tables = await this.#within(() => grownBetween(before, this.connections()));
    if (tables.length === 0) return [];
    const { port, state } = this.#server;
    const known = connectionsIn(state).join(", ");
    const held = this.#callers.heldBy(port).join(", ") || "none";
    return tables.map((table) => `connections that have gone: ${table}; known are ${known}; TCP connections: ${held}`);
  }

  /**
   * Whether what is left is the server's fault. No socket outlasts its process: rows that are let go of after another start were
   * those of sockets that the runtime still counted as open, which no Worker can tell from open ones.
   * @param anew starts the server again; nobody is connected then
   */
  async checkLeft(left: readonly string[], anew: () => Promise<void>): Promise<void> {
    if (left.length === 0) return;
    await anew();
    const still = await this.#within(() => connectionsIn(this.#server.state));
    if (still.length === 0) return console.log(`open for the runtime alone: ${left.join("; ")}`);
    for (const detail of left)
      this.#findings.add("growth", ofServer(), `${detail}; after a start: ${still.join(", ")}`);
  }

  /** What there is, waiting for nothing to be there. */
  async #within(found: () => string[]): Promise<string[]> {
    const deadline = Date.now() + FORGOTTEN_WITHIN_MS;
    while (found().length > 0 && Date.now() < deadline) await sleep(BACKGROUND_MS);
    return found();
  }
}

/** The connections that Gateways know of, by their ids, which begin with the dialect, and when those Gateways look again. */
function connectionsIn(state: string): string[] {
  const gateways = join(state, "v3", "do", "parlance-Gateway");
  return readdirSync(gateways).flatMap((name) => {
    if (!name.endsWith(".sqlite") || name === "metadata.sqlite") return [];
    const database = new DatabaseSync(join(gateways, name), { readOnly: true, timeout: 5_000 });
    try {
      const rows = database.prepare("SELECT id, user_id FROM connections").all();
      const alarm = rows.length > 0 ? alarmOf(database) : "";
      return rows.map((row) => `${String(row["id"])} of ${String(row["user_id"])} (${alarm})`);
    } finally {
      database.close();
    }
  });
}

/** When an object's alarm goes off, as the runtime stores it: nanoseconds since 1970, under the key 1. */
function alarmOf(database: DatabaseSync): string {
  const alarm = database.prepare("SELECT value / 1000000 AS at FROM _cf_METADATA WHERE key = 1").get();
  const seconds = (Number(alarm?.["at"]) - Date.now()) / 1_000;
  return Number.isNaN(seconds) ? "no alarm" : `alarm in ${seconds.toFixed(0)} s`;
}

function storedIn(state: string): Stored {
  const stored = new Map<string, number>();
  const add = (name: string, count: number): void => void stored.set(name, (stored.get(name) ?? 0) + count);
  const all = readdirSync(join(state, "v3"), { recursive: true, withFileTypes: true });
  for (const entry of all.filter((one) => one.isFile())) {
    const place = entry.parentPath.slice(join(state, "v3").length + 1);
    const [kind, owner] = place.split(/[/\\]/);
    if (kind !== "do" && kind !== "d1" && kind !== "r2") continue;
    if (place.includes("blobs")) add("r2 blobs", 1);
    if (!entry.name.endsWith(".sqlite") || entry.name === "metadata.sqlite") continue;
    if (kind === "do") add(`objects ${owner}`, 1);
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

const grownBetween = (before: Stored, after: Stored): string[] =>
  [...after]
    .filter(([name, rows]) => rows > (before.get(name) ?? 0) && !MEANT.test(name))
    .map(([name, rows]) => `${name}: ${before.get(name) ?? 0} → ${rows}`);
