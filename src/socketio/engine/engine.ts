/**
 * The Engine.IO server of one object: sessions over polls and WebSockets, their upgrade and their heartbeat. Passes
 * messages to the layer above, one of a session after the other; knows nothing of what they say.
 */

import type { Carrier, Host, Json, Wire } from "../ports.ts";
import type { Settings } from "../settings.ts";
import { Clock } from "./clock.ts";
import { beatOf, countAnew, deadlineOf, latestOf, nextBeat } from "./heartbeat.ts";
import type { Asked } from "./http.ts";
import { isRefusal, readRequest, refuse } from "./http.ts";
import type { Bytes, Packet } from "./packets.ts";
import { decodeFrame, decodeText, encodeFrame, encodeText } from "./packets.ts";
import { Polling } from "./polling.ts";
import type { CloseReason, Label, Reach } from "./session.ts";
import { Session, label, labelOf } from "./session.ts";
import type { StoredSession } from "./store.ts";
import { SessionStore } from "./store.ts";

/** RFC 6455 close codes. */
const CLOSE = { normal: 1000, policy: 1008, tooBig: 1009 } as const;

/** The layer above. */
export interface Upper {
  opened(session: Session): void;
  message(session: Session, data: string | Bytes): void | Promise<void>;
  closed(session: Session, reason: CloseReason): void;
  /** Called with the alarm. */
  due(now: number): void;
  /** When it wants the alarm next; null: not at all. */
  nextDue(): number | null;
  /** The latest time that it has stored; 0: none. */
  latest(): number;
  /** The clock has jumped, or the alarm was late: what waits for a time does so from `now` on. */
  countAnew(now: number): void;
  asked(question: Json): Json;
}

export class Engine implements Carrier {
  readonly #host: Host;
  readonly #settings: Settings;
  readonly #upper: Upper;
  readonly #store: SessionStore;
  readonly #polling: Polling;
  readonly #sessions = new Map<string, Session>();
  /** Sessions whose pong has not come. */
  readonly #awaited = new Set<Session>();
  readonly #clock: Clock;

  /** `upper` is asked for only after the engine is made, since the two know each other. */
  constructor(host: Host, settings: Settings, makeUpper: (engine: Engine) => Upper) {
    this.#host = host;
    this.#settings = settings;
    this.#clock = new Clock(host, (now) => this.#countAnew(now));
    this.#store = new SessionStore(host.sql);
    this.#polling = new Polling(this.#store, settings, {
      feed: (session, packets) => this.#feed(session, packets),
      close: (session, reason) => this.close(session, reason),
    });
    this.#upper = makeUpper(this);
  }

  /** Reads what an eviction or a crash has left. To be called once, before anything else. */
  load(): void {
    const wires = new Map<string, { wire: Wire; bears: Label }>();
    for (const wire of this.#host.wires()) {
      const bears = labelOf(wire);
      wires.set(bears.probeSince === null ? bears.sid : `probe ${bears.sid}`, { wire, bears });
    }
    for (const stored of this.#store.all()) {
      const held = wires.get(stored.sid);
      const probing = wires.get(`probe ${stored.sid}`);
      const session = this.#revive(stored, reachOf(stored, held?.wire, probing), held?.bears);
      this.#sessions.set(session.sid, session);
      if (session.isAwaited) this.#awaited.add(session);
      this.#clock.seen(latestOf(session, this.#settings));
    }
    this.#clock.seen(this.#upper.latest());
  }

  /** Ends what did not last, and sees to the alarm. */
  restore(): void {
    for (const session of this.#sessions.values()) {
      if (session.reach.on === "nothing") this.#end(session, "transport close");
    }
    this.#rearm();
    this.now();
  }

  #revive(stored: StoredSession, reach: Reach, bears: Label | undefined): Session {
    const pinged = bears?.pingedAt ?? stored.pinged;
    const session = new Session(
      stored.sid,
      stored.record,
      reach,
      pinged,
      bears?.heardAt ?? stored.heard,
      stored.joined,
    );
    session.answeredBefore = bears?.answeredBefore ?? null;
    if (reach.on !== "websocket") session.queued = this.#store.queued(stored.sid);
    return session;
  }

  session(sid: string): Session | undefined {
    return this.#sessions.get(sid);
  }

  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Stores what the layer above keeps with a session. */
  keep(session: Session): void {
    if (this.#sessions.get(session.sid) === session) this.#store.put(session);
  }

  // ---- requests -----------------------------------------------------------------------------------------------

  async fetch(request: Request, isFull: boolean): Promise<Response> {
    const response = await this.#answer(request, isFull);
    // A Worker that is answered while it still hands on a body logs that as an error of ours.
    if (!request.bodyUsed) await request.body?.pipeTo(new WritableStream()).catch(() => {}); // the client has left
    return response;
  }

  async #answer(request: Request, isFull: boolean): Promise<Response> {
    const now = this.now();
    const asked = readRequest(request);
    if (isRefusal(asked)) return refuse(request, asked);
    if (asked.version !== this.#settings.version) return refuse(request, "unknownVersion");
    if (asked.sid === null) return isFull ? new Response(null, { status: 503 }) : this.#open(request, asked);
    const session = this.#sessions.get(asked.sid);
    // What is posted may be the answer.
    const isLate = session !== undefined && request.method !== "POST" && now >= deadlineOf(session, this.#settings);
    if (isLate) this.close(session, "ping timeout");
    if (session === undefined || session.reach.on === "nothing") return refuse(request, "unknownSession");
    if (asked.transport === "websocket") return this.#probe(request, session);
    if (session.reach.on === "websocket") return refuse(request, "badRequest");
    if (request.method === "POST") return this.#polling.post(request, session);
    if (request.method !== "GET") return refuse(request, "badRequest");
    const response = this.#polling.poll(request, session);
    if (session.reach.on === "ending") this.#forget(session);
    return response;
  }

  #open(request: Request, asked: Asked): Response | Promise<Response> {
    const now = this.now();
    const { search, origin } = new URL(request.url);
    const sid = `${this.#host.place}-${crypto.randomUUID().replaceAll("-", "")}`;
    const record = { on: asked.transport, b64: asked.b64, openedAt: now, query: search, origin } as const;
    const reach: Reach = { on: "polling", poll: null, probe: null };
    const session = new Session(sid, record, reach, now, now, null);
    this.#sessions.set(sid, session);
    const response = asked.transport === "polling" ? null : this.#attach(session);
    this.#send(session, { type: "open", data: this.#handshake(session) });
    this.#store.put(session);
    this.#upper.opened(session);
    this.wakeBy(nextBeat(session, this.#settings));
    return response ?? this.#polling.poll(request, session);
  }

  #attach(session: Session): Response {
    const { wire, response } = this.#host.accept(label(session));
    session.reach = { on: "websocket", wire };
    return response;
  }

  #handshake({ sid, reach }: Session): string {
    const { pingInterval, pingTimeout, maxPayload } = this.#settings;
    const upgrades = reach.on === "polling" ? ["websocket"] : [];
    return JSON.stringify({ sid, upgrades, pingInterval, pingTimeout, maxPayload });
  }

  // ---- sockets ------------------------------------------------------------------------------------------------

  /** A second socket for a session that polls: it may take over once the client has tried it. */
  #probe(request: Request, session: Session): Response {
    if (session.reach.on !== "polling" || session.reach.probe !== null) return refuse(request, "badRequest");
    const since = this.now();
    const { wire, response } = this.#host.accept(label(session, since));
    session.reach.probe = { wire, since, answered: false };
    this.wakeBy(since + this.#settings.upgradeTimeout);
    return response;
  }

  received(wire: Wire, frame: string | ArrayBuffer): void | Promise<void> {
    this.now();
    const { sid } = labelOf(wire);
    const session = this.#sessions.get(sid);
    const reach = session?.reach;
    const isProbe = reach?.on === "polling" && reach.probe?.wire === wire;
    const isOwn = reach?.on === "websocket" && reach.wire === wire;
    if (session === undefined || !(isProbe || isOwn)) return wire.close(CLOSE.normal, "");
    const size = typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;
    if (size > this.#settings.maxPayload) {
      wire.close(CLOSE.tooBig, "");
      return isProbe ? this.#dropProbe(session) : this.close(session, "transport error");
    }
    const packet = decodeFrame(frame, this.#settings.version);
    if (isProbe) return this.#probed(session, packet);
    if (packet === undefined) return this.close(session, "parse error");
    return this.#feed(session, [packet]);
  }

  #probed(session: Session, packet: Packet | undefined): void {
    const { reach } = session;
    if (reach.on !== "polling" || reach.probe === null) return;
    const { wire } = reach.probe;
    if (packet?.type === "ping" && packet.data === "probe") {
      wire.send(encodeText({ type: "pong", data: "probe" }, this.#settings.version));
      reach.probe.answered = true;
      this.#polling.releaseSoon(session);
    } else if (packet?.type === "upgrade") {
      this.#polling.overtake(session);
      session.reach = { on: "websocket", wire };
      wire.label = label(session);
      for (const text of this.#store.take(session.sid)) this.#transmit(wire, text);
      session.queued = 0;
      this.#store.put(session);
    } else {
      wire.close(CLOSE.policy, "");
      this.#dropProbe(session);
    }
  }

  #dropProbe(session: Session): void {
    if (session.reach.on !== "polling" || session.reach.probe === null) return;
    const { wire } = session.reach.probe;
    session.reach.probe = null;
    wire.close(CLOSE.normal, "");
  }

  closed(wire: Wire): void {
    this.now();
    const session = this.#sessions.get(labelOf(wire).sid);
    if (session === undefined) return;
    if (session.reach.on === "websocket" && session.reach.wire === wire) this.#end(session, "transport close");
    else if (session.reach.on === "polling" && session.reach.probe?.wire === wire) session.reach.probe = null;
  }

  // ---- packets ------------------------------------------------------------------------------------------------

  /** Works on packets from the client; a promise where some of them have to wait. */
  #feed(session: Session, packets: readonly Packet[]): void | Promise<void> {
    for (const packet of packets) {
      if (!session.isOpen) return;
      this.#take(session, packet);
    }
    return session.turn;
  }

  #take(session: Session, packet: Packet): void {
    const isClientPinging = this.#settings.version === 3;
    if (isClientPinging) this.#hear(session);
    switch (packet.type) {
      case "message":
        return this.#message(session, packet.data);
      case "ping":
        if (!isClientPinging) return this.close(session, "transport error");
        return this.#send(session, { type: "pong", data: packet.data });
      case "pong":
        if (isClientPinging) return this.close(session, "transport error");
        return this.#hear(session);
      case "close":
        if (session.reach.on === "polling") this.#polling.release(session);
        return this.#end(session, "transport close");
      case "noop":
        return undefined;
      case "open":
      case "upgrade":
        return this.close(session, "parse error");
    }
  }

  #message(session: Session, data: string | Bytes): void {
    this.run(session, data.length, () => this.#upper.message(session, data));
  }

  /** Does `work` when what came before it from the same session is done: at once, if possible. */
  run(session: Session, size: number, work: () => void | Promise<void>): void {
    if (session.turn === undefined) {
      const begun = work();
      if (begun !== undefined) this.#await(session, begun);
      return;
    }
    session.waiting += size;
    if (session.waiting > this.#settings.maxWaiting) {
      this.close(session, "transport error");
      return;
    }
    const next = session.turn.then(() => {
      session.waiting -= size;
      return session.isDeaf ? undefined : work();
    });
    this.#await(session, next);
  }

  #await(session: Session, work: Promise<void>): void {
    const turn = work
      .catch((fault: unknown) => this.#host.fault("socket.io message", fault))
      .finally(() => {
        if (session.turn === turn) session.turn = undefined;
      });
    session.turn = turn;
    this.#host.later(turn);
  }

  /** Sends a message. */
  send(session: Session, data: string | Bytes): void {
    if (session.isOpen) this.#send(session, { type: "message", data });
  }

  #send(session: Session, packet: Packet): void {
    if (session.reach.on === "websocket") session.reach.wire.send(encodeFrame(packet, this.#settings.version));
    else this.#polling.send(session, encodeText(packet, this.#settings.version));
    if (session.queued <= this.#settings.maxWaiting) return;
    this.#host.slow(session.sid);
    this.close(session, "transport error");
  }

  /** Sends what was queued for a poll. */
  #transmit(wire: Wire, text: string): void {
    const { version } = this.#settings;
    const packet = text.startsWith("b") ? decodeText(text, version) : undefined;
    wire.send(packet === undefined ? text : encodeFrame(packet, version));
  }

  // ---- the end ------------------------------------------------------------------------------------------------

  /** Ends a session from our side. One that polls learns it from the poll that is held, or from its next one. */
  close(session: Session, reason: CloseReason): void {
    const { reach } = session;
    if (reach.on === "ending" || reach.on === "nothing") {
      this.#forget(session);
      return;
    }
    session.isDeaf = true;
    if (reach.on === "websocket" || (reach.poll === null && reason !== "forced server close")) {
      this.#end(session, reason);
      return;
    }
    const isHeld = reach.poll !== null;
    this.#dropProbe(session);
    this.#polling.send(session, encodeText({ type: "close", data: "" }, this.#settings.version));
    this.#polling.flush(session);
    if (isHeld) {
      this.#end(session, reason);
      return;
    }
    session.reach = { on: "ending" };
    this.#store.put(session);
    this.#awaited.delete(session);
    this.#upper.closed(session, reason);
  }

  /** What the client sent before it left is still worked on. */
  #end(session: Session, reason: CloseReason): void {
    const { reach, turn } = session;
    this.#forget(session);
    if (reach.on === "websocket") reach.wire.close(CLOSE.normal, "");
    else if (reach.on === "polling") reach.probe?.wire.close(CLOSE.normal, "");
    if (turn === undefined || session.isDeaf) this.#upper.closed(session, reason);
    else this.#host.later(this.#whenIdle(session).then(() => this.#upper.closed(session, reason)));
  }

  async #whenIdle(session: Session): Promise<void> {
    while (session.turn !== undefined) await session.turn;
  }

  #forget(session: Session): void {
    session.reach = { on: "nothing" };
    this.#store.remove(session.sid);
    this.#sessions.delete(session.sid);
    if (this.#awaited.delete(session) && this.#awaited.size === 0) this.#rearm();
  }

  asked(question: Json): Json {
    this.now();
    return this.#upper.asked(question);
  }

  keyOf(wire: Wire): string {
    return labelOf(wire).sid;
  }

  // ---- time ---------------------------------------------------------------------------------------------------

  /** The time, as `Clock` has it; to be asked whenever the object is called. */
  now(): number {
    return this.#clock.now();
  }

  #countAnew(now: number): void {
    for (const session of this.#sessions.values()) {
      countAnew(session, this.#settings, now);
      const { reach } = session;
      if (reach.on === "polling" && reach.probe !== null) reach.probe.wire.label = label(session, now);
      this.#noteTimes(session);
    }
    this.#upper.countAnew(now);
    this.#rearm();
  }

  #hear(session: Session): void {
    // Also where the clock was set back a little since the ping.
    session.heardAt = Math.max(this.now(), session.pingedAt);
    this.#noteTimes(session);
    if (this.#awaited.delete(session) && this.#awaited.size === 0) this.#rearm();
  }

  #noteTimes(session: Session): void {
    if (session.reach.on === "websocket") session.reach.wire.label = label(session);
    else this.#store.putTimes(session);
  }

  due(): void {
    const now = this.now();
    for (const session of this.#sessions.values()) {
      const { reach } = session;
      if (reach.on === "polling" && reach.probe !== null && reach.probe.since + this.#settings.upgradeTimeout <= now) {
        this.#dropProbe(session);
      }
      const beat = beatOf(session, this.#settings, now);
      if (beat === "gone") this.close(session, "ping timeout");
      else if (beat === "ping") this.#ping(session, now);
    }
    this.#upper.due(now);
    this.#rearm();
  }

  #ping(session: Session, now: number): void {
    session.pingedAt = now;
    this.#awaited.add(session);
    this.#noteTimes(session);
    this.#send(session, { type: "ping", data: "" });
  }

  /** Asks for the alarm anew, after something that it stood for was done with. */
  #rearm(): void {
    let next = this.#upper.nextDue() ?? Infinity;
    for (const session of this.#sessions.values()) next = Math.min(next, nextBeat(session, this.#settings));
    this.#clock.setAlarm(next);
  }

  /** Something is to be done by `at`. */
  wakeBy(at: number): void {
    this.#clock.wakeBy(at);
  }
}

function reachOf(
  { record }: StoredSession,
  wire: Wire | undefined,
  probing: { wire: Wire; bears: Label } | undefined,
): Reach {
  if (wire !== undefined) return { on: "websocket", wire };
  if (record.on === "websocket") return { on: "nothing" };
  if (record.on === "ending") return { on: "ending" };
  const since = probing?.bears.probeSince ?? null;
  // Whether the probe was answered is not kept: a poll that is released too early does no harm.
  const probe = probing === undefined || since === null ? null : { wire: probing.wire, since, answered: true };
  return { on: "polling", poll: null, probe };
}
