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
import { build, startBaseline, startParlance } from "./servers.ts";
import type { Measured } from "./table.ts";
import { holds, line, table } from "./table.ts";
import { talking } from "./talking.ts";
import { freePort } from "../support/ports.ts";

// The load collects its garbage on its own thread: what is heard makes it, and servers that say more would be slowed down by it.
for (const flag of ["--no-parallel-scavenge", "--no-concurrent-marking"]) setFlagsFromString(flag);

const ROWS: readonly Row[] = [...talking, ...connecting, ...reading];

const FULL: Size = { isSmall: false, seconds: 2, of: (full) => full };
const SMALL: Size = { isSmall: true, seconds: 0.3, of: (_, small) => small };

interface Options {
  readonly rows: readonly Row[];
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
  const names = values.only?.split(",") ?? ROWS.map(({ key }) => key);
  const rows = names.map((name) => {
    const row = ROWS.find(({ key }) => key === name);
    if (row === undefined) throw new Error(`There is no row "${name}". Rows: ${ROWS.map(({ key }) => key).join(", ")}`);
    return row;
  });
  return { rows, rounds, size, isProfiled: values.profile === true };
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

async function main({ rows, rounds, size, isProfiled }: Options): Promise<boolean> {
  const scratch = await mkdtemp(join(tmpdir(), "parlance-bench-"));
  const built = build(scratch);
  const baseline = await startBaseline(built);
  const inspector = isProfiled ? await freePort() : null;
  const parlance = await startParlance(built, inspector);
  try {
    const measured: Measured[] = [];
    for (const row of rows) {
      measured.push(await measure(row, { built, baseline, parlance, inspector, size }, rounds));
      const fault = [...baseline.faults, ...parlance.faults][0];
      if (fault !== undefined) throw new Error(`a server has logged a fault: ${fault}`);
    }
    if (isProfiled) return true;
    const load = loadavg()[0]?.toFixed(1);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${load}; medians of ${rounds} rounds\n`);
    console.log(table(measured));
    return size.isSmall || measured.every(holds);
  } finally {
    await Promise.all([baseline.stop(), parlance.stop()]);
    await rm(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main(options())) ? 0 : 1;
} catch (thrown) {
  console.error(thrown);
  process.exitCode = 1;
}
