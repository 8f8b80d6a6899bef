/**
 * Counts what the platform bills for: rows that any object writes, requests to objects, frames and alarms that they take,
 * requests to the Worker, and what the directory is asked. Patches prototypes in the tests' isolate, so that it sees
 * every object, named or not. Knows no dialect and no price.
 */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Leases } from "../../src/core/leases.ts";
import worker from "../../src/index.ts";
import type { ChatCalls, GatewayCalls, InboxCalls, LobbyCalls } from "../../src/objects/rpc.ts";
import { CALLS, patch } from "./meter.ts";
import { PATIENCE_MS } from "./patience.ts";

/** What something cost. */
export interface Bill {
  /** Rows written in the SQLite of all objects, indexes and alarms that were set included. */
  readonly rows: number;
  /** Calls from the Worker or an object to an object, and requests for a socket. */
  readonly calls: number;
  /** Frames that objects took from sockets. */
  readonly frames: number;
  /** Alarms that went off. */
  readonly alarms: number;
  /** Requests of clients to the Worker. */
  readonly requests: number;
  /** Statements that the directory was asked, and rows that it wrote. */
  readonly queries: number;
  readonly directoryRows: number;
}

/** What a Lobby writes of figures, for all objects that hand over within a second, belongs to no act: the model adds it. */
const OPEN = /INTO open /;
const isOfFigures = (statement: string, key: unknown): boolean => OPEN.test(statement) || key === "figures";

/** Writes nothing; and while it is not read to its end, only its own object may look at its cursor. */
const READS = /^\s*SELECT\b/i;

type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

/** What is counted of each kind of object, by the name of the handler. */
const HANDLERS = { fetch: "calls", webSocketMessage: "frames", alarm: "alarms" } as const;

/** All methods by which objects are called; a new one that is not counted does not compile. */
const ALL = CALLS satisfies {
  CHAT: Record<Exclude<keyof ChatCalls, "fetch">, true>;
  INBOX: Record<keyof InboxCalls, true>;
  GATEWAY: Record<Exclude<keyof GatewayCalls, "fetch">, true>;
  LOBBY: Record<keyof LobbyCalls, true>;
};

const KINDS = ["CHAT", "INBOX", "GATEWAY", "LOBBY"] as const;

/** An object of each kind, to reach its class; none of them is one that a test uses. */
const SAMPLES = { CHAT: "chat:999999999", INBOX: "user:999999999", GATEWAY: "native/meter/0", LOBBY: "app:1" } as const;

/** Replaces methods of `target`; the returned function puts them back. */
function replace(target: Methods, names: readonly string[], make: (old: Method, name: string) => Method): () => void {
  const old = names.map((name) => [name, target[name]] as const);
  for (const [name, method] of old) if (method !== undefined) target[name] = make(method, name);
  return () => {
    for (const [name, method] of old) if (method !== undefined) target[name] = method;
  };
}

const prototypeOf = (value: object): Methods => Object.getPrototypeOf(value) as Methods;

interface DirectoryAnswer {
  readonly meta: { readonly rows_written: number };
  readonly results: readonly unknown[];
}

export class Meter {
  /** How often each call, frame and alarm was taken, by `KIND.method`. */
  readonly taken = new Map<string, number>();
  readonly #cursors: (readonly [statement: string, cursor: { readonly rowsWritten: number }])[] = [];
  readonly #undo: (() => void)[] = [];
  #alarmsSet = 0;
  #requests = 0;
  #queries = 0;
  #calls = 0;
  #frames = 0;
  #alarms = 0;
  #underWay = 0;
  #directoryRows = 0;

  static async start(): Promise<Meter> {
    const meter = new Meter();
    for (const kind of KINDS) {
      const count = meter.#counting(kind);
      meter.#undo.push(await patch(kind, SAMPLES[kind], Object.keys(ALL[kind]), count));
      const handlers = await runInDurableObject(env[kind].getByName(SAMPLES[kind]), (instance) =>
        Object.keys(HANDLERS).filter((name) => name in instance),
      );
      meter.#undo.push(await patch(kind, SAMPLES[kind], handlers, count));
    }
    await runInDurableObject(env.LOBBY.getByName(SAMPLES.LOBBY), (_, { storage }) => meter.#countRows(storage));
    meter.#countDirectory();
    // Whether the directory was asked a moment ago would be a matter of time: each request counts as the first.
    meter.#undo.push(replace(Leases.prototype as unknown as Methods, ["get"], () => () => undefined));
    meter.#undo.push(
      replace(worker as unknown as Methods, ["fetch"], (old) => (...args) => {
        meter.#requests++;
        return meter.#during(() => old.apply(worker, args));
      }),
    );
    return meter;
  }

  #counting(kind: string): (old: Method, name: string) => Method {
    // oxlint-disable-next-line unicorn/no-this-alias, typescript/no-this-alias -- the methods have a `this` of their own
    const meter = this;
    return (old, name) =>
      function (this: unknown, ...args: unknown[]) {
        const what = HANDLERS[name as keyof typeof HANDLERS] ?? "calls";
        if (what === "frames") meter.#frames++;
        else if (what === "alarms") meter.#alarms++;
        else meter.#calls++;
        const key = `${kind}.${name}`;
        meter.taken.set(key, (meter.taken.get(key) ?? 0) + 1);
        return meter.#during(() => old.apply(this, args));
      };
  }

  async #during(work: () => unknown): Promise<unknown> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }

  #countRows(storage: DurableObjectStorage): void {
    const cursors = this.#cursors;
    this.#undo.push(
      replace(
        prototypeOf(storage.sql),
        ["exec"],
        (old) =>
          function (this: unknown, ...args: unknown[]) {
            const cursor = old.apply(this, args) as { readonly rowsWritten: number };
            const statement = String(args[0]);
            if (!isOfFigures(statement, args[1]) && !READS.test(statement)) cursors.push([statement, cursor]);
            return cursor;
          },
      ),
    );
    const set = (): void => {
      this.#alarmsSet++;
    };
    const during = (work: () => unknown): Promise<unknown> => this.#during(work);
    // What follows a commit is under way while it is waited for.
    this.#undo.push(
      replace(
        prototypeOf(storage),
        ["sync"],
        (old) =>
          function (this: unknown, ...args: unknown[]) {
            return during(() => old.apply(this, args));
          },
      ),
    );
    this.#undo.push(
      replace(
        prototypeOf(storage),
        ["setAlarm"],
        (old) =>
          function (this: unknown, ...args: unknown[]) {
            set();
            return old.apply(this, args);
          },
      ),
    );
  }

  /** The directory is asked through one method, whichever way a statement is run; a batch has an answer for each. */
  #countDirectory(): void {
    const answered = <Answers extends DirectoryAnswer | readonly DirectoryAnswer[]>(answers: Answers): Answers => {
      for (const { meta } of [answers].flat() as DirectoryAnswer[]) {
        this.#queries++;
        this.#directoryRows += meta.rows_written;
      }
      return answers;
    };
    const statement = prototypeOf(env.DB.prepare("SELECT 1"));
    const all = statement["all"] as (this: unknown) => Promise<DirectoryAnswer>;
    const counted = (old: Method) =>
      async function (this: unknown, ...args: unknown[]) {
        return answered((await old.apply(this, args)) as DirectoryAnswer | readonly DirectoryAnswer[]);
      };
    // The first row alone would come without what it cost.
    const first = () =>
      async function (this: unknown) {
        return answered(await all.call(this)).results[0] ?? null;
      };
    this.#undo.push(
      replace(statement, ["run", "all"], counted),
      replace(statement, ["first"], first),
      replace(prototypeOf(env.DB), ["batch"], counted),
    );
  }

  /** What it has come to so far. */
  get rows(): number {
    return this.#cursors.reduce((sum, [, cursor]) => sum + cursor.rowsWritten, this.#alarmsSet);
  }

  /** Frames that were taken so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Of what it is made: calls, frames and alarms by `KIND.method`, rows by the statement that wrote them. */
  describe(): string {
    const rows = new Map<string, number>(this.#alarmsSet === 0 ? [] : [["setAlarm", this.#alarmsSet]]);
    for (const [statement, { rowsWritten }] of this.#cursors)
      if (rowsWritten > 0) rows.set(statement, (rows.get(statement) ?? 0) + rowsWritten);
    return JSON.stringify({ ...Object.fromEntries(this.taken), rows: Object.fromEntries(rows) });
  }

  /** Resolves once nothing that was called is under way. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    // An answer that was given is still to be heard by who asked: several turns, in none of which anything begins.
    for (let turns = 0; turns < 5; turns++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (this.#underWay > 0) turns = -1;
      if (performance.now() > deadline) throw new Error("it does not come to rest");
    }
  }

  /** Of all that was counted so far. */
  get bill(): Bill {
    return {
      rows: this.rows,
      calls: this.#calls,
      frames: this.#frames,
      alarms: this.#alarms,
      requests: this.#requests,
      queries: this.#queries,
      directoryRows: this.#directoryRows,
    };
  }

  /** Counts no more. */
  stop(): void {
    for (const undo of this.#undo.toReversed()) undo();
  }
}
