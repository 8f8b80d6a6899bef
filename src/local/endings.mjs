// Knows how the launcher and all that it started come to an end together.
// Must not know what was started.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { running } from "./project.mjs";

const PATIENCE_MS = 8_000;
const LOOK_AGAIN_MS = 20;
const LOOKS = 50;

/**
 * Ends what runs, and then this process with `code`, on Ctrl-C and its like.
 * @param {number} code 0 for a server: one that was told to stop has not failed
 */
export function endOnSignals(code) {
  const state = { isEnding: false };
  const end = async () => {
    if (state.isEnding) return;
    state.isEnding = true;
    await endAll();
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
  process.on("disconnect", end); // a test that started this with a channel is gone
  return state;
}

/** Asks every child to end, and makes end what doesn't: a child that is gone can leave children of its own behind. */
export async function endAll() {
  const children = [...running];
  if (children.length === 0) return;
  const before = processes();
  const ours = descendants(before, process.pid);
  for (const child of children) child.kill("SIGTERM");
  const impatience = setTimeout(() => children.forEach((child) => child.kill("SIGKILL")), PATIENCE_MS);
  await Promise.all(children.filter((child) => running.has(child)).map((child) => once(child, "exit")));
  clearTimeout(impatience);

  // What is made to end still takes its moment, and who waits for this process may look for it at once.
  for (let looks = 0; looks < LOOKS; looks++) {
    const now = processes();
    const left = ours.filter((pid) => now.has(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      // A number that bears another command by now is somebody else's, or of one that is ending.
      if (now.get(pid)?.command === before.get(pid)?.command) endNow(pid);
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** @typedef {Map<number, { parent: number, command: string }>} Processes */

/** @returns {Processes} without those that have ended and that nobody has waited for; empty where there is no `ps` */
function processes() {
  try {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    }).split("\n");
    return new Map(
      lines.flatMap((line) => {
        const [, pid, parent, stat, command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
        return pid === undefined || stat?.startsWith("Z") ? [] : [[Number(pid), { parent: Number(parent), command }]];
      }),
    );
  } catch {
    return new Map();
  }
}

/** @param {Processes} all @param {number} ancestor @returns {number[]} */
function descendants(all, ancestor) {
  const children = [...all].filter(([, { parent }]) => parent === ancestor).map(([pid]) => pid);
  return children.concat(children.flatMap((pid) => descendants(all, pid)));
}

/** @param {number} pid */
function endNow(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it went by itself
  }
}
