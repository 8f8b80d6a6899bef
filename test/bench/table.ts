/** The table that is printed: figures, ratios, and whether each holds. Knows no server. */

import type { Bound, Figure, Row } from "./row.ts";

/** The rounds of a row that was measured. */
export interface Measured {
  readonly row: Row;
  readonly first: readonly Figure[];
  readonly second: readonly Figure[];
}

const HEAD = ["", "baseline", "Parlance", "unit", "ratio", "asked", "", "µs CPU each"] as const;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

const valuesOf = (figures: readonly Figure[]): number[] => figures.map(({ value }) => value);

/** The median of the rounds' own ratios: what slows the machine down for a while slows both sides of a round. */
const ratioOf = ({ first, second }: Measured): number =>
  median(second.map(({ value }, round) => value / (first[round]?.value ?? Number.NaN)));

export function holds(measured: Measured): boolean {
  const { bound } = measured.row;
  const ratio = ratioOf(measured);
  if ("atMost" in bound) return ratio <= bound.atMost;
  return ratio >= bound.atLeast || (bound.orValue !== undefined && median(valuesOf(measured.second)) >= bound.orValue);
}

function asked(bound: Bound): string {
  if ("atMost" in bound) return `≤ ${bound.atMost} ×`;
  return bound.orValue === undefined ? `≥ ${bound.atLeast} ×` : `≥ ${bound.atLeast} ×, or ≥ ${number(bound.orValue)}`;
}

function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function cpu({ first, second }: Measured): string {
  const each = [first, second].map((figures) => median(figures.flatMap((one) => (one.cpu === null ? [] : [one.cpu]))));
  return each.some(Number.isNaN) ? "" : each.map(number).join(" → ");
}

const cellsOf = (measured: Measured): string[] => [
  measured.row.title,
  number(median(valuesOf(measured.first))),
  number(median(valuesOf(measured.second))),
  measured.row.unit,
  `${ratioOf(measured).toFixed(2)} ×`,
  asked(measured.row.bound),
  holds(measured) ? "holds" : "FALLS SHORT",
  cpu(measured),
];

/** One row while the others are still to come. */
export function line(measured: Measured): string {
  const [, first, second, unit, ratio, , verdict, each] = cellsOf(measured);
  return `${first} → ${second} ${unit}, ${ratio} ${verdict}, CPU ${each}`;
}

/** Markdown, since it also goes into a page of the docs. */
export function table(all: readonly Measured[]): string {
  const rows = all.map(cellsOf);
  const widths = HEAD.map((head, at) => Math.max(3, head.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const print = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [print(HEAD), print(widths.map((width) => "-".repeat(width))), ...rows.map(print)].join("\n");
}
