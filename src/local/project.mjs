// Knows where the project lies on the disk and how to run its tools with the Node that it brings along.
// Must not know what those tools are for. Runs on a bare Node 20, so only `node:` modules, here and in this folder.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** @param {...string} parts */
export const inProject = (...parts) => join(root, ...parts);

/** The Node of the devDependencies: wrangler refuses the Node 20 that many machines still have. */
export const fittingNode = inProject("node_modules", "node", "bin", "node");

const binFolders = [dirname(fittingNode), inProject("node_modules", ".bin")];

/** PATH without this project's own tools. `npm ci` deletes them, so it must not depend on them. */
const outerPath = () =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !binFolders.includes(folder))
    .join(delimiter);

export const outerEnv = () => ({ ...process.env, PATH: outerPath() });

/**
 * A newer workerd than the one that wrangler brings along, which does not count what readers have not taken. An optional
 * package, as it is not there for every platform.
 */
const newerRuntime = inProject(
  "node_modules",
  "@cloudflare",
  `workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}`,
  "bin",
  "workerd",
);

/** For the project's own tools: its Node first, its workerd, and nothing that calls home. */
export const toolEnv = () => ({
  ...(existsSync(newerRuntime) ? { MINIFLARE_WORKERD_PATH: newerRuntime } : {}),
  ...process.env,
  PATH: [...binFolders, outerPath()].join(delimiter),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Traces of every request, in the state: they cost as much as the requests, and an address may hold a token.
  X_LOCAL_OBSERVABILITY: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
});

/** What the user can put right: its message alone is shown, without a stack. */
export class Complaint extends Error {}

/** Children that are running, so that a signal can end them all. @type {Set<import("node:child_process").ChildProcess>} */
export const running = new Set();

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 */
export function start(command, args, options) {
  const child = spawn(command, args, { cwd: root, ...options });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/**
 * Runs a command to its end and says nothing unless it fails.
 * @param {string} what it does, for the complaint
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export async function run(what, command, args, env) {
  const child = start(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  const end = await ended(child);
  if (end !== 0) throw new Complaint(`${stripVTControlCharacters(output).trimEnd()}\n${what} failed (${end}).`);
}

const LAST_WORDS_MS = 1_000;

/**
 * Waits for what the child has written, too, but not long: a grandchild may hold on to the pipes.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number | string>} the exit code, or what stopped it
 */
export const ended = (child) =>
  new Promise((done) => {
    const tell = () => done(child.exitCode ?? child.signalCode ?? "unknown");
    const tellSoon = () => setTimeout(tell, LAST_WORDS_MS);
    if (child.exitCode !== null || child.signalCode !== null) tellSoon();
    child.once("error", (error) => done(error.message));
    child.once("exit", tellSoon);
    child.once("close", tell);
  });
