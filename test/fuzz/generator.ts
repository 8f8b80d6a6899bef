/** Which case a number stands for. The one place that knows all kinds of cases. */

import type { Case, Dialect } from "./cases.ts";
import { engineCase } from "./engine-cases.ts";
import type { AsyncApi } from "./frames.ts";
import { FramesCases } from "./frames.ts";
import type { Pools } from "./hostile.ts";
import { Hostile, poolsOf } from "./hostile.ts";
import { must } from "./http.ts";
import { KnockCases } from "./knock-cases.ts";
import { Random } from "./random.ts";
import type { OpenApi } from "./rest.ts";
import { RestCases } from "./rest.ts";
import type { World } from "./world.ts";

const KINDS: readonly (readonly [weight: number, kind: "rest" | "engine" | "knock" | Dialect])[] = [
  [42, "rest"],
  [9, "native"],
  [6, "chat"],
  [9, "methods"],
  [7, "messenger"],
  [6, "events"],
  [3, "events2"],
  [8, "rooms"],
  [4, "engine"],
  [6, "knock"],
];

/** Every so many cases it is an operation's turn, be it ever so rare by chance: none is left out. */
const TURN = 50;

export class Generator {
  readonly #seed: number;
  readonly #world: World;
  readonly #pools: Pools;
  readonly #rest: RestCases;
  readonly #frames: FramesCases;
  readonly #knocks: KnockCases;
  #digest = 0x811c9dc5;

  private constructor(world: World, seed: number, openApi: OpenApi, asyncApi: AsyncApi) {
    this.#seed = seed;
    this.#world = world;
    this.#pools = poolsOf(seed);
    this.#rest = new RestCases(openApi, world);
    this.#frames = new FramesCases(asyncApi, world);
    this.#knocks = new KnockCases(world, this.#frames);
  }

  static async of(world: World, seed: number): Promise<Generator> {
    const openApi = (await must(world.port, "GET", "/openapi.json")) as OpenApi;
    const asyncApi = (await must(world.port, "GET", "/asyncapi.json")) as AsyncApi;
    return new Generator(world, seed, openApi, asyncApi);
  }

  /** Operations, commands and events of the documents. */
  names(): string[] {
    return [...this.#rest.names(), ...this.#frames.names()];
  }

  /** Of all cases that were made, in their order: two runs of one seed have made the same where this is the same. */
  get digest(): string {
    return this.#digest.toString(16).padStart(8, "0");
  }

  make(number: number): Case {
    const random = new Random(this.#seed, number);
    const made = this.#choose(number, random, new Hostile(random, this.#pools));
    this.#digest = (Math.imul(this.#digest ^ Math.floor(random.next() * 2 ** 32), 0x01000193) ^ number) >>> 0;
    return made;
  }

  #choose(number: number, random: Random, hostile: Hostile): Case {
    if (number % TURN === 0) return this.#rest.make(random, hostile, number / TURN);
    const kind = random.weighted(KINDS);
    if (kind === "rest") return this.#rest.make(random, hostile);
    if (kind === "engine") return engineCase(this.#world, random, hostile);
    if (kind === "knock") return this.#knocks.make(random, hostile);
    return this.#frames.make(kind, random, hostile);
  }
}
