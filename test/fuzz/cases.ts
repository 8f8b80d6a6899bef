/** What a case is: one request, some frames on a connection that lives on, steps of Engine.IO by hand, or bytes. */

import type { Request } from "./http.ts";

export type Dialect = "native" | "chat" | "methods" | "messenger" | "events" | "events2" | "rooms";

export interface RestCase {
  readonly kind: "rest";
  readonly group: string;
  /** Which operation of a document this is. */
  readonly tries: readonly string[];
  readonly request: Request;
  /** Which of the mortals asks, who may be dead then. */
  readonly mortal?: number;
}

export interface FramesCase {
  readonly kind: "frames";
  readonly group: string;
  /** Which operation of a document this is. */
  readonly tries: readonly string[];
  readonly dialect: Dialect;
  /** Which of the attackers. */
  readonly as: number;
  readonly isFresh: boolean;
  readonly frames: readonly (string | Buffer)[];
}

export type Step =
  | { readonly do: "poll" | "leave"; readonly query: string }
  | {
      readonly do: "request";
      readonly method: string;
      readonly query: string;
      readonly body: Buffer;
      readonly type: string;
    }
  | { readonly do: "socket"; readonly query: string; readonly frames: readonly (string | Buffer)[] };

/** `SID` in a query stands for the session that was opened first. */
export interface EngineCase {
  readonly kind: "engine";
  readonly group: string;
  readonly path: string;
  readonly open: string;
  readonly steps: readonly Step[];
}

/** Bytes on a TCP connection. */
export interface KnockCase {
  readonly kind: "knock";
  readonly group: string;
  /** The request. */
  readonly head: Buffer;
  /** Nobody can expect an answer. */
  readonly isTorn: boolean;
  /** What is sent where the request was an upgrade that is taken: frames, as they go over the wire. */
  readonly frames: readonly Buffer[];
  /** Says that it leaves. */
  readonly isPolite: boolean;
}

export type Case = RestCase | FramesCase | EngineCase | KnockCase;
