// The table of a run, and the line that closes it. Knows what was counted, not how.

import type { Fate } from "./ledger.ts";
import type { Kind } from "./findings.ts";
import { KINDS } from "./findings.ts";
import type { Outcome } from "./kills.ts";

export function report({ rounds, checked, findings, ledger, files, resent, talkers, recoveries }: Outcome): string {
  const dialects = [...new Set(talkers.map(({ dialect }) => dialect))];
  const said = [...ledger.said.values()];
  const count = (dialect: string | undefined, fate: Fate): number =>
    said.filter((one) => one.fate === fate && (dialect === undefined || one.dialect === dialect)).length;
  const rows = dialects.map((dialect) => [
    dialect,
    talkers.filter((one) => one.dialect === dialect).length,
    count(dialect, "acknowledged"),
    count(dialect, "uncertain"),
    median(recoveries.get(dialect) ?? []),
  ]);
  const all = [
    "all",
    talkers.length,
    count(undefined, "acknowledged"),
    count(undefined, "uncertain"),
    median([...recoveries.values()].flat()),
  ];
  const kinds = Object.keys(KINDS) as Kind[];
  return [
    table(["dialect", "clients", "acknowledged", "cut off", "back after, ms"], [...rows, all]),
    `${rounds} kills, looked at after ${checked} of them; ${resent} messages sent again, ${files} files.`,
    table(["found", "", "means"], kinds.map((kind) => [kind, findings.count(kind), KINDS[kind]])),
  ].join("\n\n");
}

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (/^\d+$/.test(cell) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...others.map(line)].join("\n");
}

export function median(numbers: readonly number[]): number | string {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? "-";
}
