/** One Engine.IO session: how it is reached at the moment, and what of it is stored. Knows no packet's meaning. */

import type { Json, Wire } from "../ports.ts";

/** A request that waits for packets. */
export interface Poll {
  /** Answers with these packets, in their text form. */
  readonly answer: (texts: readonly string[]) => void;
  readonly refuse: () => void;
}

/** A WebSocket that wants to take over from polling. */
export interface Probe {
  readonly wire: Wire;
  since: number;
  /** The client has been told that the WebSocket works: polls are released from now on. */
  answered: boolean;
}

export type Reach =
  | { readonly on: "polling"; poll: Poll | null; probe: Probe | null }
  | { readonly on: "websocket"; readonly wire: Wire }
  /** Ended by us; what is queued goes with the next poll. */
  | { readonly on: "ending" }
  | { readonly on: "nothing" };

/** What is stored of a session besides its times. */
export interface SessionRecord {
  readonly on: "polling" | "websocket" | "ending";
  readonly b64: boolean;
  readonly openedAt: number;
  /** The query of the request that opened it. */
  readonly query: string;
  /** The origin that it was opened under. */
  readonly origin: string;
}

export type CloseReason =
  | "client namespace disconnect"
  | "server namespace disconnect"
  | "transport close"
  | "transport error"
  | "ping timeout"
  | "parse error"
  | "forced server close";

export class Session {
  readonly sid: string;
  openedAt: number;
  readonly query: string;
  readonly origin: string;
  readonly b64: boolean;
  reach: Reach;
  /** When the last ping went; before the last pong: it was answered. */
  pingedAt: number;
  heardAt: number;
  /** What `Wire.answeredAt` said when the clock jumped: it is not later, but wrong. */
  answeredBefore: number | null = null;
  /** What the layer above keeps with the session. */
  joined: Json;
  /** The message that is being worked on; the next one waits for it. */
  turn: Promise<void> | undefined;
  /** Bytes of messages that wait for their turn. */
  waiting = 0;
  /** We have closed it: nothing more is taken from it. */
  isDeaf = false;
  /** Characters queued for the next poll. */
  queued = 0;

  constructor(sid: string, record: SessionRecord, reach: Reach, pingedAt: number, heardAt: number, joined: Json) {
    this.sid = sid;
    this.openedAt = record.openedAt;
    this.query = record.query;
    this.origin = record.origin;
    this.b64 = record.b64;
    this.reach = reach;
    this.pingedAt = pingedAt;
    this.heardAt = heardAt;
    this.joined = joined;
  }

  get isOpen(): boolean {
    return this.reach.on === "polling" || this.reach.on === "websocket";
  }

  get isAwaited(): boolean {
    return this.pingedAt > this.heardAt;
  }

  get record(): SessionRecord {
    const { reach, b64, openedAt, query, origin } = this;
    return { on: reach.on === "nothing" ? "ending" : reach.on, b64, openedAt, query, origin };
  }
}

/** What a socket bears through an eviction. */
export interface Label {
  readonly sid: string;
  readonly probeSince: number | null;
  readonly pingedAt: number;
  readonly heardAt: number;
  readonly answeredBefore?: number | null;
}

export const labelOf = (wire: Wire): Label => wire.label as unknown as Label;

export function label(session: Session, probeSince: number | null = null): Json {
  const { sid, pingedAt, heardAt, answeredBefore } = session;
  return { sid, probeSince, pingedAt, heardAt, ...(answeredBefore === null ? {} : { answeredBefore }) };
}
