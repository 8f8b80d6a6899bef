/** Which case a number stands for. The one place that knows all kinds of cases. */

import type { Case, Dialect } from "./cases.ts";
import { engineCase } from "./engine-cases.ts";
import type { AsyncApi } from "./frames.ts";
import { FramesCases } from "./frames.ts";
import type { Pools } from "./hostile.ts";
import { Hostile, poolsOf } from "./hostile.ts";
import { must } from "./http.ts";
import { Random } from "./random.ts";
import type { OpenApi } from "./rest.ts";
import { RestCases } from "./rest.ts";
import type { World } from "./world.ts";

const KINDS: readonly (readonly [weight: number, kind: "rest" | "engine" | Dialect])[] = [
  [42, "rest"],
  [10, "native"],
  [6, "chat"],
  [10, "methods"],
  [8, "messenger"],
  [6, "events"],
  [3, "events2"],
  [8, "rooms"],
  [7, "engine"],
];

export class Generator {
  readonly #seed: number;
  readonly #world: World;
  readonly #pools: Pools;
  readonly #rest: RestCases;
  readonly #frames: FramesCases;

  private constructor(world: World, seed: number, openApi: OpenApi, asyncApi: AsyncApi) {
    this.#seed = seed;
    this.#world = world;
    this.#pools = poolsOf(seed);
    this.#rest = new RestCases(openApi, world);
    this.#frames = new FramesCases(asyncApi, world);
  }

  static async of(world: World, seed: number): Promise<Generator> {
    const openApi = (await must(world.port, "GET", "/openapi.json")) as OpenApi;
    const asyncApi = (await must(world.port, "GET", "/asyncapi.json")) as AsyncApi;
    return new Generator(world, seed, openApi, asyncApi);
  }

  make(number: number): Case {
    const random = new Random(this.#seed, number);
    const hostile = new Hostile(random, this.#pools);
    const kind = random.weighted(KINDS);
    if (kind === "rest") return this.#rest.make(random, hostile);
    if (kind === "engine") return engineCase(this.#world, random, hostile);
    return this.#frames.make(kind, random, hostile);
  }
}
