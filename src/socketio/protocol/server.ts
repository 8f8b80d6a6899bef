/**
 * Socket.IO over Engine.IO: namespaces, events, acknowledgements, rooms, and connections that are taken up again.
 * Knows packets and who joined what; knows nothing of what the events mean.
 */

import type { Engine, Upper } from "../engine/engine.ts";
import type { Bytes } from "../engine/packets.ts";
import type { CloseReason, Session } from "../engine/session.ts";
import type { FaultPlace, Host, Json } from "../ports.ts";
import type { Settings } from "../settings.ts";
import { Acks } from "./acks.ts";
import type { Packet } from "./codec.ts";
import { PacketType, attachmentsOf, decode, encode } from "./codec.ts";
import { Connecting } from "./connecting.ts";
import type { Handlers, Lifecycle, Namespace } from "./handlers.ts";
import type { Joined } from "./joined.ts";
import { store } from "./joined.ts";
import { joinsRootUnasked } from "./legacy.ts";
import { Outgoing } from "./outgoing.ts";
import { Partials } from "./partials.ts";
import type { Inquiry } from "./recovery.ts";
import { Recovery } from "./recovery.ts";
import { BoundSocket } from "./socket.ts";
import { States } from "./state.ts";

/** More attachments than this the parser of the clients refuses too. */
const MAX_ATTACHMENTS = 10;

/** After these a connection may be taken up again. */
const RECOVERABLE: ReadonlySet<CloseReason> = new Set(["transport close", "transport error", "ping timeout"]);

export class Server implements Upper {
  readonly #host: Host;
  readonly #engine: Engine;
  readonly #settings: Settings;
  readonly #lifecycle: Lifecycle;
  readonly #namespaces = new Map<string, Handlers>();
  readonly #states: States;
  readonly #acks: Acks;
  readonly #partials: Partials;
  readonly #recovery: Recovery | null;
  readonly #outgoing: Outgoing;
  readonly #connecting: Connecting;

  constructor(host: Host, engine: Engine, settings: Settings, lifecycle: Lifecycle) {
    this.#host = host;
    this.#engine = engine;
    this.#settings = settings;
    this.#lifecycle = lifecycle;
    this.#states = new States(engine);
    this.#acks = new Acks(host.sql);
    this.#partials = new Partials(host.sql);
    const { version, recoverWithin, pingInterval, pingTimeout } = settings;
    this.#recovery =
      version === 3 || recoverWithin === null
        ? null
        : new Recovery(host.sql, host.place, recoverWithin, pingInterval + pingTimeout);
    this.#outgoing = new Outgoing(host, engine, this.#states, this.#recovery);
    this.#connecting = new Connecting({
      host,
      engine,
      settings,
      states: this.#states,
      outgoing: this.#outgoing,
      recovery: this.#recovery,
      takeOver: (pid, namespace) => this.#takeOver(pid, namespace),
      handlersOf: (namespace) => this.#namespaces.get(namespace),
      joined: (session, namespace, joined, recovered) =>
        this.#call(
          "onConnect",
          (handlers) => handlers.onConnect?.(this.#socket(session, namespace, joined), recovered),
          namespace,
        ),
      ended: (sid) => this.#ended(sid),
    });
  }

  // ---- for the application ------------------------------------------------------------------------------------

  namespace(name: string, handlers: Handlers): Namespace {
    this.#namespaces.set(name, handlers);
    return {
      emitTo: (room, event, args, besides) => this.#outgoing.emitTo(name, room, event, args, besides ?? null),
    };
  }

  /** Sends an event that is encoded already to these connections, live or lost. */
  deliver(sids: readonly string[], text: string): void {
    this.#engine.now();
    this.#outgoing.deliver(sids, text);
  }

  /** To be called once, when the engine has loaded its sessions. */
  restore(): void {
    for (const { sid, origin } of this.#recovery?.away() ?? []) this.#lifecycle.opened(sid, origin);
    for (const { sid, origin, reach } of this.#engine.sessions())
      if (reach.on !== "ending") this.#lifecycle.opened(sid, origin);
    for (const session of this.#engine.sessions())
      for (const { base } of this.#states.of(session).joined.values()) this.#recovery?.stood(base);
    const partials = new Map(this.#partials.all().map((one) => [one.sid, one]));
    for (const session of this.#engine.sessions()) {
      const partial = partials.get(session.sid);
      if (partial === undefined) continue;
      const count = attachmentsOf(partial.text);
      this.#states.of(session).partial = { since: this.#host.now(), count, come: partial.come };
      partials.delete(session.sid);
    }
    for (const sid of partials.keys()) this.#partials.remove(sid);
  }

  #socket(session: Session, namespace: string, joined: Joined): BoundSocket {
    return new BoundSocket(session, namespace, joined, {
      emit: (packet) => this.#outgoing.emit(session, namespace, joined, packet),
      awaitAck: (context) => this.#awaitAck(session, namespace, context),
      send: (packet) => this.#outgoing.send(session, packet),
      keep: () => this.#states.keep(session),
      disconnect: (close) => this.#disconnect(session, namespace, joined, close),
    });
  }

  #awaitAck({ sid }: Session, namespace: string, context: Json): number {
    const expires = this.#host.now() + this.#settings.ackTimeout;
    this.#engine.wakeBy(expires);
    return this.#acks.add({ sid, namespace, context }, expires);
  }

  #disconnect(session: Session, namespace: string, joined: Joined, close: boolean): void {
    if (this.#states.of(session).joined.get(namespace) === joined) {
      this.#outgoing.send(session, encode({ type: PacketType.DISCONNECT, nsp: namespace }));
      this.#states.of(session).left.add(namespace);
      this.#leave(session, namespace, joined, "server namespace disconnect");
    }
    if (close) this.#engine.close(session, "forced server close");
  }

  // ---- from the engine ----------------------------------------------------------------------------------------

  opened(session: Session): void {
    this.#lifecycle.opened(session.sid, session.origin);
    this.#engine.wakeBy(session.openedAt + this.#settings.connectTimeout);
    if (!joinsRootUnasked(this.#settings.version)) return;
    this.#engine.run(session, 0, () => this.#connecting.connect(session, { type: PacketType.CONNECT, nsp: "/" }));
  }

  message(session: Session, data: string | Bytes): void | Promise<void> {
    const state = this.#states.of(session);
    if (typeof data === "string") {
      const count = attachmentsOf(data);
      if (state.partial !== null || count > MAX_ATTACHMENTS) return this.#engine.close(session, "parse error");
      if (count === 0) return this.#packet(session, decode(data));
      this.#partials.begin(session.sid, data);
      const since = this.#host.now();
      state.partial = { since, count, come: 0 };
      this.#engine.wakeBy(since + this.#settings.binaryTimeout);
      return undefined;
    }
    if (state.partial === null) return this.#engine.close(session, "parse error");
    state.partial.come = this.#partials.add(session.sid, data);
    if (state.partial.come < state.partial.count) return undefined;
    state.partial = null;
    const { text, attachments } = this.#partials.take(session.sid);
    return this.#packet(session, decode(text, attachments));
  }

  #packet(session: Session, packet: Packet | undefined): void | Promise<void> {
    if (packet === undefined) return this.#engine.close(session, "parse error");
    if (packet.type === PacketType.CONNECT) return this.#connecting.connect(session, packet);
    const { joined: all, left } = this.#states.of(session);
    const joined = all.get(packet.nsp);
    if (joined === undefined) {
      return left.has(packet.nsp) ? undefined : this.#engine.close(session, "parse error");
    }
    switch (packet.type) {
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        return this.#event(session, joined, packet);
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        return this.#acknowledged(session, joined, packet);
      case PacketType.DISCONNECT:
        return this.#leave(session, packet.nsp, joined, "client namespace disconnect");
      case PacketType.CONNECT_ERROR:
        return this.#engine.close(session, "parse error");
    }
  }

  #event(session: Session, joined: Joined, { nsp, data, id }: Packet): void | Promise<void> {
    const [event, ...args] = data as [string | number, ...unknown[]];
    let isAnswered = id === undefined;
    const ack = (...answer: unknown[]): void => {
      if (isAnswered || id === undefined) return;
      isAnswered = true;
      this.#outgoing.send(session, encode({ type: PacketType.ACK, nsp, id, data: answer }));
    };
    return this.#call(
      "onEvent",
      (handlers) =>
        handlers.onEvent(this.#socket(session, nsp, joined), String(event), args, id === undefined ? null : ack),
      nsp,
    );
  }

  #acknowledged(session: Session, joined: Joined, { nsp, data, id }: Packet): void | Promise<void> {
    const context = this.#acks.take(Number(id), session.sid, nsp);
    if (context === undefined) return undefined;
    return this.#call(
      "onAck",
      (handlers) => handlers.onAck?.(this.#socket(session, nsp, joined), context, data as unknown[]),
      nsp,
    );
  }

  /** Calls the application; what it throws is ours to bear, not the connection's. */
  #call(what: FaultPlace, work: (handlers: Handlers) => void | Promise<void>, namespace: string): void | Promise<void> {
    const handlers = this.#namespaces.get(namespace);
    if (handlers === undefined) return undefined;
    try {
      return work(handlers)?.catch((fault: unknown) => this.#host.fault(what, fault));
    } catch (fault) {
      this.#host.fault(what, fault);
    }
  }

  // ---- the end ------------------------------------------------------------------------------------------------

  #leave(session: Session, namespace: string, joined: Joined, reason: CloseReason): void {
    this.#states.of(session).joined.delete(namespace);
    this.#states.keep(session);
    this.#acks.remove(session.sid, namespace);
    const told = this.#call(
      "onDisconnect",
      (handlers) => handlers.onDisconnect?.(this.#socket(session, namespace, joined), reason),
      namespace,
    );
    if (told !== undefined) this.#host.later(told);
  }

  closed(session: Session, reason: CloseReason): void {
    const { sid, origin } = session;
    this.#partials.remove(sid);
    const now = this.#host.now();
    for (const [namespace, joined] of this.#states.of(session).joined) {
      if (this.#recovery !== null && joined.pid !== null && RECOVERABLE.has(reason)) {
        this.#recovery.leave(joined.pid, { sid, origin, joined: store(namespace, joined) }, now);
        this.#engine.wakeBy(now + (this.#settings.recoverWithin ?? 0));
      }
      this.#leave(session, namespace, joined, reason);
    }
    this.#ended(sid);
  }

  /** A lost connection comes back: what it was; one that is still thought to stand is closed first. */
  #takeOver(pid: string, namespace: string): ReturnType<Recovery["take"]> {
    for (const session of this.#engine.sessions()) {
      if (this.#states.of(session).joined.get(namespace)?.pid !== pid) continue;
      this.#engine.close(session, "transport close");
      break;
    }
    return this.#recovery?.take(pid, namespace, this.#host.now());
  }

  #ended(sid: string): void {
    // One that still polls for its end is over all the same.
    const isOver = this.#engine.session(sid)?.isOpen !== true;
    if (isOver && this.#recovery?.isAway(sid) !== true) this.#lifecycle.ended(sid);
  }

  asked(question: Json): Json {
    return this.#connecting.asked(question as unknown as Inquiry);
  }

  // ---- time ---------------------------------------------------------------------------------------------------

  due(now: number): void {
    for (const session of this.#engine.sessions()) {
      const at = this.#deadline(session);
      if (at !== null && at <= now) this.#engine.close(session, "forced server close");
    }
    for (const { sid, namespace, context } of this.#acks.takeExpired(now)) this.#ackMissing(sid, namespace, context);
    const isIdle = this.#engine.sessions()[Symbol.iterator]().next().done === true;
    for (const { sid } of this.#recovery?.trim(now, isIdle) ?? []) this.#ended(sid);
  }

  #ackMissing(sid: string, namespace: string, context: Json): void {
    const session = this.#engine.session(sid);
    const joined = session === undefined ? undefined : this.#states.of(session).joined.get(namespace);
    if (session === undefined || joined === undefined) return;
    const told = this.#call(
      "onAck",
      (handlers) => handlers.onAck?.(this.#socket(session, namespace, joined), context, null),
      namespace,
    );
    if (told !== undefined) this.#host.later(told);
  }

  /** When a session has waited long enough for a CONNECT, or for attachments. */
  #deadline(session: Session): number | null {
    const { joined, left, partial } = this.#states.of(session);
    if (partial !== null) return partial.since + this.#settings.binaryTimeout;
    return joined.size + left.size > 0 ? null : session.openedAt + this.#settings.connectTimeout;
  }

  latest(): number {
    return this.#recovery?.latest() ?? 0;
  }

  countAnew(now: number): void {
    for (const session of this.#engine.sessions()) {
      if (this.#deadline(session) === null && session.openedAt <= now) continue;
      session.openedAt = now;
      this.#engine.keep(session);
      const { partial } = this.#states.of(session);
      if (partial !== null) partial.since = now;
    }
    this.#acks.putOff(now + this.#settings.ackTimeout);
    this.#recovery?.countAnew(now);
  }

  nextDue(): number | null {
    const times = [this.#acks.nextExpiry(), this.#recovery?.nextDue() ?? null];
    for (const session of this.#engine.sessions()) times.push(this.#deadline(session));
    const known = times.filter((at) => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  }
}
