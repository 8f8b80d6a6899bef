/** What a case is: one request, some frames on a connection that lives on, or steps of Engine.IO by hand. */

import type { Request } from "./http.ts";

export type Dialect = "native" | "chat" | "methods" | "messenger" | "events" | "events2" | "rooms";

export interface RestCase {
  readonly kind: "rest";
  readonly group: string;
  readonly request: Request;
  /** Which of the mortals asks, who may be dead then. */
  readonly mortal?: number;
}

export interface FramesCase {
  readonly kind: "frames";
  readonly group: string;
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

export type Case = RestCase | FramesCase | EngineCase;
