/**
 * Counts in memory what an object does, and hands it to its apps' Lobbies: never while a message waits, and before the object
 * may be evicted. Only what dies takes with it what it had not handed over. Knows numbers; knows nothing of a chat.
 */

import type { CounterName, Figure, FigureName, HistogramName } from "../core/figures.ts";
import { BEYOND, FIGURES, SUM } from "../core/figures.ts";
import type { AppId } from "../core/ids.ts";

/** A busy object hands over once in this time. */
const HAND_OVER_MS = 60_000;
/** One that has counted something within this time is busy: it is not about to be evicted. */
const BUSY_MS = 1_500;
/** Where no alarm will come, what was counted is handed over so soon; and so soon where that has just been done. */
const SOON_MS = 1_000;
const SOON_AGAIN_MS = 5_000;

/** The bucket of `value`: the label of the first bound that it does not exceed. */
function bucketOf(bounds: readonly number[], value: number): string {
  const bound = bounds.find((one) => value <= one);
  return bound === undefined ? BEYOND : String(bound);
}

/** Increments that have yet to be handed over. */
export class Counters {
  readonly #counts = new Map<FigureName, Map<string, number>>();
  readonly #counted: () => void;

  /** `counted`: something was. */
  constructor(counted: () => void) {
    this.#counted = counted;
  }

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
    this.#counted();
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

/** What Lobbies were told of open connections. */
export type OpenByApp = ReadonlyMap<AppId, number>;

export interface FiguresPorts {
  /** Brings it to the app's Lobby. */
  readonly hand: (app: AppId, handed: Handed) => Promise<void>;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** How many connections of each app are open here. */
  readonly open: () => OpenByApp;
  /** An alarm will come, which calls `alarm`. */
  readonly isAwaited: () => boolean;
  /** What Lobbies were told last, where the object knows it after it was evicted too. */
  readonly told?: { readonly read: () => OpenByApp; readonly write: (told: OpenByApp) => void };
}

export class ObjectFigures {
  readonly #ports: FiguresPorts;
  readonly #counters = new Map<AppId, Counters>();
  /** What each app's Lobby was told last of open connections. */
  #told: Map<AppId, number> | undefined;
  #handedAt = 0;
  #countedAt = 0;
  #isSoon = false;

  constructor(ports: FiguresPorts) {
    this.#ports = ports;
  }

  of(app: AppId): Counters {
    let counters = this.#counters.get(app);
    if (counters === undefined) this.#counters.set(app, (counters = new Counters(() => this.#counted())));
    return counters;
  }

  /** Connections of this app have come or gone. */
  changed(app: AppId): void {
    this.of(app);
    this.#counted();
  }

  /** Something is to be handed over. */
  #counted(): void {
    this.#countedAt = Date.now();
    if (!this.#isSoon && !this.#ports.isAwaited()) this.soon();
  }

  /** No alarm will come, or not in time. */
  soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    const wait = this.#isEarly(Date.now()) ? SOON_AGAIN_MS : SOON_MS;
    this.#ports.waitUntil(this.#handOverIn(wait));
  }

  async #handOverIn(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#isSoon = false;
    this.#handOver(Date.now());
  }

  /** An alarm runs: soon the object may have been evicted, unless it goes on being woken. False: it is too early, and this has to be called again. */
  alarm(now: number, goesOn = false): boolean {
    const isBusy = goesOn || Math.abs(now - this.#countedAt) < BUSY_MS;
    if (isBusy && this.#isEarly(now)) return false;
    this.#handOver(now);
    return true;
  }

  /** A clock that has gone back says nothing about when it was. */
  #isEarly(now: number): boolean {
    return Math.abs(now - this.#handedAt) < HAND_OVER_MS;
  }

  #handOver(now: number): void {
    this.#handedAt = now;
    const open = this.#ports.open();
    const told = (this.#told ??= new Map(this.#ports.told?.read()));
    let isTold = false;
    for (const app of new Set([...this.#counters.keys(), ...told.keys(), ...open.keys()])) {
      const figures = this.#counters.get(app)?.take() ?? [];
      const count = open.get(app) ?? 0;
      const isNews = told.get(app) !== count;
      if (figures.length === 0 && !isNews) continue;
      told.set(app, count);
      isTold ||= isNews;
      // A Lobby that can't be reached misses some figures: they are not worth a second try, nor to be counted twice.
      this.#ports.waitUntil(this.#ports.hand(app, { figures, open: isNews ? count : null }).catch(() => undefined));
    }
    if (isTold) this.#ports.told?.write(new Map([...told].filter(([, count]) => count > 0)));
  }
}

/** What a connection came by: `chat`, or the kind of Gateway; `http`, where it was none. */
export function viaOf(connection: string | null): string {
  if (connection === null) return "http";
  return connection.slice(0, connection.search(/[:/#]/));
}
