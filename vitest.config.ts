// Three kinds of tests: those that run inside workerd, next to the code, those that talk to a running server, and those that
// look at the web client in a browser (`npm run test:browser`; `npm test` leaves them out).

import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const inProject = (path: string) => join(import.meta.dirname, path);

export default defineConfig({
  test: {
    // The server's log lines are shown with the tests that fail.
    silent: "passed-only",
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
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
          })),
        ],
        test: {
          name: "workers",
          include: ["test/{unit,objects,dialects}/**/*.test.ts"],
          setupFiles: ["test/setup.ts"],
          // A whole story, told many times, on two cores that others use too.
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
          // itty-durable is written in ESM without saying so in its package.json; only the optimizer makes it load.
          deps: { optimizer: { ssr: { enabled: true, include: ["itty-durable"] } } },
        },
      },
      {
        // The echo application on the Socket.IO layer, in a Worker of its own.
        plugins: [cloudflareTest({ wrangler: { configPath: inProject("test/conformance/wrangler.toml") } })],
        test: { name: "socketio", include: ["test/socketio/**/*.test.ts"], sequence: { groupOrder: 1 } },
      },
      {
        test: {
          name: "wire",
          include: ["test/wire/**/*.test.ts"],
          // A server takes seconds to start and two cores to run: one file at a time, after the others.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 30_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
