/** Has the tests count everything anew, and writes what they counted into `counts.ts`. Knows the tests' titles: `dialect.act`. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Count, Counted, Dialect } from "./counts.ts";
import { COUNTS } from "./counts.ts";

const PROJECT = join(import.meta.dirname, "../..");
const FILE = join(import.meta.dirname, "counts.ts");
const TESTS = ["test/objects/cost-dialects.test.ts", "test/objects/cost-groups.test.ts"];
const MARKED = /( *\/\/ counted: begin\n)[^]*?( *\/\/ counted: end\n)/;

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          title: z.string(),
          meta: z.object({ counted: z.record(z.string(), z.number()).optional() }).optional(),
        }),
      ),
    }),
  ),
});

/** What was counted, by `dialect.act`. Tests that fail because a figure is another are what this is for. */
async function countAll(): Promise<Map<string, Count>> {
  const folder = mkdtempSync(join(tmpdir(), "parlance-cost-"));
  try {
    const report = join(folder, "report.json");
    const args = ["src/local/test.mjs", "--project", "workers", ...TESTS, "--reporter=json", `--outputFile=${report}`];
    await once(spawn(process.execPath, args, { cwd: PROJECT, stdio: "ignore" }), "exit");
    const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
    const tests = testResults.flatMap((one) => one.assertionResults);
    return new Map(
      tests.flatMap(({ title, meta }) =>
        meta?.counted === undefined ? [] : [[title.split(":")[0] ?? "", meta.counted] as const],
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const written = (count: Count): string =>
  `{ ${Object.entries(count)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ")} }`;

/** @throws Error where something was not counted */
export async function recount(): Promise<void> {
  const counted = await countAll();
  const lines = (Object.entries(COUNTS) as [Dialect, Counted][]).flatMap(([dialect, acts]) => [
    `  ${dialect}: {`,
    ...Object.keys(acts).map((act) => {
      const count = counted.get(`${dialect}.${act}`);
      if (count === undefined) throw new Error(`${dialect}.${act} was not counted; its test says why`);
      return `    ${act}: ${written(count)},`;
    }),
    "  },",
  ]);
  const source = readFileSync(FILE, "utf8");
  writeFileSync(FILE, source.replace(MARKED, `$1${lines.join("\n")}\n$2`));
}
