/** A run: its server, its world, its lanes, and what is looked at between the cases and after them. Makes no case itself. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "./cases.ts";
import { Findings } from "./findings.ts";
import { Generator } from "./generator.ts";
import { flood } from "./flood.ts";
import { grownBetween, storedIn } from "./growth.ts";
import { Player } from "./play.ts";
import { Probes } from "./probes.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";
import { buildWorld, mend } from "./world.ts";

export interface Options {
  readonly cases: number;
  readonly seed: number;
  /** The number of the first case. */
  readonly from: number;
  /** How many cases are under way at once. */
  readonly lanes: number;
  readonly port: number;
  /** Cases of groups whose name begins so alone. */
  readonly only: string | undefined;
  /** Prints each case. */
  readonly isShown: boolean;
}

/** So that refusals of floods don't hide everything else. */
const NO_LIMIT = { FRAMES_PER_SECOND: "1000000", FRAME_BURST: "1000000" };
const PROBE_EVERY = 250;
const REPLAYED = 600;
/** Bytes that workerd may have at its end, whatever it was asked. */
const MAX_MEMORY = 2 ** 31;

/** For what runs behind the answers. */
const BACKGROUND_MS = 1_000;

type Numbered = readonly [number: number, made: Case];

export class Run {
  readonly #options: Options;
  readonly #findings = new Findings();
  #isEnding = false;
  #played = 0;
  readonly #memory: number[] = [];
  readonly #refused: Numbered[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  interrupt(): void {
    this.#isEnding = true;
  }

  /** True: nothing was found. */
  async all(): Promise<boolean> {
    const { seed, from, cases, lanes, port } = this.#options;
    console.log(`seed ${seed}, cases ${from} to ${from + cases - 1}, ${lanes} at once`);
    const server = await Server.start(port, NO_LIMIT, (line) => this.#findings.checkLine(line));
    try {
      const world = await buildWorld(server.port, this.#findings);
      const generator = await Generator.of(world, seed);
      const probes = new Probes(world, this.#findings);
      await probes.open();
      await probes.talk(-1);
      const started = performance.now();
      await this.#attack(server, world, generator, probes);
      const seconds = (performance.now() - started) / 1_000;
      if (!this.#isEnding && server.isRunning) {
        await this.#checkGrowth(server, world);
        await probes.talk(from + cases);
      }
      probes.close();
      if (!this.#isEnding && server.isRunning) await flood(server, world, this.#findings, Math.ceil(cases / 500));
      console.log(`\n${this.#findings.table()}`);
      const rate = this.#played / seconds;
      const memory = this.#memory.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(" ");
      console.log(
        `\n${this.#played} cases in ${seconds.toFixed(0)} s (${rate.toFixed(0)} a second), seed ${seed}; MiB of workerd: ${memory}`,
      );
      return this.#findings.all.length === 0;
    } finally {
      await server.remove();
    }
  }

  async #attack(server: Server, world: World, generator: Generator, probes: Probes): Promise<void> {
    const { from, cases, lanes } = this.#options;
    const end = from + cases;
    const every = Math.max(1, Math.floor(cases / 20));
    const players = Array.from({ length: lanes }, () => new Player(world, this.#findings));
    for (let next = from; next < end && !this.#isEnding; ) {
      const until = Math.min(end, next + PROBE_EVERY);
      const numbers = Array.from({ length: until - next }, (_, index) => next + index).values();
      next = until;
      // Lanes share one iterator: each takes the number that is next.
      const lane = async (player: Player): Promise<void> => {
        for (const number of numbers) {
          if (this.#isEnding) return;
          await this.#one(number, player, generator);
        }
      };
      await Promise.all(players.map(lane));
      if (!server.isRunning) {
        this.#findings.add("ended", next - 1, "the server's process has ended");
        return;
      }
      await probes.talk(next - 1);
      await probes.reopen();
      await mend(world);
      if (Math.floor((next - from) / every) > this.#memory.length - 1) {
        this.#memory.push(server.memory());
        console.log(`${next - from} of ${cases}, ${this.#findings.all.length} found`);
      }
    }
    for (const player of players) player.close();
    const memory = server.memory();
    if (memory > MAX_MEMORY) this.#findings.add("growth", -1, `workerd has ${(memory / 2 ** 20).toFixed(0)} MiB`);
  }

  async #one(number: number, player: Player, generator: Generator): Promise<void> {
    const made = generator.make(number);
    if (this.#options.only !== undefined && !made.group.startsWith(this.#options.only)) return;
    if (this.#options.isShown) console.log(number, JSON.stringify(made).slice(0, 4_000));
    const { isRefused, said } = await player.play(number, made);
    if (this.#options.isShown) console.log(number, isRefused ? "refused" : "taken", said.slice(0, 400));
    this.#played++;
    if (isRefused && made.kind !== "engine" && this.#refused.length < REPLAYED) this.#refused.push([number, made]);
  }

  /** What was refused is played again until all of it is refused in one round: nothing may be stored by that one. */
  async #checkGrowth(server: Server, world: World): Promise<void> {
    const player = new Player(world, this.#findings);
    const grownBy = async (cases: readonly Numbered[]): Promise<{ refused: Numbered[]; grown: string[] }> => {
      await sleep(BACKGROUND_MS);
      const before = storedIn(server.state);
      const refused: Numbered[] = [];
      for (const one of cases) if ((await player.play(...one)).isRefused) refused.push(one);
      await sleep(BACKGROUND_MS);
      return { refused, grown: grownBetween(before, storedIn(server.state)) };
    };
    let left = this.#refused;
    for (let round = 0; round < 4 && left.length > 0; round++) {
      const { refused, grown } = await grownBy(left);
      const isAll = refused.length === left.length;
      left = refused;
      if (!isAll) continue;
      console.log(`${left.length} refused cases played again: ${grown.length === 0 ? "nothing is stored" : grown.join("; ")}`);
      if (grown.length > 0) await this.#blame(left, grownBy);
      break;
    }
    player.close();
  }

  /** Which of these it was, by halves. */
  async #blame(cases: readonly Numbered[], grownBy: (cases: readonly Numbered[]) => Promise<{ grown: string[] }>): Promise<void> {
    const { grown } = await grownBy(cases);
    if (grown.length === 0) return;
    if (cases.length === 1) {
      for (const [number, { group }] of cases) this.#findings.add("growth", number, `${group}: ${grown.join("; ")}`);
      return;
    }
    const half = Math.ceil(cases.length / 2);
    await this.#blame(cases.slice(0, half), grownBy);
    await this.#blame(cases.slice(half), grownBy);
  }
}
