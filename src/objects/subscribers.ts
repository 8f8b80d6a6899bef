/**
 * Connections that act for an app and hear the messages of one chat, or of one user's chats. Knows their ids, where they
 * are kept and how they are told; a Chat and an Inbox each have some.
 */

import { logFault } from "../log.ts";
import type { GatewayCalls, Push, Told } from "./rpc.ts";
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
  /** Each with the clock from after which it hears. */
  readonly #connections = new Map<string, number>();

  /** The object has a table `subscribers`. */
  constructor(sql: SqlStorage, gateway: (place: string) => Gateway) {
    this.#sql = sql;
    this.#gateway = gateway;
    for (const row of sql.exec<{ connection: string; since: number }>("SELECT connection, since FROM subscribers"))
      this.#connections.set(row.connection, row.since);
  }

  get size(): number {
    return this.#connections.size;
  }

  /** `since`: what has this clock or a lower one is not for it, should it be told again. */
  add(connection: string, since: number): void {
    if (this.#connections.has(connection)) return;
    this.#sql.exec("INSERT INTO subscribers (connection, since) VALUES (?, ?)", connection, since);
    this.#connections.set(connection, since);
  }

  remove(connections: Iterable<string>): void {
    for (const connection of connections) {
      if (!this.#connections.delete(connection)) continue;
      this.#sql.exec("DELETE FROM subscribers WHERE connection = ?", connection);
    }
  }

  clear(): void {
    this.remove([...this.#connections.keys()]);
  }

  /** What they were to be told is lost, and nothing that they hear would show it: they are closed, come back and ask. */
  async giveUp(): Promise<void> {
    await Promise.all([...byPlace(this.#connections.keys())].map(([place, ids]) => this.#close(place, ids)));
  }

  async #close(place: string, connections: readonly string[]): Promise<void> {
    this.remove(connections);
    try {
      await this.#gateway(place).closeConnections(connections, CLOSE.tryLater, "events were lost");
    } catch (fault) {
      logFault("close", fault, { place });
    }
  }

  /**
   * Tells all of them the messages among `events`, one call for each Gateway. Those that are gone are let go, those that
   * can't be reached given up.
   */
  async tell(events: readonly Told[]): Promise<void> {
    if (this.#connections.size === 0) return;
    const messages = events.filter(({ event }) => event.type === "message.created");
    for (let at = 0; at < messages.length; at += AT_ONCE) {
      const some = messages.slice(at, at + AT_ONCE);
      await Promise.all([...byPlace(this.#connections.keys())].map(([place, ids]) => this.#tellAt(place, ids, some)));
    }
  }

  /** All the same, but for those that came only after some of it. */
  #pushes(connections: readonly string[], events: readonly Told[]): Push[] {
    const first = events[0]?.clock ?? 0;
    const isLate = (id: string): boolean => (this.#connections.get(id) ?? 0) >= first;
    const late = connections.filter(isLate).map((id) => {
      const since = this.#connections.get(id) ?? 0;
      return { connections: [id], events: events.filter(({ clock }) => clock > since) };
    });
    const pushes = [{ connections: connections.filter((id) => !isLate(id)), events }, ...late];
    return pushes.filter((push) => push.connections.length > 0 && push.events.length > 0);
  }

  async #tellAt(place: string, connections: readonly string[], events: readonly Told[]): Promise<void> {
    for (const wait of RETRIES) {
      try {
        const pushes = this.#pushes(connections, events);
        if (pushes.length > 0) this.remove(await this.#gateway(place).deliver(pushes));
        return;
      } catch (fault) {
        logFault("subscribers", fault, { place });
        if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    await this.#close(place, connections);
  }
}
