/** Connections elsewhere that hear what is ephemeral in a chat, and those of them that are in the room. Knows their ids; tells them through their Gateways. */

import type { Attendee, UserEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { GatewayCalls } from "../rpc.ts";
import { byPlace } from "../rpc.ts";

export interface Listener {
  readonly connection: string;
  readonly userId: UserId;
  /** It is in the room, and this is how the others there see it; null: it only listens. */
  readonly shownAs: string | null;
}

export const isPresent = ({ shownAs }: Listener): boolean => shownAs !== null;

export class Listeners {
  readonly #sql: SqlStorage;
  readonly #gateway: (name: string) => Pick<GatewayCalls, "deliver">;
  readonly #report: (fault: unknown) => void;
  readonly #all = new Map<string, Listener>();

  constructor(
    sql: SqlStorage,
    gateway: (name: string) => Pick<GatewayCalls, "deliver">,
    report: (fault: unknown) => void,
  ) {
    this.#sql = sql;
    this.#gateway = gateway;
    this.#report = report;
    for (const row of sql.exec<{ connection: string; user_id: number; shown_as: string | null }>(
      "SELECT connection, user_id, shown_as FROM listeners",
    )) {
      const { connection, shown_as: shownAs } = row;
      this.#all.set(connection, { connection, userId: row.user_id as UserId, shownAs });
    }
  }

  add(connection: string, userId: UserId): void {
    if (!this.#all.has(connection)) this.#put({ connection, userId, shownAs: null });
  }

  /** It is in the room from now on. False: it has been there before. */
  enter(connection: string, userId: UserId, shownAs: string): boolean {
    if (this.#all.get(connection)?.shownAs === shownAs) return false;
    this.#put({ connection, userId, shownAs });
    return true;
  }

  #put(listener: Listener): void {
    const { connection, userId, shownAs } = listener;
    this.#sql.exec(
      "INSERT OR REPLACE INTO listeners (connection, user_id, shown_as) VALUES (?, ?, ?)",
      connection,
      userId,
      shownAs,
    );
    this.#all.set(connection, listener);
  }

  /** Those that were wanted, and are none any more. */
  remove(wanted: (connection: string, user: UserId) => boolean): Listener[] {
    const removed = [...this.#all.values()].filter(({ connection, userId }) => wanted(connection, userId));
    for (const { connection } of removed) {
      this.#sql.exec("DELETE FROM listeners WHERE connection = ?", connection);
      this.#all.delete(connection);
    }
    return removed;
  }

  /** The connections that are in the room. */
  present(): Attendee[] {
    return [...this.#all.values()].flatMap(({ userId, shownAs }) => (shownAs === null ? [] : [{ userId, shownAs }]));
  }

  /**
   * Tells those whom it is `for`; one call for each Gateway, however many connections listen there. Those that turn out to
   * be gone are let go, and given back.
   */
  async tell(events: readonly UserEvent[], isFor: (listener: Listener) => boolean): Promise<Listener[]> {
    const ids = [...this.#all.values()].filter(isFor).map(({ connection }) => connection);
    const gone = await Promise.all(
      [...byPlace(ids)].map(([place, connections]) => this.#push(place, connections, events)),
    );
    const lost = new Set(gone.flat());
    return lost.size === 0 ? [] : this.remove((connection) => lost.has(connection));
  }

  /** A Gateway that can't be reached now does not keep the others from hearing. */
  async #push(place: string, connections: readonly string[], events: readonly UserEvent[]): Promise<string[]> {
    try {
      return await this.#gateway(place).deliver([{ connections, events }]);
    } catch (fault) {
      this.#report(fault);
      return [];
    }
  }
}
