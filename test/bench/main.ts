/**
 * `npm run bench`: Parlance against the smallest durable chat there can be, on the same workerd, in turns. Prints a table;
 * exit code 1 where a ratio falls short of what is asked.
 *
 * `--small`: CI's size. Everything is done and nothing may break, but the ratios do not count.
 * `--only <rows>`: these alone, by name, with commas between them. `--rounds <n>`: so many, instead
 * of 3. `--seconds <n>`: each measurement takes so long. `--profile`: says where the time
 * of Parlance goes, and not how much it is.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { profile } from "./profile.ts";
import { connecting } from "./connecting.ts";
import { reading } from "./reading.ts";
import type { Figure, Row, Size, Stage } from "./row.ts";
import type { Built } from "./servers.ts";
import { build, startBaseline, startParlance } from "./servers.ts";
import type { Measured } from "./table.ts";
import { holds, line, table } from "./table.ts";
import { talking } from "./talking.ts";
import { freePort } from "../support/ports.ts";

// The load collects its garbage on its own thread: what is heard makes it, and servers that say more would be slowed down by it.
for (const flag of ["--no-parallel-scavenge", "--no-concurrent-marking"]) setFlagsFromString(flag);

/**
 * Rows on the same two servers. Each has servers of its own that nobody has spoken to, so that it shows the same alone and among
 * all others; those about reading share what was written once.
 */
const STAGES: readonly (readonly Row[])[] = [...[...talking, ...connecting].map((row) => [row]), reading];

const FULL: Size = { isSmall: false, seconds: 2, of: (full) => full };
const SMALL: Size = { isSmall: true, seconds: 0.3, of: (_, small) => small };

interface Options {
  readonly stages: readonly (readonly Row[])[];
  readonly rounds: number;
  readonly size: Size;
  readonly isProfiled: boolean;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      small: { type: "boolean" },
      only: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      profile: { type: "boolean" },
    },
  });
  const usual = values.small === true ? SMALL : FULL;
  const size = { ...usual, seconds: Number(values.seconds ?? usual.seconds) };
  const rounds = Number(values.rounds ?? (size.isSmall ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number of rounds");
  const all = STAGES.flat().map(({ key }) => key);
  const names = values.only?.split(",") ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`There is no row "${unknown}". Rows: ${all.join(", ")}`);
  const stages = STAGES.map((rows) => rows.filter(({ key }) => names.includes(key)));
  return { stages: stages.filter((rows) => rows.length > 0), rounds, size, isProfiled: values.profile === true };
}

/** Those rounds that count, first one side, then the other; before them, in the full size, one to warm both up. */
async function measure(row: Row, stage: Stage, rounds: number): Promise<Measured> {
  const [first, second]: [Figure[], Figure[]] = [[], []];
  const begun = performance.now();
  const seconds = (): string => `${((performance.now() - begun) / 1_000).toFixed(0)} s`;
  const sides = await row.prepare(stage);
  const prepared = seconds();
  try {
    for (let round = stage.size.isSmall ? 1 : 0; round <= rounds; round++) {
      const ended = stage.inspector === null || round < rounds ? null : await profile(stage.inspector);
      const figures = [await sides.first(), await sides.second()] as const;
      if (ended !== null) console.log(`${row.title}: ${await ended()}\n`);
      if (round === 0) continue;
      first.push(figures[0]);
      second.push(figures[1]);
    }
  } finally {
    await sides.end();
  }
  const measured = { row, first, second };
  console.error(`${row.key}: ${line(measured)} (prepared in ${prepared}, done in ${seconds()})`);
  return measured;
}

/** @throws Error where a server has logged a fault */
async function measureAll(
  rows: readonly Row[],
  built: Built,
  { rounds, size, isProfiled }: Options,
): Promise<Measured[]> {
  const baseline = await startBaseline(built);
  const inspector = isProfiled ? await freePort() : null;
  const parlance = await startParlance(built, inspector);
  const measured: Measured[] = [];
  try {
    for (const row of rows) {
      measured.push(await measure(row, { built, baseline, parlance, inspector, size }, rounds));
      const fault = [...baseline.faults, ...parlance.faults][0];
      if (fault !== undefined) throw new Error(`a server has logged a fault: ${fault}`);
    }
    return measured;
  } finally {
    await Promise.all([baseline.stop(), parlance.stop()]);
  }
}

async function main(wanted: Options): Promise<boolean> {
  const { stages, rounds, size, isProfiled } = wanted;
  const scratch = await mkdtemp(join(tmpdir(), "parlance-bench-"));
  try {
    const built = build(scratch);
    const measured: Measured[] = [];
    for (const rows of stages) measured.push(...(await measureAll(rows, built, wanted)));
    if (isProfiled) return true;
    const load = loadavg()[0]?.toFixed(1);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${load}; medians of ${rounds} rounds\n`);
    console.log(table(measured));
    return size.isSmall || measured.every(holds);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main(options())) ? 0 : 1;
} catch (thrown) {
  console.error(thrown);
  process.exitCode = 1;
}
