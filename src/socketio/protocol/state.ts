/** What each session has joined, in memory and as it is stored. Knows sessions; sends nothing. */

import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import type { Json } from "../ports.ts";
import type { Encoded } from "./codec.ts";
import type { Joined, StoredState } from "./joined.ts";
import { restore, store } from "./joined.ts";

export interface State {
  readonly joined: Map<string, Joined>;
  /** Namespaces that we have thrown it out of: what it still sends there is not held against it. */
  readonly left: Set<string>;
  /** A packet that waits for attachments. */
  partial: { since: number; readonly count: number; come: number } | null;
  /** The namespace that is being joined, and what was meant for it meanwhile. */
  joining: { readonly namespace: string; readonly held: Encoded[] } | null;
}

export class States {
  readonly #engine: Engine;
  readonly #states = new WeakMap<Session, State>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  of(session: Session): State {
    const known = this.#states.get(session);
    if (known !== undefined) return known;
    const stored = session.joined as unknown as StoredState | null;
    const state: State = {
      joined: new Map((stored?.joined ?? []).map((one) => [one.namespace, restore(one)])),
      left: new Set(stored?.left),
      partial: null,
      joining: null,
    };
    this.#states.set(session, state);
    return state;
  }

  /** Stores what has changed. */
  keep(session: Session): void {
    const { joined, left } = this.of(session);
    const stored: StoredState = {
      joined: [...joined].map(([namespace, one]) => store(namespace, one)),
      left: [...left],
    };
    session.joined = stored as unknown as Json;
    this.#engine.keep(session);
  }
}
