// `npm run faults -- [--only <scenario>] [--rounds <n>] [--connections <n>] [--seed <n>] [--port <n>]`: runs the scenarios one after the other, each on
// a server of its own, and ends with 1 if anything was found. Knows their names; what they do, they know.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../support/ports.ts";
import { launch } from "../wire/launch.ts";
import { crowd } from "./crowd.ts";
import { halfFrames } from "./half-frames.ts";
import { kills } from "./kills.ts";
import { findingsTable } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { slowReaders } from "./slow-readers.ts";

const WORKERD = join(import.meta.dirname, "../support/workerd.ts");
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  kills,
  "half-frames": halfFrames,
  "slow-readers": slowReaders,
  crowd,
};
/** Those that look into the heap. */
const INSPECTED: ReadonlySet<Scenario> = new Set([slowReaders]);
/** What CI runs. */
const SMALL = { rounds: "30", connections: "1000" };

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: Object.keys(SCENARIOS) },
    rounds: { type: "string", default: SMALL.rounds },
    connections: { type: "string", default: SMALL.connections },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    port: { type: "string" },
  },
});
const unknown = values.only.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join()}, but: ${Object.keys(SCENARIOS).join(", ")}`);
const wish = { rounds: Number(values.rounds), connections: Number(values.connections), seed: Number(values.seed) };

const results: string[] = [];
let total = 0;
for (const [name, scenario] of Object.entries(SCENARIOS).filter(([name]) => values.only.includes(name))) {
  const inspector = await freePort();
  const { server, end } = await launch({
    launcher: WORKERD,
    env: {
      // How fast one client may talk is for others to test.
      FRAMES_PER_SECOND: "100000",
      FRAME_BURST: "100000",
      ...(INSPECTED.has(scenario) ? { INSPECTOR: String(inspector) } : {}),
    },
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
  });
  console.log(`\n${name}, seed ${wish.seed}, state in ${server.state}`);
  const began = Date.now();
  const { findings, text } = await scenario(server, {
    ...wish,
    inspector,
    tell: (line) => console.log(`  ${line}`),
  });
  console.log(`\n${text}\n\n${findingsTable(findings)}\n`);
  const seconds = Math.round((Date.now() - began) / 1_000);
  results.push(`${name}: ${findings.total} findings in ${seconds} s`);
  total += findings.total;
  if (findings.total === 0) await end();
  else {
    await server.kill();
    writeFileSync(join(server.state, "server.log"), server.output());
    const options = Object.entries(wish).map(([option, value]) => `--${option} ${value}`);
    console.log(
      `State and log are kept in ${server.state}. Again: npm run faults -- --only ${name} ${options.join(" ")}`,
    );
  }
}
console.log(results.join("\n"));
console.log(total === 0 ? "Nothing acknowledged was lost, and nothing else was found." : `${total} findings.`);
process.exit(total === 0 ? 0 : 1);
