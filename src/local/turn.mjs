// Knows how processes of one clone take turns at what must not be done twice at a time.
// Must not know what that is.

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inProject } from "./project.mjs";

const LOOK_AGAIN_MS = 100;

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTurn(name, work) {
  const folder = inProject(".wrangler", "turns");
  mkdirSync(folder, { recursive: true });
  const turn = `${folder}/${name}`;
  while (!take(turn)) {
    if (!isAlive(holder(turn))) rmSync(turn, { force: true });
    else await sleep(LOOK_AGAIN_MS);
  }
  // A process that leaves in the middle gives its turn back at once; a killed one is found out by its number.
  const giveBack = () => rmSync(turn, { force: true });
  process.once("exit", giveBack);
  try {
    return await work();
  } finally {
    process.off("exit", giveBack);
    giveBack();
  }
}

/** Linking a file that is already written makes the turn appear whole or not at all. @param {string} turn */
function take(turn) {
  const mine = `${turn}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, turn);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param {string} turn */
function holder(turn) {
  try {
    return Number(readFileSync(turn, "utf8"));
  } catch {
    return Number.NaN; // given back in the meantime
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
