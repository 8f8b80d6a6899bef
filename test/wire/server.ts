// Servers for the tests of a file: one of its own, or one that the files of the project share. Knows nothing of what they serve.

import { afterAll, inject } from "vitest";
import type { Address, Options, Server } from "./launch.ts";
import { launch } from "./launch.ts";

export type { Address, Server } from "./launch.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where to ask for what is shared: see host.ts. */
    readonly host: string;
  }
}

const endings: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

interface Own extends Options {
  /** Begins without a state, as a user does: its tables are still to be made. */
  readonly isNew?: boolean;
}

/** Starts a server that ends, and whose state goes, with the test file at the latest. */
export async function startServer({ isNew = false, ...options }: Own = {}): Promise<Server> {
  const hasTables = isNew || options.fromScratch === true || options.launcher !== undefined;
  const template = hasTables ? {} : { template: await shared<string>("template") };
  const { server, end } = await launch({ ...template, ...options });
  endings.push(end);
  return server;
}

/** The server that files share who leave alone what is not their own: its users, apps and chats are not the first. */
export const sharedServer = (): Promise<Address> => shared("server");

/** The same, of the echo application. */
export const sharedEcho = (): Promise<Address> => shared("echo");

async function shared<What>(name: string): Promise<What> {
  const response = await fetch(`${inject("host")}/${name}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as What;
}
