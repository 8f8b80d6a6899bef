/** Connections elsewhere that hear what is ephemeral in a chat. Knows their ids; tells them through their Gateways. */

import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { GatewayCalls } from "../rpc.ts";
import { byPlace } from "../rpc.ts";

export class Listeners {
  readonly #sql: SqlStorage;
  readonly #gateway: (name: string) => Pick<GatewayCalls, "deliver">;
  readonly #connections = new Map<string, UserId>();

  constructor(sql: SqlStorage, gateway: (name: string) => Pick<GatewayCalls, "deliver">) {
    this.#sql = sql;
    this.#gateway = gateway;
    for (const row of sql.exec<{ connection: string; user_id: number }>("SELECT connection, user_id FROM listeners")) {
      this.#connections.set(row.connection, row.user_id as UserId);
    }
  }

  add(connection: string, user: UserId): void {
    if (this.#connections.has(connection)) return;
    this.#sql.exec("INSERT OR REPLACE INTO listeners (connection, user_id) VALUES (?, ?)", connection, user);
    this.#connections.set(connection, user);
  }

  remove(wanted: (connection: string, user: UserId) => boolean): void {
    for (const [connection, user] of this.#connections) {
      if (!wanted(connection, user)) continue;
      this.#sql.exec("DELETE FROM listeners WHERE connection = ?", connection);
      this.#connections.delete(connection);
    }
  }

  /** Tells all but `except`; one call for each Gateway, however many connections listen there. */
  async tell(event: ChatEvent, except: UserId): Promise<void> {
    const ids = [...this.#connections].filter(([, user]) => user !== except).map(([connection]) => connection);
    if (ids.length === 0) return;
    await Promise.all(
      [...byPlace(ids)].map(async ([place, connections]) => {
        const gone = new Set(await this.#gateway(place).deliver([{ connections, events: [{ event }] }]));
        this.remove((connection) => gone.has(connection));
      }),
    );
  }
}
