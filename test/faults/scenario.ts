// What every scenario is given and gives back. Knows none of them.

import type { Server } from "../wire/launch.ts";
import type { World } from "./clients/world.ts";
import { Findings } from "./findings.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";

export interface Wish {
  readonly rounds: number;
  readonly connections: number;
  readonly seed: number;
  /** The port of V8's inspector, for the scenarios that are inspected. */
  readonly inspector: number;
  /** Tells how far it is. */
  readonly tell: (line: string) => void;
}

export interface Outcome {
  readonly findings: Findings;
  /** What was done, for the reader. */
  readonly text: string;
}

/** Has a running server to itself, which it may end. */
export type Scenario = (server: Server, wish: Wish) => Promise<Outcome>;

export const newWorld = (server: Server, seed: number): World => ({
  url: server.url,
  wsUrl: server.wsUrl,
  random: new Random(seed),
  ledger: new Ledger(),
  findings: new Findings(),
  isPaused: true,
  resting: new Set(),
});
