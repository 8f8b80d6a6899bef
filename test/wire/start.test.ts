import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startServer } from "./server.ts";

const health = async (url: string) => {
  const answer = await fetch(`${url}/health`);
  return { status: answer.status, body: await answer.json() };
};
const healthy = { status: 200, body: { status: "ok" } };

describe("npm start", () => {
  test("a server starts, is healthy, ends with code 0 on SIGTERM and leaves no process behind", async () => {
    const server = await startServer({ fromScratch: true });
    expect(await health(server.url)).toEqual(healthy);
    expect(server.processes()).not.toEqual([]);

    expect(await server.stop()).toBe(0);
    expect(server.processes()).toEqual([]);
    await expect(health(server.url)).rejects.toThrow();
  });

  test("a server that was killed starts again on the same state", async () => {
    const server = await startServer();
    await server.kill();
    expect(server.processes()).toEqual([]);

    await server.restart();
    expect(await health(server.url)).toEqual(healthy);
    expect(await server.stop()).toBe(0);
  });

  test("two servers of one clone start side by side, and the end of one does not touch the other", async () => {
    const [one, other] = await Promise.all([startServer({ fromScratch: true }), startServer({ fromScratch: true })]);
    expect(await health(one.url)).toEqual(healthy);
    expect(await health(other.url)).toEqual(healthy);

    expect(await one.stop()).toBe(0);
    expect(await health(other.url)).toEqual(healthy);
    expect(await other.stop()).toBe(0);
  });

  test("the operator's login is announced where the state is new, and a password from the environment is not shown", async () => {
    const server = await startServer({
      isNew: true,
      env: { OPERATOR_EMAIL: "me@example.org", OPERATOR_PASSWORD: "not to be shown" },
    });
    await expect.poll(() => server.output()).toContain("me@example.org");
    await server.stop();
    expect(server.output()).not.toContain("not to be shown");
  });

  test("a taken port is a clear message and exit code 1", async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";

    const launcher = join(import.meta.dirname, "../../src/local/start.mjs");
    const { status, stderr } = spawnSync(process.execPath, [launcher, "--prepared"], {
      env: { ...process.env, PORT: port },
      encoding: "utf8",
    });
    taken.close();
    expect(status).toBe(1);
    expect(stderr).toContain(`Port ${port} is taken`);
  });
});
