// `node src/local/run.mjs <script> …`: has everything installed, and runs a script of the project with the project's own Node.
// Knows nothing of what the script does; what comes after its name goes there.

import { endAll, endOnSignals } from "./endings.mjs";
import { install } from "./install.mjs";
import { Complaint, ended, fittingNode, inProject, start, toolEnv } from "./project.mjs";

const life = endOnSignals(1);
try {
  await install();
  const [script = "", ...args] = process.argv.slice(2);
  const child = start(fittingNode, [inProject(script), ...args], { env: toolEnv(), stdio: "inherit" });
  process.exitCode = (await ended(child)) === 0 ? 0 : 1;
} catch (error) {
  if (!life.isEnding) {
    console.error(error instanceof Complaint ? error.message : error);
    await endAll();
    process.exitCode = 1;
  }
}
