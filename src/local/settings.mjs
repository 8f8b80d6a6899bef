// Knows the settings that a local server runs with: .dev.vars, and what the environment says instead for one run.
// Must not know what the Worker makes of them. A secret is never put on a command line, where `ps` shows it.

import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { Complaint, inProject } from "./project.mjs";
import { inTurn } from "./turn.mjs";

const NAMES = /** @type {const} */ ([
  "TOKEN_SECRET",
  "OPERATOR_EMAIL",
  "OPERATOR_PASSWORD",
  "DEFAULT_APP_OPEN",
  "PUBLIC_URL",
  "FRAMES_PER_SECOND",
  "FRAME_BURST",
]);
/** Those that a server does without. */
const OPTIONAL = new Set(["PUBLIC_URL", "FRAMES_PER_SECOND", "FRAME_BURST"]);
/** With these from the environment, nothing is left that .dev.vars would have to say. */
const NEEDED = NAMES.filter((name) => !OPTIONAL.has(name));

const secret = (bytes = 32) => randomBytes(bytes).toString("base64url");

/**
 * @param {string} state the folder of the server's state
 * @returns {Promise<{ args: string[], operator: { email: string, password: string } | undefined, isOperatorNew: boolean }>}
 *   what to tell wrangler, and who may log in as operator
 */
export async function settings(state) {
  const fromEnvironment = Object.fromEntries(
    NAMES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])), // an empty one counts as none
  );
  const { kept, isNew } = await inTurn("settings", async () => keep(fromEnvironment));
  const all = { ...kept, ...fromEnvironment };
  const { OPERATOR_EMAIL: email, OPERATOR_PASSWORD: password } = all;
  return {
    args: [
      // Tenants' systems may run on this machine too.
      "--var",
      "DEVELOPMENT:1",
      ...(Object.keys(fromEnvironment).length > 0 ? ["--env-file", writeForRun(state, all)] : []),
    ],
    operator: email && password ? { email, password } : undefined,
    isOperatorNew: isNew && !("OPERATOR_EMAIL" in fromEnvironment) && !("OPERATOR_PASSWORD" in fromEnvironment),
  };
}

/**
 * Reads .dev.vars, and makes or completes it first where that is needed.
 * @param {Record<string, string | undefined>} fromEnvironment
 */
function keep(fromEnvironment) {
  const file = inProject(".dev.vars");
  const isNew = !existsSync(file) && !NEEDED.every((name) => name in fromEnvironment);
  if (isNew) {
    const lines = [
      "# Settings of the local server, made by `npm start`. A deployment has its own: `wrangler secret put`.",
      `TOKEN_SECRET=${secret()}`,
      "OPERATOR_EMAIL=operator@localhost",
      `OPERATOR_PASSWORD=${secret(12)}`,
      "DEFAULT_APP_OPEN=1",
    ];
    writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  } else if (existsSync(file) && !read(file)["TOKEN_SECRET"]) {
    appendFileSync(file, `\nTOKEN_SECRET=${secret()}\n`);
  }
  return { kept: existsSync(file) ? read(file) : {}, isNew };
}

/** @param {string} file */
const read = (file) => parseEnv(readFileSync(file, "utf8"));

/**
 * wrangler reads either .dev.vars or the files it is given, so this one holds both.
 * @param {string} state
 * @param {Record<string, string | undefined>} all
 */
function writeForRun(state, all) {
  mkdirSync(state, { recursive: true });
  const file = join(state, "settings.env");
  const lines = Object.entries(all).map(([name, value]) => `${name}=${quote(name, value ?? "")}`);
  rmSync(file, { force: true }); // the mode counts only where a file is made
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  return file;
}

/**
 * The format has no escapes for quotes, only three kinds of them; a dollar sign would be expanded.
 * @param {string} name
 * @param {string} value
 */
function quote(name, value) {
  const mark = ["'", "`", '"'].find((each) => !value.includes(each));
  if (mark === undefined || /[\r\n]|\\$/.test(value)) {
    throw new Complaint(
      `${name} holds a line break, ends in a backslash, or holds all of ' \` " at once: choose another.`,
    );
  }
  if (mark === '"' && /\\[nr]/.test(value)) throw new Complaint(`${name} holds quotes and \\n or \\r: choose another.`);
  return mark + value.replaceAll("$", "\\$") + mark;
}
