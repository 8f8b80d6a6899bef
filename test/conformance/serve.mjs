// `npm run conformance:socketio`: serves the echo applications in workerd, on port 3000 (or PORT) until it is stopped.
// Must not know what they do.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endAll, endOnSignals } from "../../src/local/endings.mjs";
import { ended, inProject } from "../../src/local/project.mjs";
import { checkPortIsFree, serve, untilReady } from "../../src/local/serve.mjs";

const life = endOnSignals(0);
const port = Number(process.env["PORT"] || "3000");
const kept = process.env["STATE"];
const state = kept || mkdtempSync(join(tmpdir(), "parlance-echo-"));
if (!kept) process.once("exit", () => rmSync(state, { recursive: true, force: true }));

try {
  await checkPortIsFree("127.0.0.1", port);
  const config = ["--config", inProject("test", "conformance", "wrangler.toml")];
  const child = serve({ host: "127.0.0.1", port, state, args: config }, life);
  await untilReady(child, `http://127.0.0.1:${port}`);
  console.log(`The echo application is ready at http://127.0.0.1:${port}`);
  throw new Error(`The server ended by itself (${await ended(child)}).`);
} catch (error) {
  if (!life.isEnding) {
    console.error(error);
    await endAll();
    process.exit(1);
  }
}
