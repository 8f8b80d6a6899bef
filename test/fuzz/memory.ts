/**
 * What the server holds in memory while it is attacked: the process, and what of V8's heap is in use once garbage is
 * collected. The process grows with what the disk's cache and the allocator keep; the heap in use does not. Judges both.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "../support/inspector.ts";
import type { Findings } from "./findings.ts";
import { ofServer } from "./findings.ts";

/** Bytes that workerd may have at its end, whatever it was asked. */
const MAX_PROCESS = 2 ** 31;
/** Looks at the heap; in thirds of them, medians. */
const LOOKS = 24;
/** By which the heap in use of the last third may exceed that of the third before: what is awake differs. A leak that fills it comes to 1.67. */
const MAX_GROWTH = 1.35;
/** Bytes that it may differ by at any time: objects sleep and wake. */
const SWAY = 12 * 2 ** 20;
/**
 * After so long at rest objects sleep. In a long run they are looked at then: the more chats a user has, the more of them
 * are awake while somebody changes that user's name.
 */
const ASLEEP_MS = 15_000;
/** Cases of a run that is long. */
const LONG = 50_000;

export class Memory {
  readonly #inspector: number;
  readonly #every: number;
  readonly #restMs: number;
  readonly #process: number[] = [];
  readonly #heap: number[] = [];
  #due = 0;

  /** `inspector`: the port of the server's. `cases`: of the whole run. */
  constructor(inspector: number, cases: number) {
    this.#inspector = inspector;
    this.#every = cases / LOOKS;
    this.#restMs = cases >= LONG ? ASLEEP_MS : 0;
  }

  /** Looks, where it is time to; nothing is asked of the server meanwhile. `played`: cases so far. `bytes`: that the process has. */
  async look(played: number, bytes: number): Promise<boolean> {
    if (played < this.#due) return false;
    this.#due = played + this.#every;
    await sleep(this.#restMs);
    this.#process.push(bytes);
    this.#heap.push(await heapInUse(this.#inspector));
    return true;
  }

  check(findings: Findings): void {
    const most = Math.max(...this.#process);
    if (most > MAX_PROCESS) findings.add("growth", ofServer(), `workerd has ${mib(most)} MiB`);
    const third = Math.floor(this.#heap.length / 3);
    if (third === 0) return;
    const [before, after] = [median(this.#heap.slice(third, -third)), median(this.#heap.slice(-third))];
    if (after > Math.max(before * MAX_GROWTH, before + SWAY))
      findings.add("growth", ofServer(), `the heap in use has grown from ${mib(before)} to ${mib(after)} MiB`);
  }

  table(): string {
    return [
      `workerd, MiB: ${this.#process.map(mib).join(" ")}`,
      `heap in use, MiB: ${this.#heap.map(mib).join(" ")}`,
    ].join("\n");
  }
}

/** Bytes, after all garbage is collected. */
async function heapInUse(port: number): Promise<number> {
  const inspector = await inspect(port);
  await inspector.call("HeapProfiler.collectGarbage");
  const { usedSize } = (await inspector.call("Runtime.getHeapUsage")) as { usedSize: number };
  inspector.close();
  return usedSize;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
