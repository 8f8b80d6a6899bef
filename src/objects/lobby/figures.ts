/**
 * The figures of an app, added up over all its objects, in one row: a hand-over writes no more than that, and one where
 * connections have come or gone. Knows numbers and places.
 */

import type { Figure, FigureName } from "../../core/figures.ts";
import type { Handed } from "../figures.ts";
import { viaOf } from "../figures.ts";
import type { SchemaStep } from "../sql.ts";
import { Meta, stored } from "../sql.ts";

/** What comes within this time of what was written last is gathered, and written together. */
const GATHER_MS = 1_000;

/** A named value: the sums, by figure and label. */
const SUMS = "figures";

type Sums = Partial<Record<FigureName, Record<string, number>>>;

export const FIGURES_SCHEMA: readonly SchemaStep[] = [
  (sql) => {
    sql.exec(`
      CREATE TABLE figures (
        figure TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (figure, label)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE open (place TEXT PRIMARY KEY, connections INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    `);
  },
  (sql) => {
    // All sums are one value from now on.
    const sums: Sums = {};
    for (const row of sql.exec<{ figure: string; label: string; value: number }>("SELECT * FROM figures"))
      (sums[row.figure as FigureName] ??= {})[row.label] = row.value;
    new Meta(sql).set(SUMS, JSON.stringify(sums));
    sql.exec("DROP TABLE figures");
  },
];

export class AppFigures {
  readonly #sql: SqlStorage;
  readonly #later: (work: Promise<void>) => void;
  #sums: Sums | undefined;
  #writtenAt = 0;
  #isGathering = false;

  /** `later`: keeps the object alive until this is done. */
  constructor(sql: SqlStorage, later: (work: Promise<void>) => void) {
    this.#sql = sql;
    this.#later = later;
  }

  #load(): Sums {
    return (this.#sums ??= stored<Sums>(new Meta(this.#sql).get(SUMS) ?? "{}"));
  }

  /** `place`: the object that hands it over; `open`: how many connections it holds, null where it said so before. */
  add(place: string, { figures, open }: Handed): void {
    const sums = this.#load();
    for (const { figure, label, value } of figures) {
      const own = (sums[figure] ??= {});
      own[label] = (own[label] ?? 0) + value;
    }
    if (figures.length > 0) this.#write();
    if (open === 0) this.#sql.exec("DELETE FROM open WHERE place = ?", place);
    else if (open !== null)
      this.#sql.exec("INSERT OR REPLACE INTO open (place, connections) VALUES (?, ?)", place, open);
  }

  #write(): void {
    if (this.#isGathering) return;
    if (Math.abs(Date.now() - this.#writtenAt) >= GATHER_MS) return this.#writeNow();
    this.#isGathering = true;
    this.#later(this.#gather());
  }

  async #gather(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    this.#isGathering = false;
    this.#writeNow();
  }

  #writeNow(): void {
    // The app may have been deleted meanwhile.
    if (this.#sums === undefined) return;
    this.#writtenAt = Date.now();
    new Meta(this.#sql).set(SUMS, JSON.stringify(this.#sums));
  }

  read(): Figure[] {
    const counted = Object.entries(this.#load()).flatMap(([figure, labels]) =>
      Object.entries(labels).map(([label, value]) => ({ figure: figure as FigureName, label, value })),
    );
    const open = new Map<string, number>();
    for (const row of this.#sql.exec<{ place: string; connections: number }>("SELECT place, connections FROM open")) {
      const via = viaOf(row.place);
      open.set(via, (open.get(via) ?? 0) + row.connections);
    }
    return [...counted, ...[...open].map(([label, value]) => ({ figure: "open" as const, label, value }))];
  }

  /** The app is being deleted. */
  drop(): void {
    this.#sums = undefined;
    new Meta(this.#sql).delete(SUMS);
    this.#sql.exec("DELETE FROM open");
  }
}
