/**
 * The figures of an app, added up over all its objects, each of which hands over once a minute at most. Knows numbers and
 * places.
 */

import type { Figure, FigureName } from "../../core/figures.ts";
import type { Handed } from "../figures.ts";
import { viaOf } from "../figures.ts";
import type { SchemaStep } from "../sql.ts";

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

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `place`: the object that hands it over; `open`: how many connections it holds, null where it said so before. */
  add(place: string, { figures, open }: Handed): void {
    for (const { figure, label, value } of figures) {
      this.#sql.exec(
        `INSERT INTO figures (figure, label, value) VALUES (?, ?, ?)
         ON CONFLICT (figure, label) DO UPDATE SET value = value + excluded.value`,
        figure,
        label,
        value,
      );
    }
    if (open === 0) this.#sql.exec("DELETE FROM open WHERE place = ?", place);
    else if (open !== null)
      this.#sql.exec("INSERT OR REPLACE INTO open (place, connections) VALUES (?, ?)", place, open);
  }

  read(): Figure[] {
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
    this.#sql.exec("DELETE FROM figures");
    this.#sql.exec("DELETE FROM open");
  }
}
