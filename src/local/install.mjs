// Knows whether the installed packages are those of package-lock.json, and how to make it so.
// Must not know which packages the project uses, but for the Node among them.

import { existsSync, readFileSync } from "node:fs";
import { Complaint, fittingNode, inProject, outerEnv, run } from "./project.mjs";
import { inTurn } from "./turn.mjs";

export async function install() {
  if (isInstalled() && existsSync(fittingNode)) return;
  await inTurn("install", async () => {
    if (!isInstalled()) {
      console.error("Installing packages…");
      await run("npm ci", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], outerEnv());
    }
    // The package `node` is fetched by an install script, which some machines forbid to run.
    if (!existsSync(fittingNode)) await run("npm rebuild node", "npm", ["rebuild", "node"], outerEnv());
    if (!existsSync(fittingNode)) throw new Complaint('The package "node" did not install: try `npm rebuild node`.');
  });
}

/**
 * npm writes what it has installed to node_modules/.package-lock.json, in the form of package-lock.json, as its last act.
 * What the lock file has more can only be optional: packages for other platforms.
 */
function isInstalled() {
  const wanted = packagesIn("package-lock.json");
  const present = packagesIn("node_modules/.package-lock.json");
  if (wanted === undefined) throw new Complaint("package-lock.json is missing.");
  if (present === undefined) return false;
  const isWanted = Object.entries(present).every(([path, found]) => wanted[path]?.version === found.version);
  return isWanted && Object.entries(wanted).every(([path, { optional }]) => path === "" || optional || path in present);
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(inProject(file), "utf8")).packages;
  } catch {
    return undefined;
  }
}
