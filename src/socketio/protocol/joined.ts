/** What a session has joined, and how it is stored with it. Knows shapes; knows no packet. */

import type { Json } from "../ports.ts";

/** One namespace that a session is in. */
export interface Joined {
  readonly id: string;
  readonly auth: Json;
  /** As whom it was let in. */
  readonly who: string;
  /** What the application keeps with the socket. */
  data: Json;
  readonly rooms: Set<string>;
  /** With which a lost connection is taken up again; null: it can't be. */
  readonly pid: string | null;
  /** Where the log stood when it joined. */
  readonly base: number;
}

export interface StoredJoined {
  readonly namespace: string;
  readonly id: string;
  readonly auth: Json;
  readonly who: string;
  readonly data: Json;
  readonly rooms: readonly string[];
  readonly pid: string | null;
  readonly base: number;
}

export function store(namespace: string, { id, auth, who, data, rooms, pid, base }: Joined): StoredJoined {
  return { namespace, id, auth, who, data, rooms: [...rooms], pid, base };
}

export function restore({ id, auth, who, data, rooms, pid, base }: StoredJoined): Joined {
  return { id, auth, who, data, rooms: new Set(rooms), pid, base };
}

/** Everything that is stored of a session here. */
export interface StoredState {
  readonly joined: readonly StoredJoined[];
  /** Namespaces that we have thrown it out of: what it still sends there is not held against it. */
  readonly left: readonly string[];
}
