/** The server that is tried: the real one, on `workerd` without a proxy, on a port and a state of its own. Knows nothing of what it is asked. */

import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../support/ports.ts";

const LAUNCHER = join(import.meta.dirname, "../support/workerd.ts");
const IN_MEMORY = "/dev/shm";
const READY_WITHIN_MS = 90_000;
const STOPPED_WITHIN_MS = 10_000;

export const SETTINGS = {
  TOKEN_SECRET: "secret-of-the-fuzzed-server-aWq7",
  OPERATOR_EMAIL: "operator@fuzz",
  OPERATOR_PASSWORD: "operator-password-aWq7",
  DEFAULT_APP_OPEN: "1",
};

export class Server {
  readonly port: number;
  readonly state: string;
  /** The port of V8's inspector. */
  readonly inspector: number;
  readonly #onLine: (line: string) => void;
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  private constructor(port: number, inspector: number, state: string, onLine: (line: string) => void) {
    this.port = port;
    this.inspector = inspector;
    this.state = state;
    this.#onLine = onLine;
  }

  /**
   * Makes room for one, which does not run yet. Its state is there until {@link remove}.
   * @param onLine what it prints, line by line @param port 0: any that is free @param bytes that its state may come to
   */
  static async prepare(port: number, bytes: number, onLine: (line: string) => void): Promise<Server> {
    const inspector = await freePort();
    const state = await mkdtemp(join(await placeFor(bytes), "parlance-fuzz-"));
    return new Server(port === 0 ? await freePort() : port, inspector, state, onLine);
  }

  /** @throws Error where it is not ready in time */
  async launch(env: Readonly<Record<string, string>>): Promise<void> {
    const child = spawn(process.execPath, [LAUNCHER], {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        MINIFLARE_WORKERD_PATH: process.env["MINIFLARE_WORKERD_PATH"],
        ...SETTINGS,
        ...env,
        PORT: String(this.port),
        STATE: this.state,
        INSPECTOR: String(this.inspector),
      },
      // The channel lets it end if this process is killed; a group of its own can be ended as one.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#isEnding = false;
    this.#child = child;
    this.#exit = new Promise((ended) => child.once("close", ended));
    await new Promise<void>((ready, failed) => {
      const late = setTimeout(() => failed(new Error("The server was not ready in time.")), READY_WITHIN_MS);
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on("line", (line) => {
          if (line.startsWith("Parlance is ready")) ready();
          if (!this.#isEnding) this.#onLine(line);
        });
      }
      void this.#exit.then(() => failed(new Error("The server ended before it was ready.")));
      void this.#exit.finally(() => clearTimeout(late));
    });
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Bytes of memory of the workerd process that runs the Worker, the largest among the launcher's descendants; seconds of CPU of all of them. */
  usage(): { readonly memory: number; readonly cpu: number } {
    const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss=,cputimes=,comm="], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    const below = (parent: string): string[][] =>
      rows.flatMap((row) => (row[1] === parent ? [row, ...below(row[0] ?? "")] : []));
    const all = below(String(this.#child?.pid));
    const sizes = all.filter((row) => row[4]?.startsWith("workerd")).map((row) => Number(row[2]) * 1024);
    return { memory: Math.max(0, ...sizes), cpu: all.reduce((sum, row) => sum + Number(row[3]), 0) };
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.kill("SIGTERM");
    const impatience = setTimeout(() => endGroup(child.pid), STOPPED_WITHIN_MS);
    await this.#exit;
    clearTimeout(impatience);
    endGroup(child.pid);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.state, { recursive: true, force: true, maxRetries: 5 });
  }
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // all of it has ended
  }
}

/** In memory, where the system offers that and there is room: what is tried does not depend on the disk, and is slowed by it. */
async function placeFor(bytes: number): Promise<string> {
  const { bavail, bsize } = await statfs(IN_MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize > bytes ? IN_MEMORY : tmpdir();
}
