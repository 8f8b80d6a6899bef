/** A run: its server, its world, its lanes, and what is looked at between the cases and after them. Makes no case itself. */

import { Belongings } from "./belongings.ts";
import { Callers } from "./callers.ts";
import type { Tally } from "./findings.ts";
import { Findings, ofServer } from "./findings.ts";
import { Generator } from "./generator.ts";
import { flood } from "./flood.ts";
import type { Numbered } from "./growth.ts";
import { Growth } from "./growth.ts";
import { Memory } from "./memory.ts";
import { Player } from "./play.ts";
import { Probes } from "./probes.ts";
import { Server } from "./server.ts";
import { look } from "./sight.ts";
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
  /** Cases of surfaces whose names begin like one of these alone. */
  readonly only: readonly string[] | undefined;
  /** Prints each case, and what the server prints. */
  readonly isShown: boolean;
}

export interface Played {
  readonly cases: number;
  readonly found: number;
  readonly tally: Tally;
}

/** So that refusals of floods don't hide everything else. */
const NO_LIMIT = { FRAMES_PER_SECOND: "1000000", FRAME_BURST: "1000000" };
/** The server's line about each request: what was asked is shown anyway. */
const OF_A_REQUEST = '"event":"request"';
const PROBE_EVERY = 250;
/** What a server's state comes to, generously: by itself, and for each case. */
const STATE_BYTES = 2 ** 28;
const CASE_BYTES = 2 ** 15;
/** Cases of a run in CI. A shorter one does not show what it leaves out, nor what grows. */
const CI = 10_000;
/** A run of so many cases waits until the server has forgotten every connection. */
const LONG = 50_000;

export class Run {
  readonly #options: Options;
  readonly #findings: Findings;
  readonly #callers = new Callers();
  readonly #tried = new Set<string>();
  #memory: Memory | undefined;
  #server: Server | undefined;
  #isEnding = false;
  #played = 0;
  #latest = -1;
  #started = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#findings = new Findings(options.seed);
  }

  /** Tells what there is so far, ends the server and leaves nothing behind. */
  async abandon(): Promise<void> {
    this.#isEnding = true;
    this.#findings.close();
    console.log(
      `\n${this.#findings.table()}\n\n${this.#memory?.table() ?? ""}\ninterrupted after ${this.#played} cases`,
    );
    await this.#server?.remove();
  }

  /** Plays all, and tells at the end. */
  async all(): Promise<Played> {
    const { seed, from, cases, lanes, port, isShown } = this.#options;
    console.log(`seed ${seed}, cases ${from} to ${from + cases - 1}, ${lanes} at once`);
    const server = await Server.prepare(port, STATE_BYTES + cases * CASE_BYTES, (line) => {
      this.#findings.checkLine(line, this.#latest);
      if (isShown && !line.includes(OF_A_REQUEST)) console.log(`> ${line}`);
    });
    this.#server = server;
    this.#started = performance.now();
    try {
      await server.launch(NO_LIMIT);
      const world = await buildWorld(server.port, this.#findings);
      const generator = await Generator.of(world, seed);
      const growth = new Growth(server, this.#findings, this.#callers);
      const belongings = await Belongings.of((isWhole) => look(world, isWhole), this.#findings);
      const probes = new Probes(world, this.#findings, this.#callers, belongings);
      await probes.open();
      await probes.talk(undefined);
      await belongings.check(undefined, true);
      const connected = growth.connections();
      await this.#attack(server, world, generator, probes, growth, belongings);
      let left: string[] = [];
      if (server.isRunning) {
        await growth.check(() => new Player(world, this.#findings, this.#callers));
        await probes.talk(from + cases - 1);
        await belongings.check(from + cases - 1, true);
        if (cases >= LONG) left = await growth.left(connected);
      }
      probes.close();
      await growth.checkLeft(left, async () => {
        await server.stop();
        await server.launch(NO_LIMIT);
      });
      this.#tell("floods follow");
      if (server.isRunning) {
        await flood(server, world, this.#findings, this.#callers, belongings, cases);
        await belongings.check(undefined, true);
      }
      this.#report(generator);
      return { cases: this.#played, found: this.#findings.total, tally: this.#findings.tally };
    } finally {
      if (!this.#isEnding) await server.remove();
    }
  }

  async #attack(
    server: Server,
    world: World,
    generator: Generator,
    probes: Probes,
    growth: Growth,
    belongings: Belongings,
  ): Promise<void> {
    const { from, cases, lanes } = this.#options;
    const end = from + cases;
    const memory = new Memory(server.inspector, cases);
    this.#memory = memory;
    const players = Array.from({ length: lanes }, () => new Player(world, this.#findings, this.#callers));
    for (let next = from; next < end;) {
      const until = Math.min(end, next + PROBE_EVERY);
      const numbers = Array.from({ length: until - next }, (_, index) => next + index).values();
      next = until;
      // Lanes share one iterator: each takes the number that is next.
      const lane = async (player: Player): Promise<void> => {
        for (const number of numbers) await this.#one([number, generator.make(number)], player, growth);
      };
      await Promise.all(players.map(lane));
      if (!server.isRunning) {
        this.#findings.add("ended", ofServer(next - 1), "the server's process has ended");
        break;
      }
      await probes.talk(next - 1);
      await belongings.check(next - 1);
      await probes.reopen();
      await mend(world);
      if (await memory.look(next - from, server.usage().memory))
        this.#tell(`${next - from} of ${cases}, ${this.#findings.total} found`);
    }
    for (const player of players) player.close();
    if (cases >= CI) memory.check(this.#findings);
    const { user, system } = process.cpuUsage();
    this.#tell(
      `all are played; the server has used ${server.usage().cpu} s of CPU, and this process ${((user + system) / 1e6).toFixed(0)} s and ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`,
    );
  }

  async #one([number, made]: Numbered, player: Player, growth: Growth): Promise<void> {
    const { only, isShown } = this.#options;
    if (only?.every((name) => !made.group.startsWith(name))) return;
    this.#latest = Math.max(this.#latest, number);
    if ("tries" in made) for (const name of made.tries) this.#tried.add(name);
    if (isShown) console.log(number, JSON.stringify(made, readable).slice(0, 4_000));
    const { taken, said, ms } = await player.play(number, made);
    if (isShown) console.log(number, taken, `${ms.toFixed(0)} ms`, said.slice(0, 1_500));
    this.#played++;
    if (taken === "refused") growth.keep([number, made]);
  }

  #tell(what: string): void {
    console.log(`${((performance.now() - this.#started) / 1_000).toFixed(0).padStart(5)} s: ${what}`);
  }

  #report(generator: Generator): void {
    const { cases, seed, only } = this.#options;
    const seconds = (performance.now() - this.#started) / 1_000;
    const names = generator.names();
    const untried = names.filter((name) => !this.#tried.has(name));
    console.log(`\n${this.#findings.table()}\n`);
    if (this.#memory !== undefined) console.log(this.#memory.table());
    console.log(`${names.length - untried.length} of ${names.length} operations, commands and events tried`);
    if (cases >= CI && only === undefined) {
      // What a run of CI's size does not try is tested by nobody.
      for (const name of untried) this.#findings.add("untried", ofServer(), name);
    }
    const found = this.#findings.total;
    console.log(
      `${this.#played} cases in ${seconds.toFixed(0)} s, seed ${seed}, digest ${generator.digest}: ${found === 0 ? "nothing found" : `${found} found`}`,
    );
  }
}

/** Bytes as the text that they are, as far as they are one. */
const readable = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value
    ? Buffer.from(value.data).toString("latin1")
    : value;
