// `npm start`: knows the order in which a local server comes up, and what the user is told.
// Must not know how each step is done. `--prepared` leaves out installing and building, for tests that start many servers.

import { resolve } from "node:path";
import { isNewState, migrate } from "./database.mjs";
import { endAll, endOnSignals } from "./endings.mjs";
import { install } from "./install.mjs";
import { Complaint, ended, root } from "./project.mjs";
import { checkPortIsFree, serve, untilReady } from "./serve.mjs";
import { settings } from "./settings.mjs";
import { buildWeb, makeWebFolder } from "./web.mjs";

const isPrepared = process.argv.includes("--prepared");
const life = endOnSignals(0);

try {
  const host = process.env["HOST"] || "127.0.0.1";
  const port = portFrom(process.env["PORT"] || "8787");
  const state = resolve(root, process.env["STATE"] || ".wrangler/state");
  const url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;

  await checkPortIsFree(host, port);
  if (!isPrepared) await install();
  const { args, operator, isOperatorNew } = await settings(state);
  const isFirstRun = isNewState(state);
  makeWebFolder();
  await Promise.all([isPrepared || buildWeb(), migrate(state)]);

  const child = serve({ host, port, state, args }, life);
  await untilReady(child, url);
  console.log(`Parlance is ready at ${url}`);
  if (operator && (isOperatorNew || isFirstRun)) {
    console.log(`The operator's login: ${operator.email}`);
    console.log(
      process.env["OPERATOR_PASSWORD"] ? "Password: as given in OPERATOR_PASSWORD" : `Password: ${operator.password}`,
    );
  }
  const end = await ended(child);
  throw new Complaint(`The server ended by itself (${end}).`);
} catch (error) {
  if (!life.isEnding) {
    console.error(error instanceof Complaint ? error.message : error);
    await endAll();
    process.exit(1);
  }
}

/** @param {string} text */
function portFrom(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Complaint(`PORT=${text} is no port.`);
  return port;
}
