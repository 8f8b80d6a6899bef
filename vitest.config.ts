// Three kinds of tests: those that run inside workerd, next to the code, those that talk to a running server, and those that
// look at the web client in a browser (`npm run test:browser`; `npm test` leaves them out).

import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** Only a test that fails waits to the end: a second, as it would be else, is a hiccup of a machine that others use too. */
const PATIENT = { poll: { timeout: 20_000, interval: 20 } };

const inProject = (path: string) => join(import.meta.dirname, path);

/** vitest leaves one to itself, which has little to do. */
const BOTH_CORES = 2;

/** Runs the tests inside workerd. */
const worker = cloudflareTest(async () => ({
  wrangler: { configPath: inProject("wrangler.toml") },
  miniflare: {
    bindings: {
      // Said here, so that a .dev.vars of this clone changes nothing.
      TOKEN_SECRET: "a secret for tests alone, of a fitting length",
      OPERATOR_EMAIL: "operator@test",
      OPERATOR_PASSWORD: "operator password",
      DEFAULT_APP_OPEN: "1",
      DEVELOPMENT: "1",
      TEST_MIGRATIONS: await readD1Migrations(inProject("migrations")),
    },
  },
}));
/** itty-durable is written in ESM without saying so in its package.json; only the optimizer makes it load. */
const deps = { optimizer: { ssr: { enabled: true, include: ["itty-durable"] } } };

export default defineConfig({
  test: {
    // The server's log lines are shown with the tests that fail.
    silent: "passed-only",
    projects: [
      {
        plugins: [worker],
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // They touch nothing that another could find, so they need no workerd each.
          isolate: false,
          maxWorkers: BOTH_CORES,
          testTimeout: 60_000,
          expect: PATIENT,
          sequence: { groupOrder: 1 },
          deps,
        },
      },
      {
        plugins: [worker],
        test: {
          name: "workers",
          include: ["test/{objects,dialects}/**/*.test.ts"],
          setupFiles: ["test/setup.ts"],
          maxWorkers: BOTH_CORES,
          // A whole story, told many times, on two cores that others use too.
          testTimeout: 60_000,
          expect: PATIENT,
          sequence: { groupOrder: 1 },
          deps,
        },
      },
      {
        // The echo application on the Socket.IO layer, in a Worker of its own.
        plugins: [cloudflareTest({ wrangler: { configPath: inProject("test/conformance/wrangler.toml") } })],
        test: {
          name: "socketio",
          include: ["test/socketio/**/*.test.ts"],
          maxWorkers: BOTH_CORES,
          testTimeout: 60_000,
          expect: PATIENT,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "wire",
          expect: PATIENT,
          globalSetup: ["test/wire/host.ts"],
          include: ["test/wire/**/*.test.ts"],
          // Servers take long to start, and then wait for their clients: two files at a time, after the others.
          maxWorkers: BOTH_CORES,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "browser",
          expect: PATIENT,
          globalSetup: ["test/wire/host.ts"],
          include: ["test/browser/**/*.test.ts"],
          maxWorkers: BOTH_CORES,
          sequence: { groupOrder: 3 },
          testTimeout: 150_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
