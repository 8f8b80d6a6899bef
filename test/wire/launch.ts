// Runs the server as a user does, by its launcher, each on a port and a state of its own. Knows nothing of what it serves,
// nor of the tests: who launches ends.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/ports.ts";

const START = join(import.meta.dirname, "../../src/local/start.mjs");
const READY_WITHIN_MS = 60_000;

/** All settings, so that no test makes or reads a .dev.vars in the clone. */
const settings = {
  TOKEN_SECRET: "a secret for tests alone, of a fitting length",
  OPERATOR_EMAIL: "operator@test",
  OPERATOR_PASSWORD: "operator password",
  DEFAULT_APP_OPEN: "1",
};

/** Where a server is, for those who talk to it. */
export interface Address {
  readonly url: string;
  readonly wsUrl: string;
  readonly operator: { readonly email: string; readonly password: string };
}

export interface Server extends Address {
  readonly port: number;
  /** The folder of its state. */
  readonly state: string;
  /** What it has printed since it was first started. */
  output(): string;
  /** SIGTERM to the launcher, as Ctrl-C would do; the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the whole process group, as when the power fails. */
  kill(): Promise<void>;
  /** Starts it again, after `stop` or `kill`, with the same port, state and settings. */
  restart(): Promise<void>;
  /** The processes of its group that live. */
  processes(): string[];
}

export interface Options {
  /** Instead of, or besides, the settings that all tests share. */
  readonly env?: Readonly<Record<string, string>>;
  /** Installs and builds first, as `npm start` does; `npm test` has done both already. */
  readonly fromScratch?: boolean;
  /** Another program than `npm start`'s, that says in the same way when it is ready. */
  readonly launcher?: string;
  /** Instead of one that the system has free. */
  readonly port?: number;
  /** A folder whose state it begins with, instead of none. */
  readonly template?: string;
  /** Changes its state before it is started for the first time. */
  readonly prepare?: (state: string) => void;
}

export interface Launched {
  readonly server: Server;
  /** Kills it, and takes its state away. */
  readonly end: () => Promise<void>;
}

/** Ready when this resolves. @throws Error with what it printed, where it is not ready within a minute */
export async function launch({
  env = {},
  fromScratch = false,
  launcher = START,
  template,
  prepare,
  port: wanted,
}: Options = {}): Promise<Launched> {
  const port = wanted ?? (await freePort());
  const state = await mkdtemp(join(tmpdir(), "parlance-"));
  const args = fromScratch ? [launcher] : [launcher, "--prepared"];
  let output = "";
  let child: ChildProcess | undefined;
  let exit: Promise<number | null> = Promise.resolve(null);

  const start = async () => {
    const started = spawn(process.execPath, args, {
      env: { ...outerEnv(), ...settings, ...env, PORT: String(port), STATE: state },
      // The channel lets the server end if the tests' process is killed.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    child = started;
    exit = new Promise((done) => started.once("exit", done));
    const since = output.length;
    const ready = ` is ready at http://127.0.0.1:${port}\n`;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}\n${output.slice(since)}`));
      const late = setTimeout(() => fail("The server was not ready in time."), READY_WITHIN_MS);
      const listen = (chunk: Buffer) => {
        output += chunk.toString();
        if (!output.includes(ready, since)) return;
        clearTimeout(late);
        resolve();
      };
      started.stdout?.on("data", listen);
      started.stderr?.on("data", listen);
      started.once("close", () => fail("The server ended before it was ready."));
      void exit.then(() => clearTimeout(late));
    });
  };

  const kill = async () => {
    if (child?.pid !== undefined && isGroupAlive(child.pid)) process.kill(-child.pid, "SIGKILL");
    await exit;
    while (groupOf(child?.pid).length > 0) await sleep(20);
  };
  const end = async () => {
    await kill();
    await rm(state, { recursive: true, force: true, maxRetries: 5 });
  };

  const server: Server = {
    port,
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    state,
    operator: {
      email: env["OPERATOR_EMAIL"] ?? settings.OPERATOR_EMAIL,
      password: env["OPERATOR_PASSWORD"] ?? settings.OPERATOR_PASSWORD,
    },
    output: () => output,
    stop: () => {
      child?.kill("SIGTERM");
      return exit;
    },
    kill,
    restart: start,
    processes: () => groupOf(child?.pid),
  };
  try {
    if (template !== undefined) await cp(template, state, { recursive: true });
    prepare?.(state);
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return { server, end };
}

/** What vitest sets for its own process would change how the server behaves. */
const outerEnv = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|PUBLIC_URL$|HOST$)/.test(name),
    ),
  );

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

/** Zombies, which nobody has waited for, are dead. */
function groupOf(group: number | undefined): string[] {
  const lines = execFileSync("ps", ["-A", "-o", "pgid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => {
    const [, pgid, stat] = /^\s*(\d+)\s+(\S+)/.exec(line) ?? [];
    return Number(pgid) === group && !stat?.startsWith("Z");
  });
}
