// A running server for a test file: it ends, and its state goes, with the file at the latest. How it is run, `launch.ts` knows.

import { afterAll } from "vitest";
import type { Options, Server } from "./launch.ts";
import { launchServer } from "./launch.ts";

export type { Server } from "./launch.ts";

const servers: Server[] = [];
afterAll(async () => {
  await Promise.all(servers.splice(0).map((server) => server.remove()));
});

export async function startServer(options: Options = {}): Promise<Server> {
  const server = await launchServer(options);
  servers.push(server);
  return server;
}
