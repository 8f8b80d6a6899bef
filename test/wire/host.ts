// What the files of a project share, each made when the first of them asks for it: servers, and a state that has its tables.
// Set up by vitest once for the project, in its own process; the files ask over HTTP, since they are run by others.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { launch } from "./launch.ts";
import type { Launched } from "./launch.ts";

const TEMPLATE = join(import.meta.dirname, "template.mjs");
export const ECHO = join(import.meta.dirname, "../conformance/serve.mjs");

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const endings: (() => Promise<void>)[] = [];

  const shared = {
    /** A folder of a state whose tables are made: making them takes wrangler seconds. */
    async template(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), "parlance-template-"));
      endings.push(() => rm(folder, { recursive: true, force: true }));
      await promisify(execFile)(process.execPath, [TEMPLATE, folder]);
      return folder;
    },
    async server(): Promise<Launched["server"]> {
      return run(launch({ template: (await once("template")) as string }));
    },
    echo: () => run(launch({ launcher: ECHO })),
  };
  async function run(launching: Promise<Launched>): Promise<Launched["server"]> {
    const { server, end } = await launching;
    endings.push(end);
    return server;
  }

  const made = new Map<string, Promise<unknown>>();
  function once(name: keyof typeof shared): Promise<unknown> {
    const known = made.get(name) ?? shared[name]();
    made.set(name, known);
    return known;
  }
  const isShared = (name: string): name is keyof typeof shared => Object.hasOwn(shared, name);

  const door = createServer((request, response) => {
    const name = request.url?.slice(1) ?? "";
    const answer = isShared(name) ? once(name) : Promise.reject(new Error(`${name} is not shared`));
    answer.then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((listening) => door.listen(0, "127.0.0.1", listening));
  project.provide("host", `http://127.0.0.1:${(door.address() as AddressInfo).port}`);
  return async () => {
    door.close();
    await Promise.allSettled(made.values());
    await Promise.all(endings.map((end) => end()));
  };
}
