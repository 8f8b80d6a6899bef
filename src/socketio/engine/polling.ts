/** HTTP long polling: holds one poll of a session, queues what has to wait, takes posts. Knows no message's meaning. */

import type { Settings } from "../settings.ts";
import { answer, readBody, refuse } from "./http.ts";
import type { Bytes, Packet } from "./packets.ts";
import { decodeBinaryPayload3, decodePayload3, encodeBinaryPayload3, encodePayload3 } from "./payload-v3.ts";
import { decodePayload4, encodePayload4 } from "./payload-v4.ts";
import type { CloseReason, Session } from "./session.ts";
import type { SessionStore } from "./store.ts";

/**
 * While an upgrade is under way, a poll is released after this long: not at once, so that the client doesn't ask in a
 * circle, and that one who has sent all of the upgrade before it polled is told so.
 */
const RELEASE_MS = 100;
const NOOP = "6";

interface Engine {
  feed(session: Session, packets: readonly Packet[]): void | Promise<void>;
  close(session: Session, reason: CloseReason): void;
}

export class Polling {
  readonly #store: SessionStore;
  readonly #settings: Settings;
  readonly #engine: Engine;
  /** Packets for a poll that is about to be answered, so that those of one moment go together. */
  readonly #leaving = new Map<Session, string[]>();

  constructor(store: SessionStore, settings: Settings, engine: Engine) {
    this.#store = store;
    this.#settings = settings;
    this.#engine = engine;
  }

  /** Answers with what waits, or holds the request until there is something. */
  poll(request: Request, session: Session): Response | Promise<Response> {
    const { reach } = session;
    if (reach.on === "polling" && reach.poll !== null) {
      this.#engine.close(session, "transport error");
      return refuse(request, "badRequest");
    }
    const waiting = session.queued > 0 ? this.#store.take(session.sid) : [];
    session.queued = 0;
    if (waiting.length > 0 || reach.on !== "polling") return this.#respond(request, session, waiting);
    return new Promise((resolve) => {
      reach.poll = {
        answer: (texts) => resolve(this.#respond(request, session, texts)),
        refuse: () => resolve(refuse(request, "badRequest")),
      };
      if (reach.probe?.answered === true) this.releaseSoon(session);
    });
  }

  /** The probe was answered: the client waits for its poll before it goes over. */
  releaseSoon(session: Session): void {
    if (session.reach.on !== "polling" || session.reach.poll === null) return;
    const { poll } = session.reach;
    setTimeout(() => {
      if (session.reach.on === "polling" && session.reach.poll === poll) this.release(session);
    }, RELEASE_MS);
  }

  /** The client has gone over to its WebSocket, and should not have polled any more. What was leaving is queued. */
  overtake(session: Session): void {
    if (session.reach.on !== "polling" || session.reach.poll === null) return;
    for (const text of this.#leaving.get(session) ?? []) this.#store.queue(session.sid, text);
    this.#leaving.delete(session);
    session.reach.poll.refuse();
    session.reach.poll = null;
  }

  #respond(request: Request, session: Session, texts: readonly string[]): Response {
    if (this.#settings.version === 4) return answer(request, encodePayload4(texts));
    const isBinary = !session.b64 && texts.some((text) => text.startsWith("b"));
    return answer(request, isBinary ? encodeBinaryPayload3(texts) : encodePayload3(texts));
  }

  /** Queues a packet; one that finds a poll held goes with it. */
  send(session: Session, text: string): void {
    if (session.reach.on === "polling" && session.reach.poll !== null) {
      const leaving = this.#leaving.get(session);
      if (leaving !== undefined) {
        leaving.push(text);
        return;
      }
      this.#leaving.set(session, [text]);
      queueMicrotask(() => this.flush(session));
      return;
    }
    session.queued += text.length;
    this.#store.queue(session.sid, text);
  }

  /** Answers the held poll with what is leaving. */
  flush(session: Session): void {
    const leaving = this.#leaving.get(session);
    if (leaving === undefined || session.reach.on !== "polling" || session.reach.poll === null) return;
    this.#leaving.delete(session);
    const { poll } = session.reach;
    session.reach.poll = null;
    poll.answer(leaving);
  }

  /** Gives a held poll back with what there is, or with a noop. */
  release(session: Session): void {
    if (session.reach.on !== "polling" || session.reach.poll === null) return;
    if (!this.#leaving.has(session)) this.#leaving.set(session, [NOOP]);
    this.flush(session);
  }

  async post(request: Request, session: Session): Promise<Response> {
    const body = await readBody(request, this.#settings.maxPayload);
    if (body === undefined) {
      this.#engine.close(session, "transport error");
      return refuse(request, "badRequest", 413);
    }
    const packets = this.#decode(request, body);
    if (packets === undefined) {
      this.#engine.close(session, "parse error");
      return refuse(request, "badRequest");
    }
    await this.#engine.feed(session, packets);
    return answer(request, "ok");
  }

  #decode(request: Request, body: Bytes): Packet[] | undefined {
    const isBinary = request.headers.get("content-type")?.startsWith("application/octet-stream") === true;
    if (this.#settings.version === 4) return isBinary ? undefined : decodePayload4(new TextDecoder().decode(body));
    return isBinary ? decodeBinaryPayload3(body) : decodePayload3(new TextDecoder().decode(body));
  }
}
