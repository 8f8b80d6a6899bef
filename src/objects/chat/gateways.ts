/**
 * Tells Gateways what the chat has committed, past the Inboxes: one call under way for each Gateway, for all whom it holds;
 * what comes meanwhile goes with the next. Knows connections and events; knows nothing of whose connections they are.
 */

import { DELIVERY } from "../../core/limits.ts";
import type { Push, Told } from "../rpc.ts";
import { byPlace } from "../rpc.ts";

/** An event on its way to a user. */
export interface Pending {
  readonly told: Told;
  /** The connections that hear it from the chat itself. */
  at: readonly string[];
  /** Those of them that could not be told. */
  lost: readonly string[];
  /** What is under way with it. */
  readonly errands: Set<Errand>;
}

/** Events for one Gateway that leave together. */
export interface Errand {
  readonly hasBegun: boolean;
  /** Calls `work` when it begins, right before its own call is made. */
  onBegin(work: () => void): void;
  /** Resolves once all of it was heard, or is noted as lost. */
  readonly done: Promise<void>;
}

interface Item {
  readonly connections: readonly string[];
  readonly pending: Pending;
}

class Open implements Errand {
  items: Item[] = [];
  hasBegun = false;
  readonly done: Promise<void>;
  readonly end: () => void;
  readonly #works: (() => void)[] = [];

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.end = resolve;
  }

  onBegin(work: () => void): void {
    this.#works.push(work);
  }

  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    for (const work of this.#works) work();
  }
}

interface Line {
  readonly waiting: Open[];
  /** Joins those that wait with the next start. */
  gathering: Open | undefined;
  running: boolean;
}

export interface GatewaysPorts {
  /** Those connections that are gone. */
  readonly push: (place: string, pushes: readonly Push[]) => Promise<readonly string[]>;
  /** Nobody there was told; they may be there all the same. */
  readonly failed: (place: string, fault: unknown) => void;
  readonly waitUntil: (work: Promise<void>) => void;
}

export const pendingOf = (told: Told): Pending => ({ told, at: [], lost: [], errands: new Set() });

export class Gateways {
  readonly #ports: GatewaysPorts;
  readonly #lines = new Map<string, Line>();
  #stopped = false;

  constructor(ports: GatewaysPorts) {
    this.#ports = ports;
  }

  /** Puts an event into the lines of the Gateways of these connections, which do not know of it yet; it goes with `start`. */
  add(connections: readonly string[], pending: Pending): void {
    if (connections.length === 0) return;
    pending.at = pending.at.length === 0 ? connections : [...pending.at, ...connections];
    for (const [place, ids] of byPlace(connections)) {
      // The one who said it has the answer.
      if (ids.length === 1 && ids[0] === pending.told.origin) continue;
      const errand = this.#gathering(place);
      errand.items.push({ connections: ids, pending });
      pending.errands.add(errand);
    }
  }

  #gathering(place: string): Open {
    const line = this.#lines.get(place) ?? { waiting: [], gathering: undefined, running: false };
    this.#lines.set(place, line);
    line.gathering ??= new Open();
    return line.gathering;
  }

  start(): void {
    for (const [place, line] of this.#lines) {
      if (line.gathering !== undefined) line.waiting.push(line.gathering);
      line.gathering = undefined;
      if (line.running || line.waiting.length === 0) continue;
      line.running = true;
      this.#ports.waitUntil(this.#run(place, line));
    }
  }

  /** From here nothing more is told. */
  stop(): void {
    this.#stopped = true;
    this.start();
    for (const { waiting } of this.#lines.values()) drop(waiting.splice(0));
  }

  async #run(place: string, line: Line): Promise<void> {
    while (line.waiting.length > 0 && !this.#stopped) {
      const errands = portion(line.waiting);
      try {
        for (const errand of errands) errand.begin();
        const gone = new Set(await this.#ports.push(place, pushesOf(errands)));
        if (gone.size > 0) for (const errand of [...errands, ...line.waiting]) lose(errand, (id) => gone.has(id));
        end(errands);
        // Answers that waited for these events go before those that come after them.
        if (line.waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
      } catch (fault) {
        this.#ports.failed(place, fault);
        // What waits must not overtake what was lost, also what has not been started yet.
        drop([...errands, ...line.waiting.splice(0), ...(line.gathering === undefined ? [] : [line.gathering])]);
        line.gathering = undefined;
      }
    }
    line.running = false;
    if (line.waiting.length === 0 && line.gathering === undefined) this.#lines.delete(place);
  }
}

/** Takes the first of those that wait, as many as go into one call. */
function portion(waiting: Open[]): Open[] {
  let events = 0;
  let count = 0;
  while (count < waiting.length && events < DELIVERY.portion) {
    events += new Set(waiting[count]?.items.map(({ pending }) => pending.told.event)).size;
    count++;
  }
  return waiting.splice(0, count);
}

/** By connections, in the order of the commits; an event that several hear stays one object. */
function pushesOf(errands: readonly Open[]): Push[] {
  const pushes = new Map<string, { connections: readonly string[]; events: Told[] }>();
  for (const { items } of errands) {
    for (const { connections, pending } of items) {
      const key = connections.join(" ");
      const known = pushes.get(key);
      if (known === undefined) pushes.set(key, { connections, events: [pending.told] });
      else known.events.push(pending.told);
    }
  }
  return [...pushes.values()];
}

/** Some connections do not hear what is in an errand. */
function lose(errand: Open, isLost: (connection: string) => boolean): void {
  errand.items = errand.items.flatMap(({ connections, pending }) => {
    const lost = connections.filter(isLost);
    if (lost.length === 0) return [{ connections, pending }];
    pending.lost = [...pending.lost, ...lost];
    pending.at = pending.at.filter((id) => !lost.includes(id));
    const left = connections.filter((id) => !lost.includes(id));
    if (left.length > 0) return [{ connections: left, pending }];
    pending.errands.delete(errand);
    return [];
  });
}

function drop(errands: readonly Open[]): void {
  for (const errand of errands) lose(errand, () => true);
  end(errands);
}

function end(errands: readonly Open[]): void {
  for (const errand of errands) {
    errand.begin();
    errand.end();
    for (const { pending } of errand.items) pending.errands.delete(errand);
  }
}
