/**
 * What a Gateway gives a dialect that carries its connections itself: storage, sockets, the alarm, other Gateways.
 * Knows the platform, and nothing of what the dialect does with it.
 */

import type { FaultPlace } from "../../core/faults.ts";
import type { CounterName } from "../../core/figures.ts";
import { FLOOD } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import type { CarriedSocket, CarriedWire, Carrier, CarrierHost, CarrierSql, Connection } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { logFault, requestOf, within } from "../../log.ts";
import { requestIn } from "../identity.ts";
import type { Readers } from "../readers.ts";
import type { ObjectBindings } from "../rpc.ts";
import { gatewayStub } from "../rpc.ts";
import { CLOSE, closeSocket, upgraded } from "../sockets.ts";
import { migrate, stored } from "../sql.ts";
import type { Attached, Host } from "./connection.ts";
import { HeldConnection } from "./connection.ts";

/** The reason of a reset that nobody has to worry about. */
export const BEGUN_ANEW = "the Gateway was empty and begins anew";

/** What of the Gateway is used here. */
export interface Keeper {
  readonly host: Host;
  readonly connections: Map<string, HeldConnection>;
  readonly readers: Readers;
  /** It is gone, and is not told so. */
  forget(connection: HeldConnection): void;
  count(connection: HeldConnection | undefined, figure: CounterName, label: string): void;
  /** It is ended for not keeping up. */
  slow(connection: HeldConnection | undefined): void;
}

export class Carriage implements CarrierHost {
  readonly place: string;
  readonly sql: CarrierSql;
  readonly carrier: Carrier;
  readonly #ctx: DurableObjectState;
  readonly #env: ObjectBindings & Pick<Env, "DEVELOPMENT">;
  readonly #wire: CarriedWire;
  readonly #keeper: Keeper;
  readonly #wires = new Map<WebSocket, HeldSocket>();
  readonly #busy = new Busy(() => this.#beginAnew());
  /** Sockets that we closed, of which no frame ever came: the runtime does not let go of them by itself. */
  #clinging = 0;
  /** What the alarm stands at; undefined: what it stood at before the object was evicted. */
  #alarmAt: number | null | undefined;

  constructor(
    ctx: DurableObjectState,
    env: ObjectBindings & Pick<Env, "DEVELOPMENT">,
    wire: CarriedWire,
    name: string,
    keeper: Keeper,
  ) {
    this.#ctx = ctx;
    this.#env = env;
    this.#wire = wire;
    this.#keeper = keeper;
    this.place = name.slice(wire.name.length + 1).replaceAll("/", "-");
    this.sql = { exec: (query, ...bindings) => ctx.storage.sql.exec(query, ...bindings) };
    const steps = wire.schema.map((step) => (): void => step(this.sql));
    migrate(ctx.storage, steps, "carried schema");
    for (const socket of ctx.getWebSockets()) this.#wires.set(socket, this.#hold(socket));
    this.carrier = wire.carry(this);
    this.#endLost();
  }

  /** The object died after a session had ended, and before its connection was let go. */
  #endLost(): void {
    for (const { key } of this.sql.exec("SELECT key FROM carried").toArray()) {
      if (this.connection(String(key)) !== undefined) continue;
      this.opened(String(key), "");
      this.ended(String(key));
    }
  }

  now(): number {
    return Date.now();
  }

  wires(): readonly CarriedSocket[] {
    return [...this.#wires.values()];
  }

  accept(label: Json): { wire: CarriedSocket; response: Response } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    const wire = this.#hold(server);
    wire.keep({ label, request: requestOf() });
    this.#wires.set(server, wire);
    return { wire, response: upgraded(this.#env, client, null, requestOf()) };
  }

  #hold(socket: WebSocket): HeldSocket {
    return new HeldSocket(
      socket,
      this.#keeper.readers,
      () => this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null,
    );
  }

  fetch(request: Request, isFull: boolean): Promise<Response> {
    return this.#busy.during(within(requestIn(request), () => this.carrier.fetch(request, isFull)));
  }

  received(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
    const wire = this.#wires.get(socket);
    if (wire === undefined) return undefined;
    wire.isMute = false;
    return within(wire.request, () => this.carrier.received(wire, frame));
  }

  async closed(socket: WebSocket): Promise<void> {
    const wire = this.#wires.get(socket);
    this.#wires.delete(socket);
    if (wire === undefined) return;
    if (wire.isMute && wire.isClosed) this.#clinging++;
    await this.#busy.during(Promise.resolve(this.carrier.closed(wire)));
  }

  /**
   * Where the client's first frame is its answer to our close, the runtime goes on holding the TCP connection until the
   * object is evicted, and many clients wait for its end. So an object that has nothing else left begins anew.
   */
  #beginAnew(): void {
    if (this.#clinging > 0 && this.#wires.size === 0) this.later(this.#letGo());
  }

  async #letGo(): Promise<void> {
    await this.#ctx.storage.sync();
    // Of what is under way, this is one; where there is more, the end of that asks again.
    if (this.#wires.size > 0 || this.#busy.count > 1) return;
    this.#clinging = 0;
    this.#ctx.abort(BEGUN_ANEW);
  }

  connectionOf(socket: WebSocket): HeldConnection | undefined {
    const wire = this.#wires.get(socket);
    return wire && this.#keeper.connections.get(this.#id(this.carrier.keyOf(wire)));
  }

  later(work: Promise<unknown>): void {
    this.#ctx.waitUntil(this.#busy.during(work));
  }

  ask(place: string, question: Json): Promise<Json> {
    return gatewayStub(this.#env, `${this.#wire.name}/${place.replace("-", "/")}`).ask(question);
  }

  fault(what: FaultPlace, error: unknown): void {
    logFault(what, error, { gateway: `${this.#wire.name}/${this.place}` });
  }

  // ---- connections --------------------------------------------------------------------------------------------

  #id(key: string): string {
    return `${this.#wire.name}/${this.place.replace("-", "/")}#${key}`;
  }

  opened(key: string, origin: string): Connection {
    const id = this.#id(key);
    const [kept] = this.sql.exec("SELECT attached FROM carried WHERE key = ?", key).toArray();
    const attached: Attached =
      kept === undefined
        ? { id, session: null, share: null, username: null, app: null, origin, state: null, request: requestOf() }
        : stored<Attached>(String(kept["attached"]));
    const line = {
      send: (frame: string): void => this.carrier.deliver([key], frame),
      close: (code: number, reason: string): void => this.carrier.close(key, code, reason),
      keep: (changed: Attached): void => this.#keep(key, changed),
    };
    const connection: HeldConnection = new HeldConnection(line, attached, this.#keeper.host);
    this.#keeper.connections.set(id, connection);
    return connection;
  }

  /** One that is gone meanwhile leaves nothing behind. */
  #keep(key: string, attached: Attached): void {
    if (!this.#keeper.connections.has(attached.id)) return;
    this.sql.exec("INSERT OR REPLACE INTO carried (key, attached) VALUES (?, ?)", key, JSON.stringify(attached));
  }

  /** One frame for some connections. */
  deliver(connections: readonly HeldConnection[], frame: string): void {
    const begin = this.#id("").length;
    this.carrier.deliver(
      connections.map(({ id }) => id.slice(begin)),
      frame,
    );
  }

  connection(key: string): Connection | undefined {
    return this.#keeper.connections.get(this.#id(key));
  }

  ended(key: string): void {
    this.sql.exec("DELETE FROM carried WHERE key = ?", key);
    const connection = this.#keeper.connections.get(this.#id(key));
    if (connection !== undefined) this.#keeper.forget(connection);
  }

  slow(key: string): void {
    this.#keeper.slow(this.#keeper.connections.get(this.#id(key)));
  }

  mayTake(key: string): boolean {
    const connection = this.#keeper.connections.get(this.#id(key));
    if (connection === undefined) return false;
    if (connection.bucket.take(this.now())) return true;
    this.#keeper.count(connection, "refused", "rate.limited");
    if (connection.bucket.refused > FLOOD.patience) connection.close(CLOSE.policy, "too many frames");
    return false;
  }

  // ---- the alarm ----------------------------------------------------------------------------------------------

  /** Setting it costs a row: the one that an evicted object has left is taken over where it does. */
  wakeAt(at: number | null): void {
    if (at === this.#alarmAt) return;
    const isKnown = this.#alarmAt !== undefined;
    this.#alarmAt = at;
    if (isKnown) this.#set(at);
    else this.later(this.#takeOver(at));
  }

  async #takeOver(at: number | null): Promise<void> {
    const left = await this.#ctx.storage.getAlarm();
    if (this.#alarmAt !== at) return;
    // One that is past should have gone off: an object that ends itself can lose the one that it has just set.
    if (at !== null && (left === null || left > at || left < this.now())) this.#set(at);
  }

  #set(at: number | null): void {
    const { storage } = this.#ctx;
    this.later(at === null ? storage.deleteAlarm() : storage.setAlarm(at));
  }

  async alarm(): Promise<void> {
    this.#alarmAt = null;
    await this.#busy.during(Promise.resolve().then(() => this.carrier.due()));
  }
}

/** Counts what is under way. */
class Busy {
  count = 0;
  readonly #over: () => void;

  /** `over` hears that nothing is any more. */
  constructor(over: () => void) {
    this.#over = over;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.count++;
    try {
      return await work;
    } finally {
      this.count--;
      if (this.count === 0) this.#over();
    }
  }
}

interface KeptSocket {
  readonly label: Json;
  /** The id of the request that opened it, for the log. */
  readonly request: string | null;
}

/** A hibernating WebSocket whose label stands in its attachment. */
class HeldSocket implements CarriedSocket {
  /** No frame has come from it, as far as this life of the object knows. */
  isMute = true;
  isClosed = false;
  readonly answeredAt: () => number | null;
  readonly #socket: WebSocket;
  readonly #readers: Readers;
  #kept: KeptSocket | undefined;

  constructor(socket: WebSocket, readers: Readers, answeredAt: () => number | null) {
    this.#socket = socket;
    this.#readers = readers;
    this.answeredAt = answeredAt;
  }

  get #known(): KeptSocket {
    this.#kept ??= this.#socket.deserializeAttachment() as KeptSocket;
    return this.#kept;
  }

  keep(kept: KeptSocket): void {
    this.#kept = kept;
    this.#socket.serializeAttachment(kept);
  }

  get request(): string | null {
    return this.#known.request;
  }

  get label(): Json {
    return this.#known.label;
  }

  set label(label: Json) {
    this.keep({ ...this.#known, label });
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#readers.send(this.#socket, data);
  }

  close(code: number, reason: string): void {
    this.isClosed = true;
    this.#readers.forget(this.#socket);
    closeSocket(this.#socket, code, reason);
  }
}
