/** A `workerd` of its own for a server that is measured, and what the machine says of its process. Linux only. Knows no server. */

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { freePort } from "../support/ports.ts";

/** `/proc` counts CPU time in these. */
const TICK_US = 10_000;
const PAGE_BYTES = 4_096;

/** A server that runs. */
export interface Subject {
  readonly url: string;
  /** Microseconds of CPU that its process has used, user and system. */
  cpu(): Promise<number>;
  /** Bytes of memory that its process has. */
  memory(): Promise<number>;
  /** Resolves once it has nothing left to do. @throws Error where that takes more than half a minute */
  quiet(): Promise<void>;
  /** What it has logged of its own faults. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** Starts Miniflare with `options`, on a free port, with an empty disk. Its lines are kept from the terminal, and its faults noted. */
export async function start(options: object): Promise<{ server: Miniflare; subject: Subject }> {
  const before = await workerds();
  const folder = await mkdtemp(join(tmpdir(), "parlance-bench-"));
  const port = await freePort();
  const faults: string[] = [];
  const server = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: "2026-10-01",
      host: "127.0.0.1",
      port,
      modules: true,
      resourcePersistencePath: folder,
      handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
        if (level === "error" || message.includes('"event":"fault"')) faults.push(message);
      },
      ...options,
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]),
  );
  await server.ready;
  const pid = [...(await workerds())].find((one) => !before.has(one));
  if (pid === undefined) throw new Error("no workerd was started");
  const cpu = (): Promise<number> => cpuOf(pid);
  const stop = async (): Promise<void> => {
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  const subject = {
    url: `http://127.0.0.1:${port}`,
    cpu,
    memory: () => memoryOf(pid),
    quiet: () => quiet(cpu),
    faults,
    stop,
  };
  return { server, subject };
}

/** What `/proc` says of a process, from the third field on. */
async function statOf(pid: number | string): Promise<{ name: string; fields: string[] } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
  return name === undefined || rest === undefined ? null : { name, fields: rest.split(" ") };
}

/** The workerds that this process has started. */
async function workerds(): Promise<Set<number>> {
  const found = new Set<number>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await statOf(entry);
    if (stat?.name === "workerd" && Number(stat.fields[1]) === process.pid) found.add(Number(entry));
  }
  return found;
}

async function cpuOf(pid: number): Promise<number> {
  const stat = await statOf(pid);
  if (stat === null) throw new Error("a server has ended by itself");
  return (Number(stat.fields[11]) + Number(stat.fields[12])) * TICK_US;
}

async function memoryOf(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, "utf8")).split(" ");
  return Number(pages) * PAGE_BYTES;
}

/** Less than a twentieth of a core for a while. */
async function quiet(cpu: () => Promise<number>): Promise<void> {
  const giveUp = performance.now() + 30_000;
  let [calm, last] = [0, await cpu()];
  while (calm < 2) {
    if (performance.now() > giveUp) throw new Error("a server does not come to rest");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = await cpu();
    calm = now - last <= TICK_US ? calm + 1 : 0;
    last = now;
  }
}
