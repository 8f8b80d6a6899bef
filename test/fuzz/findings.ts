/** What was found, and what every answer is looked through for. Knows no dialect. */

export type Kind =
  | "5xx"
  | "internal name"
  | "crossing"
  | "closed"
  | "no answer"
  | "slow"
  | "disturbed"
  | "fault"
  | "secret printed"
  | "growth"
  | "ended";

interface Finding {
  readonly kind: Kind;
  readonly number: number;
  readonly detail: string;
}

/** What victims say, and the names of what is theirs, begin with this; `rooms` shows texts as base64. */
export const CANARY = "CANARY";
const CANARIES = [CANARY, Buffer.from(CANARY).toString("base64")];

const INTERNAL =
  /SQLITE|SqlError|D1_|workerd|miniflare|wrangler|Durable ?Object|node_modules|(^|\s)at \S+ \(|\.[tj]s:\d+:\d+|UNIQUE constraint|no such (table|column)|\b(Type|Range|Reference|Syntax|Zod|Parlance)Error\b|Cannot read propert|is not a function|is not iterable|internal error/;

const SHOWN = 60;
const MAX_KEPT = 2_000;

export class Findings {
  readonly all: Finding[] = [];
  readonly #secrets = new Map<string, string>();
  #cases = 0;
  readonly byGroup = new Map<string, { cases: number; refused: number; slowestMs: number }>();

  get cases(): number {
    return this.#cases;
  }

  /** @param number of the case; -1: of none in particular */
  add(kind: Kind, number: number, detail: string): void {
    if (this.all.length >= MAX_KEPT) return;
    this.all.push({ kind, number, detail });
    if (this.all.length <= SHOWN) console.log(`FOUND ${kind} case ${number}: ${detail.slice(0, 900)}`);
  }

  count(group: string, isRefused: boolean, ms: number): void {
    this.#cases++;
    const row = this.byGroup.get(group) ?? { cases: 0, refused: 0, slowestMs: 0 };
    row.cases++;
    if (isRefused) row.refused++;
    row.slowestMs = Math.max(row.slowestMs, ms);
    this.byGroup.set(group, row);
  }

  /** Never to be seen by a stranger, nor in what the server prints. */
  keepSecret(name: string, text: string): void {
    this.#secrets.set(text, name);
  }

  /** Looks through something that a hostile client was told. */
  check(number: number, where: string, text: string): void {
    if (CANARIES.some((canary) => text.includes(canary)))
      this.add("crossing", number, `${where}: ${around(text, CANARIES)}`);
    for (const [secret, name] of this.#secrets) {
      if (text.includes(secret)) this.add("crossing", number, `${where}: the ${name}`);
    }
    const internal = INTERNAL.exec(text)?.[0];
    if (internal !== undefined) this.add("internal name", number, `${where}: ${around(text, [internal])}`);
  }

  /** Looks through a line that the server printed. */
  checkLine(line: string): void {
    if (line.includes(CANARY)) this.add("secret printed", -1, line);
    for (const [secret, name] of this.#secrets) {
      if (line.includes(secret)) this.add("secret printed", -1, `the ${name}`);
    }
    if (/"event":"fault"|[Uu]ncaught|Unhandled|heap|FATAL/.test(line)) this.add("fault", -1, line);
    if (process.env["FUZZ_OUTPUT"] !== undefined && !line.startsWith('{"event":"request"')) console.log(`> ${line}`);
  }

  table(): string {
    const rows = [...this.byGroup].toSorted(([a], [b]) => a.localeCompare(b));
    const kinds = Map.groupBy(this.all, ({ kind }) => kind);
    return [
      "group                   cases   refused   slowest",
      ...rows.map(
        ([group, { cases, refused, slowestMs }]) =>
          `${group.padEnd(20)}${String(cases).padStart(9)}${String(refused).padStart(10)}${`${slowestMs.toFixed(0)} ms`.padStart(10)}`,
      ),
      "",
      this.all.length === 0 ? "No findings." : "Findings:",
      ...[...kinds].map(([kind, found]) => {
        const numbers = [...new Set(found.map(({ number }) => number))];
        return `  ${kind}: ${found.length} (cases ${numbers.slice(0, 12).join(", ")}${numbers.length > 12 ? ", …" : ""})`;
      }),
    ].join("\n");
  }
}

function around(text: string, parts: readonly string[]): string {
  const at = Math.max(0, ...parts.map((part) => text.indexOf(part)));
  return JSON.stringify(text.slice(Math.max(0, at - 120), at + 160));
}
