// Knows how the web client gets from src/web to dist/web, where the Worker's assets are.
// Must not know what is in it.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { addApiPages } from "./api-pages.mjs";
import { fittingNode, inProject, run, toolEnv } from "./project.mjs";
import { inTurn } from "./turn.mjs";

const target = inProject("dist", "web");

/** wrangler and the test plugin refuse to run without the folder, be it empty. */
export const makeWebFolder = () => mkdirSync(target, { recursive: true });

/** Builds beside the target and moves only what differs: another server of this clone may be serving from there. */
export async function buildWeb() {
  makeWebFolder();
  const fresh = inProject("dist", `.web-${process.pid}`);
  try {
    const vite = inProject("node_modules", "vite", "bin", "vite.js");
    const args = ["build", inProject("src", "web"), "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"];
    await run("The build of the web client", fittingNode, [vite, ...args], toolEnv());
    addApiPages(fresh);
    await inTurn("web", async () => moveChanges(fresh, target));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** @param {string} from @param {string} to */
function moveChanges(from, to) {
  const built = filesIn(from);
  // Pages last: they name the other files.
  for (const file of built.toSorted((a, b) => Number(a.endsWith(".html")) - Number(b.endsWith(".html")))) {
    if (existsSync(join(to, file)) && readFileSync(join(from, file)).equals(readFileSync(join(to, file)))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    renameSync(join(from, file), join(to, file));
  }
  for (const file of filesIn(to)) if (!built.includes(file)) rmSync(join(to, file));
}

/** @param {string} folder */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
