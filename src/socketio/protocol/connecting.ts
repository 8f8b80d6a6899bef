/**
 * How a client joins a namespace: asked who it is, refused or let in, or given back the connection that it had lost,
 * here or at another place. Knows no event's meaning.
 */

import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import type { Host, Json } from "../ports.ts";
import type { Settings } from "../settings.ts";
import type { Encoded, Packet } from "./codec.ts";
import type { Handlers, Verdict } from "./handlers.ts";
import type { Joined, StoredJoined } from "./joined.ts";
import { restore } from "./joined.ts";
import { connected, readConnect, refused, socketId } from "./legacy.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Away, Inquiry, InquiryAnswer, Recovery } from "./recovery.ts";
import { asJson, packed, unpacked } from "./recovery.ts";
import type { States } from "./state.ts";

/** How often it is asked on where a connection went. */
const HOPS = 3;

interface Parts {
  readonly host: Host;
  readonly engine: Engine;
  readonly settings: Settings;
  readonly states: States;
  readonly outgoing: Outgoing;
  readonly recovery: Recovery | null;
  handlersOf(namespace: string): Handlers | undefined;
  /** The connection that `pid` names, which from now on is no longer here. */
  takeOver(pid: string, namespace: string): Away | undefined;
  joined(session: Session, namespace: string, joined: Joined, recovered: boolean): void | Promise<void>;
  ended(sid: string): void;
}

/** What a connection was before it was lost, and what it has missed. */
interface Found {
  readonly joined: StoredJoined;
  readonly missed: readonly { readonly packet: Encoded; readonly offset: string | null }[];
}

export class Connecting {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async connect(session: Session, packet: Packet): Promise<void> {
    const { engine, settings, states, outgoing } = this.#parts;
    const { namespace, auth } = readConnect(packet, settings.version);
    const handlers = this.#parts.handlersOf(namespace);
    if (handlers === undefined) {
      outgoing.send(session, refused(settings.version, namespace, { message: "Invalid namespace" }));
      return;
    }
    const state = states.of(session);
    if (state.joined.has(namespace)) return;
    const joining = { namespace, held: [] };
    state.joining = joining;
    try {
      const verdict = await this.#verdict(session, handlers, auth);
      if (!verdict.ok) {
        const { ok: _, ...error } = verdict;
        outgoing.send(session, refused(settings.version, namespace, error));
        return;
      }
      const data = verdict.data ?? null;
      const found = await this.#find(namespace, auth);
      if (engine.session(session.sid) !== session) return;
      // Whoever has become somebody else meanwhile does not take up what was.
      const isSame = found !== null && found.joined.who === JSON.stringify(data);
      await this.#join(session, namespace, auth, data, isSame ? found : null, joining.held);
    } finally {
      state.joining = null;
    }
  }

  async #verdict(session: Session, handlers: Handlers, auth: Json): Promise<Verdict> {
    const { host, settings } = this.#parts;
    const query = Object.fromEntries(new URLSearchParams(session.query));
    const handshake = { version: settings.version, query, auth, origin: session.origin };
    try {
      return (await handlers.authenticate?.(handshake, session.sid)) ?? { ok: true };
    } catch (fault) {
      host.fault("authenticate", fault);
      return { ok: false, message: "Internal error" };
    }
  }

  #join(
    session: Session,
    namespace: string,
    auth: Json,
    data: Json,
    found: Found | null,
    held: readonly Encoded[],
  ): void | Promise<void> {
    const { host, settings, states, outgoing, recovery } = this.#parts;
    const base = recovery?.now(host.now()) ?? 0;
    const joined: Joined =
      found === null
        ? {
            id: socketId(settings.version, session.sid, namespace),
            auth,
            who: JSON.stringify(data),
            data,
            rooms: new Set(),
            pid: recovery?.newPid() ?? null,
            base,
          }
        : restore(found.joined);
    const state = states.of(session);
    state.joined.set(namespace, joined);
    state.left.delete(namespace);
    states.keep(session);
    const ids = joined.pid === null ? { sid: joined.id } : { sid: joined.id, pid: joined.pid };
    outgoing.send(session, connected(settings.version, namespace, ids));
    for (const { packet, offset } of found?.missed ?? []) {
      if (offset === null) outgoing.emit(session, namespace, joined, packet);
      else outgoing.sendWithOffset(session, packet, offset);
    }
    // What came here meanwhile may have gone to the log of the other place too.
    const told = new Set(found?.missed.map(({ packet }) => packet[0]));
    for (const packet of held) if (!told.has(packet[0])) outgoing.emit(session, namespace, joined, packet);
    state.joining = null;
    return this.#parts.joined(session, namespace, joined, found !== null);
  }

  // ---- taking up a lost connection ----------------------------------------------------------------------------

  async #find(namespace: string, auth: Json): Promise<Found | null> {
    const { recovery, host } = this.#parts;
    if (recovery === null || typeof auth !== "object" || auth === null || Array.isArray(auth)) return null;
    const { pid, offset } = auth as { readonly pid?: Json; readonly offset?: Json };
    if (typeof pid !== "string") return null;
    const here = this.#findHere(pid, namespace, offset);
    if (here !== null) return here;
    let place = recovery.placeOf(pid, offset);
    const inquiry: Inquiry = { pid, namespace, offset: typeof offset === "string" ? offset : null, place: host.place };
    for (let hop = 0; place !== null && place !== host.place && hop < HOPS; hop++) {
      const answer: InquiryAnswer | null = await this.#ask(place, inquiry);
      if (answer === null) return null;
      if (answer.found) {
        const missed = answer.missed.map((packet) => ({ packet: unpacked(packet), offset: null }));
        // What is told of it here is logged here, after this.
        return { joined: { ...answer.joined, base: recovery.now(host.now()) }, missed };
      }
      ({ place } = answer);
    }
    return null;
  }

  async #ask(place: string, inquiry: Inquiry): Promise<InquiryAnswer | null> {
    const { host } = this.#parts;
    try {
      return (await host.ask(place, asJson(inquiry))) as unknown as InquiryAnswer | null;
    } catch (fault) {
      host.fault("recovery", fault);
      return null;
    }
  }

  #findHere(pid: string, namespace: string, offset: unknown): Found | null {
    const away = this.#parts.takeOver(pid, namespace);
    if (away === undefined) return null;
    const missed = this.#parts.recovery?.missed(away.joined, offset) ?? [];
    this.#parts.ended(away.sid);
    return { joined: away.joined, missed };
  }

  /** Another place asks for a connection that was lost here. */
  asked({ pid, namespace, offset, place }: Inquiry): Json {
    const { recovery, host } = this.#parts;
    if (recovery === null) return null;
    const found = this.#findHere(pid, namespace, offset);
    if (found === null) {
      const next = recovery.placeOf(pid, offset);
      return asJson({ found: false, place: next === place ? null : next });
    }
    recovery.moved(pid, place, host.now());
    return asJson({ found: true, joined: found.joined, missed: found.missed.map(({ packet }) => packed(packet)) });
  }
}
