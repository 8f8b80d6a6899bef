/**
 * `npm run cost`: prints the page of costs and writes it to `docs/cost.md`. With `--check` it only says whether the page is
 * that already; with `--count` it has the tests count everything anew (minutes), for the next run to make the page of.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page.ts";
import { recount } from "./recount.ts";

const FILE = join(import.meta.dirname, "../../docs/cost.md");

const option = process.argv[2];
const text = page();
if (option === "--count") {
  await recount();
  console.log("test/cost/counts.ts is written: `npm run cost` makes the page of it");
} else if (option !== "--check") {
  writeFileSync(FILE, text);
  process.stdout.write(text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("docs/cost.md is not what its counts and prices make of it: run `npm run cost`");
  process.exitCode = 1;
}
