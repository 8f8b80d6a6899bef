/**
 * A large run as parts, several of them at once: each is a process of its own with a server of its own, as one server uses
 * one processor for what it computes. Knows how parts begin and end; what they do, they know.
 */

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Findings, ofServer } from "./findings.ts";
import type { Options, Played } from "./run.ts";

const MAIN = join(import.meta.dirname, "main.ts");
/** Cases: enough for what grows to show, and few enough for one world to stay as quick as it began. */
const MOST_OF_A_PART = 50_000;
/** What a part says that somebody who waits for the whole wants to read. */
const TELLING = /^FOUND|^ {2}(again|up to):|^\d+ refused cases again|^workerd, MiB|^heap in use|^\d+ cases in|rror/;

export class Parts {
  readonly #options: Options;
  readonly #servers: number;
  readonly #findings: Findings;
  readonly #running = new Set<ChildProcess>();
  #played = 0;
  #isEnding = false;

  /** @param servers how many at once */
  constructor(options: Options, servers: number) {
    this.#options = options;
    this.#servers = servers;
    this.#findings = new Findings(options.seed);
  }

  async abandon(): Promise<void> {
    this.#isEnding = true;
    const ended = [...this.#running].map((part) => new Promise((resolve) => part.once("exit", resolve)));
    for (const part of this.#running) part.kill("SIGTERM");
    await Promise.all(ended);
    console.log(`\n${this.#findings.table()}\n\ninterrupted after ${this.#played} cases of parts that had ended`);
  }

  async all(): Promise<Played> {
    const { cases, from, seed } = this.#options;
    const started = performance.now();
    const size = Math.min(MOST_OF_A_PART, Math.ceil(cases / this.#servers));
    const starts = Array.from({ length: Math.ceil(cases / size) }, (_, part) => part * size);
    const parts = starts.map((at) => ({ from: from + at, cases: Math.min(size, cases - at) })).values();
    // They share one iterator: each takes the part that is next.
    const server = async (): Promise<void> => {
      for (const part of parts) if (!this.#isEnding) await this.#part({ ...this.#options, ...part });
    };
    await Promise.all(Array.from({ length: this.#servers }, server));
    const found = this.#findings.total;
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    console.log(`\n${this.#findings.table()}\n`);
    console.log(
      `${this.#played} cases in ${seconds} s on ${starts.length} servers, ${this.#servers} at once, seed ${seed}: ${found === 0 ? "nothing found" : `${found} found`}`,
    );
    return { cases: this.#played, found, tally: this.#findings.tally };
  }

  async #part({ cases, seed, from, lanes, only, isShown }: Options): Promise<void> {
    const name = `${from} to ${from + cases - 1}`;
    const numbers = Object.entries({ cases, seed, from, lanes }).flatMap(([key, value]) => [`--${key}`, String(value)]);
    const more = [...(only === undefined ? [] : ["--only", only.join(",")]), ...(isShown ? ["--show"] : [])];
    const part = fork(MAIN, [...numbers, ...more], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#running.add(part);
    console.log(`${name}: begins`);
    for (const stream of [part.stdout, part.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        if (isShown || TELLING.test(line)) console.log(`${name}: ${line}`);
      });
    }
    let played: Played | undefined;
    part.once("message", (told) => (played = told as Played));
    await new Promise((resolve) => part.once("close", resolve));
    this.#running.delete(part);
    if (this.#isEnding) return;
    if (played === undefined) {
      this.#findings.add("ended", ofServer(from), `the cases ${name} were not played to their end`);
      return;
    }
    this.#played += played.cases;
    this.#findings.absorb(played.tally);
  }
}
