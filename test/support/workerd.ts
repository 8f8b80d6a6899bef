/**
 * A launcher like `npm start`'s, of the bundle that a deployment has, on `workerd` itself: no proxy stands before it that
 * would answer in its place. Takes PORT, STATE, the settings and, where one is wanted,
 * the port of an INSPECTOR from the environment; puts
 * the bundle into STATE, and uses it from then on. Prints what the server prints. Knows nothing of what is asked of it.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { bundleParlance, makeTables, parlanceOptions } from "./deployment.ts";

const SETTINGS = [
  "TOKEN_SECRET",
  "OPERATOR_EMAIL",
  "OPERATOR_PASSWORD",
  "DEFAULT_APP_OPEN",
  "FRAMES_PER_SECOND",
  "FRAME_BURST",
];

const { PORT: port = "", STATE: state = "", INSPECTOR: inspector } = process.env;
const data = join(state, "v3");
const isNew = !existsSync(data);
const built = isNew ? bundleParlance(state) : join(state, "parlance");
const bindings = Object.fromEntries(SETTINGS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

const server = new Miniflare(
  convertV4MiniflareOptions({
    compatibilityDate: "2026-10-01",
    host: "127.0.0.1",
    port: Number(port),
    modules: true,
    cf: false,
    ...(inspector === undefined ? {} : { inspectorPort: Number(inspector) }),
    resourcePersistencePath: data,
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
      level === "error" ? console.error(message) : console.log(message),
    // Tenants' systems may run on this machine too.
    ...parlanceOptions(built, { ...bindings, DEVELOPMENT: "1" }),
  } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]),
);
const end = (): void => void server.dispose().finally(() => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
// Who started it is gone.
process.once("disconnect", end);

await server.ready;
if (isNew) await makeTables(await server.getD1Database("DB"));
console.log(`Parlance is ready at http://127.0.0.1:${port}`);
