/**
 * Tells whether the user is online: the app's Lobby, those who watch, and the large chats, which then push here; one telling after
 * the other. Who could not be told is told again by the Inbox's alarm. Knows no connection of the user's own.
 */

import type { Presence } from "../../core/events.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import { DELIVERY } from "../../core/limits.ts";
import { triedInBatches } from "../in-batches.ts";
import { byPlace } from "../rpc.ts";
import type { Meta } from "../sql.ts";
import type { Connections } from "./connections.ts";
import type { LargeChats } from "./large-chats.ts";

/** Waiting before those are told again who could not be told: doubled each time, up to `DELIVERY.retryMaxMs`. */
const RETRY_MS = 5_000;

/** Whom it concerns, as faults name it. */
type What = "presence" | "attach";
const ALL = ["presence", "attach"] as const satisfies readonly What[];

/** A named value of the Inbox: not all of these could be told; how long they wait until they are told again, in ms. */
const keyOf = (what: What): string => `untold_${what}`;

export interface PresencePorts {
  /** Undefined: the user has never been online. */
  readonly owner: () => { readonly appId: AppId; readonly username: string } | undefined;
  readonly isOnline: () => boolean;
  /** Whether large chats are to push here. */
  readonly isHeard: () => boolean;
  readonly tellLobby: (app: AppId, online: boolean) => Promise<void>;
  /** Tells watchers on one Gateway; those that are gone. */
  readonly tellWatchers: (place: string, watchers: readonly string[], presence: Presence) => Promise<string[]>;
  readonly failed: (what: What, fault: unknown) => void;
  /** `again` is to be called when `nextDue` says. */
  readonly schedule: () => void;
}

export class PresenceTelling {
  readonly #user: UserId;
  readonly #meta: Meta;
  readonly #connections: Connections;
  readonly #large: LargeChats;
  readonly #ports: PresencePorts;
  #last: Promise<void> = Promise.resolve();

  constructor(user: UserId, meta: Meta, connections: Connections, large: LargeChats, ports: PresencePorts) {
    this.#user = user;
    this.#meta = meta;
    this.#connections = connections;
    this.#large = large;
    this.#ports = ports;
  }

  /** Tells all of them how it is when it is their turn. Does not fail. */
  tell(): Promise<void> {
    return this.#inTurn(ALL, () => true);
  }

  /** The same for the large chats alone. */
  attach(): Promise<void> {
    return this.#inTurn(["attach"], () => true);
  }

  /** The same for those who could not be told. */
  again(): Promise<void> {
    return this.#inTurn(ALL, (what) => this.#meta.get(keyOf(what)) !== undefined);
  }

  /** Resolves once all have had their turn that were to be told by now. */
  told(): Promise<void> {
    return this.#last;
  }

  /** When those who could not be told are to be told again; undefined where there are none. */
  nextDue(): number | undefined {
    const waits = ALL.flatMap((what) => this.#meta.get(keyOf(what)) ?? []).map(Number);
    return waits.length === 0 ? undefined : Date.now() + Math.min(...waits);
  }

  #inTurn(whom: readonly What[], isDue: (what: What) => boolean): Promise<void> {
    this.#last = this.#last
      .then(async () => {
        await Promise.all(whom.filter(isDue).map((what) => this.#tell(what)));
      })
      // It could not be noted that they are to be told again.
      .catch((fault: unknown) => this.#ports.failed("presence", fault));
    return this.#last;
  }

  #tell(what: What): Promise<void> {
    if (what === "presence") return this.#tried("presence", () => this.#tellPresence());
    return this.#tried("attach", () => this.#large.attach(this.#ports.isHeard()));
  }

  async #tried(what: What, work: () => Promise<void>): Promise<void> {
    const wait = this.#meta.get(keyOf(what));
    try {
      await work();
      if (wait !== undefined) this.#meta.delete(keyOf(what));
    } catch (fault) {
      this.#ports.failed(what, fault);
      const next = wait === undefined ? RETRY_MS : Math.min(2 * Number(wait), DELIVERY.retryMaxMs);
      this.#meta.set(keyOf(what), String(next));
      this.#ports.schedule();
    }
  }

  async #tellPresence(): Promise<void> {
    const owner = this.#ports.owner();
    if (owner === undefined) return;
    const online = this.#ports.isOnline();
    const faults: unknown[] = [];
    // The Lobby before the watchers, whatever becomes of it: who hears it and asks is told the same.
    await this.#ports.tellLobby(owner.appId, online).catch((fault: unknown) => faults.push(fault));
    const presence: Presence = { type: "presence", userId: this.#user, username: owner.username, online };
    const tellAt = async ([place, ids]: readonly [string, string[]]): Promise<void> => {
      const gone = await this.#ports.tellWatchers(place, ids, presence);
      this.#connections.told(ids, online);
      this.#connections.unwatch(gone);
    };
    faults.push(...(await triedInBatches([...byPlace(this.#connections.untold(online))], tellAt)));
    if (faults.length > 0) throw faults[0];
  }
}
