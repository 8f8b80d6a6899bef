/** Connections that are to be closed, and whose Gateway or chat could not be reached for it. Knows ids; calls nobody. */

import type { Meta } from "../sql.ts";
import { stored } from "../sql.ts";

/** A named value of the Inbox: their ids, where there are any. */
const KEY = "closing";

export class Closings {
  readonly #meta: Meta;

  constructor(meta: Meta) {
    this.#meta = meta;
  }

  get ids(): readonly string[] {
    const value = this.#meta.get(KEY);
    return value === undefined ? [] : stored<string[]>(value);
  }

  /** It was tried to close these; `left` are not closed yet. */
  tried(ids: readonly string[], left: readonly string[]): void {
    const before = this.ids;
    const now = [...new Set([...before.filter((id) => !ids.includes(id)), ...left])];
    if (now.length > 0) this.#meta.set(KEY, JSON.stringify(now));
    else if (before.length > 0) this.#meta.delete(KEY);
  }
}
