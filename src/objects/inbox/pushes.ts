/**
 * Tells a user's connections on Gateways what their chats have brought, one call for each Gateway. What one cannot be told,
 * it gives up: its client comes back and asks for what it missed. Knows no chat.
 */

import type { UserEvent } from "../../core/events.ts";
import type { Told } from "../rpc.ts";
import { byPlace, isGateway, placeOf } from "../rpc.ts";
import { CLOSE } from "../sockets.ts";
import type { Connections } from "./connections.ts";

/** Waits before a Gateway that failed is tried again; then its connections are given up, or it is not told to close them. */
const RETRIES = [50, 250];

export interface PushPorts {
  /** Tells connections on a Gateway; those that are gone. */
  readonly deliver: (place: string, connections: readonly string[], events: readonly UserEvent[]) => Promise<string[]>;
  readonly close: (place: string, connections: readonly string[], code: number, reason: string) => Promise<void>;
  /** These connections have ended by themselves. */
  readonly gone: (connections: readonly string[]) => void;
  readonly failed: (where: "push" | "close", fault: unknown, place: string) => void;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export class Pushes {
  readonly #connections: Connections;
  readonly #ports: PushPorts;

  constructor(connections: Connections, ports: PushPorts) {
    this.#connections = connections;
    this.#ports = ports;
  }

  /** Tells all of them; but those of `heardAt`, which have heard it up to the clock `heardUpTo`, only what came later. */
  async tell(events: readonly Told[], heardAt: readonly string[] = [], heardUpTo = Infinity): Promise<void> {
    if (events.length === 0 || this.#connections.size === 0) return;
    const untold = this.#connections.ids().filter((id) => isGateway(placeOf(id)) && !heardAt.includes(id));
    await this.#push(untold, events);
    if (heardAt.length > 0 && heardUpTo !== Infinity) {
      const told = this.#connections.ids().filter((id) => heardAt.includes(id));
      const later = events.filter(({ clock }) => clock > heardUpTo);
      await this.#push(told, later);
    }
  }

  /** Closes connections; a place that fails is tried again. Those that could not be closed. */
  async close(connections: Iterable<string>, code: number, reason: string): Promise<string[]> {
    const left = await Promise.all(
      [...byPlace(connections)].map(async ([place, ids]) => {
        const close = async (): Promise<true> => {
          await this.#ports.close(place, ids, code, reason);
          return true;
        };
        return (await this.#retried("close", place, close)) === true ? [] : ids;
      }),
    );
    return left.flat();
  }

  async #push(connections: readonly string[], events: readonly Told[]): Promise<void> {
    await Promise.all(
      [...byPlace(connections)].map(async ([place, ids]) => {
        const heard = events.filter((one) => ids.length > 1 || one.origin !== ids[0]);
        if (heard.length === 0) return;
        const gone = await this.#pushTo(place, ids, heard);
        if (gone.length > 0) this.#ports.gone(gone);
      }),
    );
  }

  /** The connections that are gone; all of them where the Gateway can't be reached. */
  async #pushTo(place: string, connections: string[], events: readonly UserEvent[]): Promise<string[]> {
    const push = (): Promise<string[]> => this.#ports.deliver(place, connections, events);
    const gone = await this.#retried("push", place, push);
    if (gone !== undefined) return gone;
    this.#ports.waitUntil(this.close(connections, CLOSE.tryLater, "events were lost"));
    return connections;
  }

  /** What the call gives; undefined where it failed each time. */
  async #retried<T>(where: "push" | "close", place: string, call: () => Promise<T>): Promise<T | undefined> {
    for (const wait of [...RETRIES, undefined]) {
      try {
        return await call();
      } catch (fault) {
        this.#ports.failed(where, fault, place);
        if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    return undefined;
  }
}
