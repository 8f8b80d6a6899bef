/**
 * `npm run fuzz`: hostile input against every route, socket and dialect of a real server on this machine.
 * `--cases 10000 --seed 1 --from 0 --lanes 8 --port 0 --servers 1`. A case is made of the seed and its number alone:
 * `--seed 7 --from 1234 --cases 1` plays that one again. Ends with 1 where something was found.
 */

import { parseArgs } from "node:util";
import { Parts } from "./parts.ts";
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
    servers: { type: "string", default: "1" },
    only: { type: "string" },
    show: { type: "boolean", default: false },
  },
});

const options = {
  cases: number("cases", values.cases),
  seed: number("seed", values.seed),
  from: number("from", values.from),
  lanes: Math.max(1, number("lanes", values.lanes)),
  port: number("port", values.port),
  only: values.only?.split(","),
  isShown: values.show,
};
const servers = number("servers", values.servers);
if (servers > 1 && options.port !== 0) throw new Error("--port is of one server, and there are to be several.");
const run = servers > 1 ? new Parts(options, servers) : new Run(options);
let isAbandoned = false;
const abandon = (): void => {
  if (!isAbandoned) void run.abandon().finally(() => process.exit(130));
  isAbandoned = true;
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, abandon);
// A part of a larger run ends with the process that began it.
process.on("disconnect", abandon);
const played = await run.all().catch((error: unknown) => {
  // A run whose server is ended under it fails, and has to be cleared away all the same.
  if (isAbandoned) return new Promise<never>(() => {});
  throw error;
});
if (process.send !== undefined) await new Promise((told) => process.send?.(played, told));
process.exit(played.found === 0 ? 0 : 1);
