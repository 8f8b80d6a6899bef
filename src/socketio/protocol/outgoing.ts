/** Events on their way to clients: to one, to a room, to one that is lost. Knows the log; knows no handler. */

import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import type { Host } from "../ports.ts";
import type { Encoded } from "./codec.ts";
import { encodeEvent, namespaceOf, withArgument } from "./codec.ts";
import type { Joined } from "./joined.ts";
import type { Recovery } from "./recovery.ts";
import { namedRoom, socketRoom } from "./recovery.ts";
import type { States } from "./state.ts";

export class Outgoing {
  readonly #host: Host;
  readonly #engine: Engine;
  readonly #states: States;
  readonly #recovery: Recovery | null;

  constructor(host: Host, engine: Engine, states: States, recovery: Recovery | null) {
    this.#host = host;
    this.#engine = engine;
    this.#states = states;
    this.#recovery = recovery;
  }

  /** A packet as it is, the attachments right behind it. */
  send(session: Session, [text, ...attachments]: Encoded): void {
    this.#engine.send(session, text);
    for (const attachment of attachments) this.#engine.send(session, attachment);
  }

  sendWithOffset(session: Session, [text, ...attachments]: Encoded, offset: string): void {
    this.send(session, [withArgument(text, offset), ...attachments]);
  }

  /** An event; where the connection may be lost and come back, every one bears an offset. */
  emit(session: Session, namespace: string, joined: Joined, packet: Encoded): void {
    if (this.#states.of(session).joined.get(namespace) !== joined) return;
    if (this.#recovery === null || joined.pid === null) {
      this.send(session, packet);
      return;
    }
    const now = this.#host.now();
    this.sendWithOffset(session, packet, this.#recovery.append(now, namespace, [socketRoom(joined.id)], null, packet));
  }

  emitTo(namespace: string, room: string, event: string, args: readonly unknown[], besides: string | null): void {
    const packet = encodeEvent(namespace, event, args);
    const offset = this.#recovery?.append(this.#host.now(), namespace, [namedRoom(room)], besides, packet);
    const [text, ...attachments] = packet;
    const whole: Encoded = offset === undefined ? packet : [withArgument(text, offset), ...attachments];
    for (const session of this.#engine.sessions()) {
      const joined = this.#states.of(session).joined.get(namespace);
      if (joined !== undefined && joined.rooms.has(room) && joined.id !== besides) this.send(session, whole);
    }
  }

  /** An encoded event for whatever stands or stood on these connections; logged once for all of them. */
  deliver(sids: readonly string[], text: string): void {
    const namespace = namespaceOf(text);
    const live: Session[] = [];
    const rooms: string[] = [];
    for (const sid of sids) {
      const session = this.#engine.session(sid);
      if (session === undefined) {
        rooms.push(...this.#awayOn(sid, namespace));
        continue;
      }
      const { joined: all, joining } = this.#states.of(session);
      const joined = all.get(namespace);
      if (joined === undefined) {
        if (joining?.namespace === namespace) joining.held.push([text]);
      } else if (this.#recovery === null || joined.pid === null) this.send(session, [text]);
      else {
        live.push(session);
        rooms.push(socketRoom(joined.id));
      }
    }
    if (this.#recovery === null || rooms.length === 0) return;
    const offset = this.#recovery.append(this.#host.now(), namespace, rooms, null, [text]);
    const whole = withArgument(text, offset);
    for (const session of live) this.#engine.send(session, whole);
  }

  #awayOn(sid: string, namespace: string): string[] {
    return [...(this.#recovery?.away() ?? [])].flatMap((away) =>
      away.sid === sid && away.joined.namespace === namespace ? [socketRoom(away.joined.id)] : [],
    );
  }
}
