/** What was found, and what every answer is looked through for. Knows no dialect. */

export type Kind =
  | "5xx"
  | "internal name"
  | "crossing"
  | "tampered"
  | "closed"
  | "no answer"
  | "slow"
  | "disturbed"
  | "fault"
  | "secret printed"
  | "growth"
  | "ended"
  | "untried";

/** Which case it was, and of which surface. */
export interface Place {
  /** Undefined: no case in particular. */
  readonly number?: number;
  readonly surface: string;
}

/** Of the server as a whole. `after` names the last case before. */
export const ofServer = (after?: number): Place =>
  after === undefined ? { surface: "server" } : { surface: "server", number: after };

export interface Finding {
  readonly kind: Kind;
  readonly place: Place;
  readonly detail: string;
}

/** What victims say, and the names of what is theirs, begin with this; `rooms` shows texts as base64. */
export const CANARY = "CANARY";
const CANARIES = [CANARY, Buffer.from(CANARY).toString("base64")];

const INTERNAL =
  /SQLITE|SqlError|D1_\w*ERROR|workerd|miniflare|wrangler|Durable ?Object|node_modules|(^|\s)at \S+ \(|\.[tj]s:\d+:\d+|UNIQUE constraint|no such (table|column)|\b(Type|Range|Reference|Syntax|Zod|Parlance)Error\b|Cannot read propert|is not a function|is not iterable|internal error/;

const FAULT = /"event":"fault"|[Uu]ncaught|Unhandled|heap|FATAL/;
/** How the runtime tells of a Gateway that resets itself on purpose, in order to let go of what it holds. */
const BEGUN_ANEW = /Uncaught Error: the Gateway was empty and begins anew$/;
/** What the runtime itself says of frames that are none, before any Worker could have heard of them. */
const OF_THE_RUNTIME = /kj\/compat\/http\.c\+\+:\d+: failed: remote\.jsg\.Error: WebSocket protocol error/;

/** Findings of each kind that are printed, and that the table knows the cases of. Beyond these they are counted. */
const SHOWN = 10;
const KEPT = 200;

/** How a case went: something was accepted, all of it was refused, or the server ended the connection. */
export type Taken = "answered" | "refused" | "closed";

interface Row {
  readonly taken: Record<Taken, number>;
  slowestMs: number;
}

/** All that a run has found and counted, as another process may be told. */
export interface Tally {
  readonly findings: readonly Finding[];
  readonly counts: readonly (readonly [Kind, number])[];
  readonly rows: readonly (readonly [surface: string, row: Row])[];
}

export class Findings {
  /** The first ones of each kind. */
  readonly all: Finding[] = [];
  readonly #counts = new Map<Kind, number>();
  readonly #seed: number;
  #isClosed = false;
  readonly #secrets = new Map<string, string>();
  readonly #rows = new Map<string, Row>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From now on the server is ended, and what comes of it is no finding. */
  close(): void {
    this.#isClosed = true;
  }

  add(kind: Kind, place: Place, detail: string): void {
    if (this.#isClosed) return;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count > KEPT) return;
    this.all.push({ kind, place, detail });
    if (count > SHOWN) return;
    console.log(`FOUND ${kind}, ${place.surface}: ${detail.slice(0, 900)}`);
    if (place.number !== undefined)
      console.log(`  ${place.surface === "server" ? "up to" : "again"}: ${this.#replay(place.number)}`);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get tally(): Tally {
    return { findings: this.all, counts: [...this.#counts], rows: [...this.#rows] };
  }

  /** Adds what another run has found, and printed already. */
  absorb({ findings, counts, rows }: Tally): void {
    this.all.push(...findings);
    for (const [kind, count] of counts) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
    for (const [surface, { taken, slowestMs }] of rows) {
      const row = this.#rowOf(surface);
      for (const how of ["answered", "refused", "closed"] as const) row.taken[how] += taken[how];
      row.slowestMs = Math.max(row.slowestMs, slowestMs);
    }
  }

  #replay(number: number): string {
    return `npm run fuzz -- --seed ${this.#seed} --from ${number} --cases 1`;
  }

  count(surface: string, taken: Taken, ms: number): void {
    const row = this.#rowOf(surface);
    row.taken[taken]++;
    row.slowestMs = Math.max(row.slowestMs, ms);
  }

  #rowOf(surface: string): Row {
    const row = this.#rows.get(surface) ?? { taken: { answered: 0, refused: 0, closed: 0 }, slowestMs: 0 };
    this.#rows.set(surface, row);
    return row;
  }

  /** Never to be seen by a stranger, nor in what the server prints. */
  keepSecret(name: string, text: string): void {
    this.#secrets.set(text, name);
  }

  /** Looks through something that a hostile client was told. */
  check(place: Place, where: string, text: string): void {
    if (CANARIES.some((canary) => text.includes(canary)))
      this.add("crossing", place, `${where}: ${around(text, CANARIES)}`);
    for (const [secret, name] of this.#secrets) {
      if (text.includes(secret)) this.add("crossing", place, `${where}: the ${name}`);
    }
    const internal = INTERNAL.exec(text)?.[0];
    if (internal !== undefined) this.add("internal name", place, `${where}: ${around(text, [internal])}`);
  }

  /** Looks through a line that the server printed. @param after the case that was begun last */
  checkLine(line: string, after: number): void {
    if (line.includes(CANARY)) this.add("secret printed", ofServer(after), line);
    for (const [secret, name] of this.#secrets) {
      if (line.includes(secret)) this.add("secret printed", ofServer(after), `the ${name}`);
    }
    if (FAULT.test(line) && !OF_THE_RUNTIME.test(line) && !BEGUN_ANEW.test(line))
      this.add("fault", ofServer(after), line);
  }

  /** A row for each surface, and how many things of each kind were found. */
  table(): string {
    for (const { place } of this.all) this.#rowOf(place.surface);
    const foundOf = (surface: string): number => this.all.filter(({ place }) => place.surface === surface).length;
    const lines = [...this.#rows]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([surface, { taken, slowestMs }]) => {
        const { answered, refused, closed } = taken;
        const counts = [answered + refused + closed, answered, refused, closed, foundOf(surface)];
        return line(surface, [...counts.map(String), `${slowestMs.toFixed(0)} ms`]);
      });
    const kinds = [...Map.groupBy(this.all, ({ kind }) => kind)].map(([kind, found]) => {
      const numbers = [...new Set(found.flatMap(({ place }) => place.number ?? []))];
      return `  ${kind}: ${this.#counts.get(kind)} (cases ${numbers.slice(0, 12).join(", ")}${numbers.length > 12 ? ", …" : ""})`;
    });
    return [
      line("surface", ["cases", "answered", "refused", "closed", "findings", "slowest"]),
      ...lines,
      ...kinds,
    ].join("\n");
  }
}

const line = (surface: string, cells: readonly string[]): string =>
  surface.padEnd(20) + cells.map((cell) => cell.padStart(10)).join("");

function around(text: string, parts: readonly string[]): string {
  const at = Math.max(0, ...parts.map((part) => text.indexOf(part)));
  return JSON.stringify(text.slice(Math.max(0, at - 120), at + 160));
}
