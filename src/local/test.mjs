// `npm test`: knows what must be there before the tests run, and how long they may take. Arguments go to vitest.
// With `--browser` (`npm run test:browser`): the tests that need a Chromium, which is installed where there is none; else all others.
// Must not know what is tested.

import { chromium } from "./chromium.mjs";
import { install } from "./install.mjs";
import { endAll, endOnSignals } from "./endings.mjs";
import { Complaint, ended, fittingNode, inProject, start, toolEnv } from "./project.mjs";
import { buildWeb } from "./web.mjs";

/** A test that hangs inside workerd is beyond vitest's own time-outs. */
const MINUTES = 15;

const needsBrowser = process.argv.includes("--browser");
const given = process.argv.slice(2).filter((argument) => argument !== "--browser");
const args = ["run", "--project", needsBrowser ? "browser" : "!browser", ...given];

const life = endOnSignals(1);
const timeOut = setTimeout(async () => {
  await endAll();
  console.error(`The tests took more than ${MINUTES} minutes.`);
  process.exit(1);
}, MINUTES * 60_000);

try {
  await install();
  await buildWeb();
  const env = needsBrowser ? { ...toolEnv(), CHROMIUM: await chromium() } : toolEnv();
  const vitest = start(fittingNode, [inProject("node_modules", "vitest", "vitest.mjs"), ...args], {
    env,
    stdio: "inherit",
  });
  const end = await ended(vitest);
  clearTimeout(timeOut);
  process.exitCode = end === 0 ? 0 : 1;
} catch (error) {
  clearTimeout(timeOut);
  if (!life.isEnding) {
    console.error(error instanceof Complaint ? error.message : error);
    await endAll();
    process.exitCode = 1;
  }
}
