/**
 * `npm run fuzz`: hostile input against every route, socket and dialect of a real server on this machine.
 * `--cases 10000 --seed 1 --from 0 --lanes 8 --port 0`. A case is made of the seed and its number alone:
 * `--seed 7 --from 1234 --cases 1` plays that one again. Ends with 1 where something was found.
 */

import { parseArgs } from "node:util";
import { Run } from "./run.ts";

const number = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${text} is no number.`);
  return value;
};

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    lanes: { type: "string", default: "8" },
    port: { type: "string", default: "0" },
    only: { type: "string" },
    show: { type: "boolean", default: false },
  },
});

const run = new Run({
  cases: number("cases", values.cases),
  seed: number("seed", values.seed),
  from: number("from", values.from),
  lanes: Math.max(1, number("lanes", values.lanes)),
  port: number("port", values.port),
  only: values.only?.split(","),
  isShown: values.show,
});
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    void run.abandon().finally(() => process.exit(130));
  });
}
process.exit((await run.all()) ? 0 : 1);
