// `npm run faults`: has everything installed, and runs `main.ts` with the project's own Node. Arguments go there.

import { endAll, endOnSignals } from "../../src/local/endings.mjs";
import { install } from "../../src/local/install.mjs";
import { Complaint, ended, fittingNode, inProject, start, toolEnv } from "../../src/local/project.mjs";

const life = endOnSignals(1);
try {
  await install();
  const args = [inProject("test", "faults", "main.ts"), ...process.argv.slice(2)];
  const child = start(fittingNode, args, { env: toolEnv(), stdio: "inherit" });
  process.exitCode = (await ended(child)) === 0 ? 0 : 1;
} catch (error) {
  if (!life.isEnding) {
    console.error(error instanceof Complaint ? error.message : error);
    await endAll();
    process.exitCode = 1;
  }
}
