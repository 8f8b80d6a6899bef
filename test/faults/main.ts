// `npm run faults -- [--only <scenario>] [--rounds <n>] [--seed <n>] [--port <n>]`: runs the scenarios one after the other, each on
// a server of its own, and ends with 1 if anything was found. Knows their names; what they do, they know.

import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { launchServer } from "../wire/launch.ts";
import { kills } from "./kills.ts";
import { Random } from "./random.ts";
import { report } from "./report.ts";

const CI_ROUNDS = 30;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: String(CI_ROUNDS) },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    port: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);

const server = await launchServer({
  // How fast one client may talk is for others to test.
  env: { FRAMES_PER_SECOND: "100000", FRAME_BURST: "100000" },
  port: values.port === undefined ? await portBelowEphemeral(new Random(Date.now())) : Number(values.port),
});
console.log(`Seed ${seed}, state in ${server.state}`);
const began = Date.now();
const outcome = await kills(server, { rounds, seed, tell: (line) => console.log(line) });
console.log(`\n${report(outcome)}\n`);
const seconds = Math.round((Date.now() - began) / 1_000);
if (outcome.findings.total === 0) {
  await server.remove();
  console.log(`${rounds} kills in ${seconds} s: nothing acknowledged was lost, nothing else was found.`);
} else {
  await server.kill();
  console.log(`${outcome.findings.total} findings in ${rounds} kills. Again: npm run faults -- --rounds ${rounds} --seed ${seed}`);
  console.log(`The state is kept in ${server.state}`);
}
process.exit(outcome.findings.total === 0 ? 0 : 1);

/**
 * While a server is down, its clients dial its port. Were that one of those that the system gives to outgoing connections, one
 * of them would meet itself sooner or later, and hold the port.
 */
async function portBelowEphemeral(random: Random): Promise<number> {
  for (;;) {
    const port = random.between(20_000, 29_999);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    await new Promise((closed) => probe.close(closed));
    if (isFree) return port;
  }
}
