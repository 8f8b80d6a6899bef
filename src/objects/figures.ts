/**
 * Counts in memory what an object does, and hands it to its apps' Lobbies now and then: never while a message waits, and
 * never by a timer of its own. What an evicted object had not handed over is lost. Knows numbers; knows nothing of a chat.
 */

import type { CounterName, Figure, FigureName, HistogramName } from "../core/figures.ts";
import { BEYOND, FIGURES, SUM } from "../core/figures.ts";
import type { AppId } from "../core/ids.ts";

/** An object hands over once in this time at most. */
const HAND_OVER_MS = 60_000;

/** The bucket of `value`: the label of the first bound that it does not exceed. */
function bucketOf(bounds: readonly number[], value: number): string {
  const bound = bounds.find((one) => value <= one);
  return bound === undefined ? BEYOND : String(bound);
}

/** Increments that have yet to be handed over. */
export class Counters {
  readonly #counts = new Map<FigureName, Map<string, number>>();

  add(figure: CounterName, label = "", by = 1): void {
    this.#add(figure, label, by);
  }

  observe(figure: HistogramName, value: number): void {
    this.#add(figure, bucketOf(FIGURES[figure].bounds, value), 1);
    this.#add(figure, SUM, value);
  }

  #add(figure: FigureName, label: string, by: number): void {
    let counts = this.#counts.get(figure);
    if (counts === undefined) this.#counts.set(figure, (counts = new Map()));
    counts.set(label, (counts.get(label) ?? 0) + by);
  }

  /** What was counted since the last time. */
  take(): Figure[] {
    const figures: Figure[] = [];
    for (const [figure, counts] of this.#counts) {
      for (const [label, value] of counts) figures.push({ figure, label, value });
    }
    this.#counts.clear();
    return figures;
  }
}

/** What an object hands to a Lobby. */
export interface Handed {
  readonly figures: readonly Figure[];
  /** How many connections of the app are open at the object; null: as many as it said last. */
  readonly open: number | null;
}

export interface FiguresPorts {
  /** Brings it to the app's Lobby. */
  readonly hand: (app: AppId, handed: Handed) => Promise<void>;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** How many connections of each app are open here. */
  readonly open: () => ReadonlyMap<AppId, number>;
}

export class ObjectFigures {
  readonly #ports: FiguresPorts;
  readonly #counters = new Map<AppId, Counters>();
  /** What each app's Lobby was told last of open connections. */
  readonly #open = new Map<AppId, number>();
  readonly #bornAt = Date.now();
  #handedAt = 0;

  constructor(ports: FiguresPorts) {
    this.#ports = ports;
  }

  of(app: AppId): Counters {
    let counters = this.#counters.get(app);
    if (counters === undefined) this.#counters.set(app, (counters = new Counters()));
    return counters;
  }

  /** Something happens here anyway, at `now`. */
  tick(now: number): void {
    if (now - Math.max(this.#handedAt, this.#bornAt) >= HAND_OVER_MS) this.#handOver(now);
  }

  /** An alarm runs that the object has anyway: soon it may have been evicted. */
  alarm(now: number): void {
    if (now - this.#handedAt >= HAND_OVER_MS) this.#handOver(now);
  }

  #handOver(now: number): void {
    this.#handedAt = now;
    const open = this.#ports.open();
    for (const app of new Set([...this.#counters.keys(), ...this.#open.keys(), ...open.keys()])) {
      const figures = this.#counters.get(app)?.take() ?? [];
      const count = open.get(app) ?? 0;
      const isNews = this.#open.get(app) !== count;
      if (figures.length === 0 && !isNews) continue;
      this.#open.set(app, count);
      // A Lobby that can't be reached misses some figures: they are not worth a second try, nor to be counted twice.
      this.#ports.waitUntil(this.#ports.hand(app, { figures, open: isNews ? count : null }).catch(() => undefined));
    }
  }
}

/** What a connection came by: `chat`, or the kind of Gateway; `http`, where it was none. */
export function viaOf(connection: string | null): string {
  if (connection === null) return "http";
  return connection.slice(0, connection.search(/[:/#]/));
}
