/**
 * Connections that act for an app and hear the messages of one chat, or of one user's chats. Knows their ids, where they
 * are kept and how they are told; a Chat and an Inbox each have some.
 */

import type { UserEvent } from "../core/events.ts";
import { logFault } from "../log.ts";
import type { GatewayCalls } from "./rpc.ts";
import { byPlace } from "./rpc.ts";
import { CLOSE } from "./sockets.ts";

type Gateway = Pick<GatewayCalls, "deliver" | "closeConnections">;

/** Messages in one call: the platform takes 32 MiB at once, and a text may have 40 KB. */
const AT_ONCE = 200;
/** Waits before a Gateway that failed is tried again; then its connections are given up. */
const RETRIES = [50, 250, undefined];

export class Subscribers {
  readonly #sql: SqlStorage;
  readonly #gateway: (place: string) => Gateway;
  readonly #connections = new Set<string>();

  /** The object has a table `subscribers`. */
  constructor(sql: SqlStorage, gateway: (place: string) => Gateway) {
    this.#sql = sql;
    this.#gateway = gateway;
    for (const row of sql.exec<{ connection: string }>("SELECT connection FROM subscribers"))
      this.#connections.add(row.connection);
  }

  get size(): number {
    return this.#connections.size;
  }

  add(connection: string): void {
    if (this.#connections.has(connection)) return;
    this.#sql.exec("INSERT INTO subscribers (connection) VALUES (?)", connection);
    this.#connections.add(connection);
  }

  remove(connections: Iterable<string>): void {
    for (const connection of connections) {
      if (!this.#connections.delete(connection)) continue;
      this.#sql.exec("DELETE FROM subscribers WHERE connection = ?", connection);
    }
  }

  clear(): void {
    this.remove([...this.#connections]);
  }

  /**
   * Tells all of them the messages among `events`, one call for each Gateway. Those that are gone are let go; those that
   * can't be reached are closed: they come back and ask for what they missed.
   */
  async tell(events: readonly UserEvent[]): Promise<void> {
    if (this.#connections.size === 0) return;
    const messages = events.filter(({ event }) => event.type === "message.created");
    for (let at = 0; at < messages.length; at += AT_ONCE) {
      const some = messages.slice(at, at + AT_ONCE);
      await Promise.all([...byPlace(this.#connections)].map(([place, ids]) => this.#tellAt(place, ids, some)));
    }
  }

  async #tellAt(place: string, connections: string[], events: readonly UserEvent[]): Promise<void> {
    for (const wait of RETRIES) {
      try {
        this.remove(await this.#gateway(place).deliver([{ connections, events }]));
        return;
      } catch (fault) {
        logFault("subscribers", fault, { place });
        if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    this.remove(connections);
    await this.#gateway(place)
      .closeConnections(connections, CLOSE.tryLater, "events were lost")
      .catch((fault: unknown) => logFault("close", fault, { place }));
  }
}
