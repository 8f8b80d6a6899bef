// The table of a run, and the line that closes it. Knows what was counted, not how.

import type { Talker } from "./clients/talker.ts";
import type { Findings, Kind } from "./findings.ts";
import { KINDS } from "./findings.ts";
import type { Fate, Ledger } from "./ledger.ts";

export interface Kills {
  readonly rounds: number;
  /** How often it was looked whether all is well. */
  readonly checked: number;
  readonly ledger: Ledger;
  readonly files: number;
  readonly resent: number;
  /** Of members, roles and titles. */
  readonly changes: number;
  /** Groups that everybody has left, or that were erased. */
  readonly ended: number;
  readonly talkers: readonly Talker[];
  /** Milliseconds from the server's being ready to a client's next answer, by dialect. */
  readonly recoveries: ReadonlyMap<string, readonly number[]>;
}

/** Who talked in which dialect, and how fast they were back. */
export function killsTable(kills: Kills): string {
  const { rounds, checked, ledger, files, changes, ended, resent, talkers, recoveries } = kills;
  const said = [...ledger.said.values()];
  const row = (name: string, isMeant: (dialect: string) => boolean): (string | number)[] => {
    const count = (fate: Fate): number => said.filter((one) => isMeant(one.dialect) && one.fate === fate).length;
    const times = [...recoveries].flatMap(([dialect, all]) => (isMeant(dialect) ? all : []));
    const clients = talkers.filter(({ dialect }) => isMeant(dialect)).length;
    return [name, clients, count("acknowledged"), count("uncertain"), median(times)];
  };
  const dialects = [...recoveries.keys()];
  const rows = [...dialects.map((name) => row(name, (one) => one === name)), row("all", () => true)];
  return [
    table(["dialect", "clients", "acknowledged", "cut off", "back after, ms"], rows),
    `${rounds} kills, looked at after ${checked} of them; ${resent} messages sent again, ${ledger.edits} edits, ${ledger.deletions} deletions, ${changes} changes of members, roles and titles, ${ended} groups ended, ${files} files.`,
  ].join("\n\n");
}

/** Every kind of fault, found or not. */
export const findingsTable = (findings: Findings): string =>
  table(
    ["found", "", "means"],
    (Object.keys(KINDS) as Kind[]).map((kind) => [kind, findings.count(kind), KINDS[kind]]),
  );

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (/^\d+$/.test(cell) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...others.map(line)].join("\n");
}

function median(numbers: readonly number[]): number | string {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? "-";
}
