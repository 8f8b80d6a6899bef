/**
 * The figures of an app, added up over all its objects. What is handed over within a few seconds is written together, so
 * that many objects cost few rows. Knows numbers and places.
 */

import type { Figure, FigureName } from "../../core/figures.ts";
import type { Handed } from "../figures.ts";
import { viaOf } from "../figures.ts";
import type { SchemaStep } from "../sql.ts";

/** How long what was handed over is gathered before it is written. */
const GATHER_MS = 5_000;

export const FIGURES_SCHEMA: SchemaStep = (sql) => {
  sql.exec(`
    CREATE TABLE figures (
      figure TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (figure, label)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE open (place TEXT PRIMARY KEY, connections INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `);
};

export class AppFigures {
  readonly #sql: SqlStorage;
  readonly #waitUntil: (work: Promise<unknown>) => void;
  readonly #counts = new Map<string, Figure>();
  readonly #open = new Map<string, number>();
  #writing: Promise<void> | undefined;

  constructor(sql: SqlStorage, waitUntil: (work: Promise<unknown>) => void) {
    this.#sql = sql;
    this.#waitUntil = waitUntil;
  }

  /** `place`: the object that hands it over. */
  add(place: string, { figures, open }: Handed): void {
    for (const { figure, label, value } of figures) {
      const key = `${figure} ${label}`;
      this.#counts.set(key, { figure, label, value: (this.#counts.get(key)?.value ?? 0) + value });
    }
    if (open !== null) this.#open.set(place, open);
    this.#writing ??= new Promise<void>((resolve) => setTimeout(resolve, GATHER_MS)).then(() => this.#write());
    this.#waitUntil(this.#writing);
  }

  #write(): void {
    this.#writing = undefined;
    for (const { figure, label, value } of this.#counts.values()) {
      this.#sql.exec(
        `INSERT INTO figures (figure, label, value) VALUES (?, ?, ?)
         ON CONFLICT (figure, label) DO UPDATE SET value = value + excluded.value`,
        figure,
        label,
        value,
      );
    }
    for (const [place, connections] of this.#open) {
      if (connections === 0) this.#sql.exec("DELETE FROM open WHERE place = ?", place);
      else this.#sql.exec("INSERT OR REPLACE INTO open (place, connections) VALUES (?, ?)", place, connections);
    }
    this.#counts.clear();
    this.#open.clear();
  }

  /** All of them, with what is not written yet. */
  read(): Figure[] {
    this.#write();
    const counted = this.#sql
      .exec<{ figure: string; label: string; value: number }>("SELECT figure, label, value FROM figures")
      .toArray()
      .map(({ figure, label, value }) => ({ figure: figure as FigureName, label, value }));
    const open = new Map<string, number>();
    for (const row of this.#sql.exec<{ place: string; connections: number }>("SELECT place, connections FROM open")) {
      const via = viaOf(row.place);
      open.set(via, (open.get(via) ?? 0) + row.connections);
    }
    return [...counted, ...[...open].map(([label, value]) => ({ figure: "open" as const, label, value }))];
  }

  /** The app is being deleted. */
  drop(): void {
    this.#counts.clear();
    this.#open.clear();
    this.#sql.exec("DELETE FROM figures");
    this.#sql.exec("DELETE FROM open");
  }
}
