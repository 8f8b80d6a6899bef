// Knows how the migrations get into the local D1 of one state folder.
// Must not know what they say.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fittingNode, inProject, run, toolEnv } from "./project.mjs";

export const wrangler = inProject("node_modules", "wrangler", "bin", "wrangler.js");

/** @param {string} state */
export const isNewState = (state) => !existsSync(join(state, "v3", "d1"));

/** Asking wrangler takes seconds, so a state folder notes which migrations it has. @param {string} state */
export async function migrate(state) {
  const note = join(state, "migrations.sha256");
  const wanted = fingerprint(inProject("migrations"));
  if (!isNewState(state) && existsSync(note) && readFileSync(note, "utf8") === wanted) return;
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", state];
  await run("The migration of the local D1", fittingNode, [wrangler, ...args], toolEnv());
  writeFileSync(note, wanted);
}

/** @param {string} folder */
function fingerprint(folder) {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).toSorted()) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}
