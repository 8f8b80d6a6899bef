// Knows how to run the Worker locally, and when it answers.
// Must not know what has to be prepared first, nor what to tell the user.

import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { wrangler } from "./database.mjs";
import { Complaint, ended, fittingNode, inProject, start, toolEnv } from "./project.mjs";

const LOOK_AGAIN_MS = 50;
const PATIENCE_MS = 60_000;

/** @typedef {{ host: string, port: number, state: string, args: string[] }} Place */

/**
 * wrangler's greeting and its line for each request are dropped; what the Worker logs is JSON and passes, as does stderr.
 * @param {Place} place
 * @param {{ isEnding: boolean }} life what wrangler's parts have to say about being ended is noise
 */
export function serve({ host, port, state, args }, life) {
  const leash = ["--import", inProject("src", "local", "end-with-parent.mjs")];
  const where = ["--ip", host, "--port", String(port), "--inspector-port", "0", "--persist-to", state];
  const how = ["--local", "--show-interactive-dev-session=false", ...args];
  const child = start(fittingNode, [...leash, wrangler, "dev", ...where, ...how], {
    // Servers of one clone would find each other in a common registry.
    env: { ...toolEnv(), WRANGLER_REGISTRY_PATH: join(state, "registry") },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("no pipes");
  createInterface({ input: stdout }).on("line", (line) => line.startsWith("{") && console.log(line));
  createInterface({ input: stderr }).on("line", (line) => {
    if (!life.isEnding) console.error(process.stderr.isTTY ? line : stripVTControlCharacters(line));
  });
  return child;
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} url
 */
export async function untilReady(child, url) {
  /** @type {number | string | undefined} */
  let end;
  void ended(child).then((how) => (end = how));
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isHealthy(url))) {
    if (end !== undefined) throw new Complaint(`The server ended before it was ready (${end}).`);
    if (Date.now() > deadline) throw new Complaint(`The server did not answer ${url}/health within a minute.`);
    await sleep(LOOK_AGAIN_MS);
  }
}

/** @param {string} url */
async function isHealthy(url) {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false; // not listening yet
  }
}

/** wrangler would say so in its own way, and late. @param {string} host @param {number} port */
export async function checkPortIsFree(host, port) {
  const probe = createServer();
  try {
    await new Promise((listening, refused) => {
      probe.once("error", refused).listen({ host, port, exclusive: true }, () => listening(undefined));
    });
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Complaint(
      code === "EADDRINUSE"
        ? `Port ${port} is taken: end what uses it, or choose another (PORT=8788 npm start).`
        : `Can't listen on ${host}:${port} (${code}).`,
    );
  }
  await new Promise((closed) => probe.close(closed));
}
