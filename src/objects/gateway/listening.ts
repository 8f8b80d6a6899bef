/**
 * How connections that act for an app listen: they are entered at the users and chats that they have named, told each
 * message once, and let go. Knows Inboxes and Chats; knows no socket.
 */

import { isFailure, unwrap } from "../../core/errors.ts";
import type { UserEvent } from "../../core/events.ts";
import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { logFault } from "../../log.ts";
import type { ObjectBindings } from "../rpc.ts";
import { chatStub, inboxStub } from "../rpc.ts";
import type { HeldConnection } from "./connection.ts";
import type { Subscription, SubscriptionKind } from "./subscriptions.ts";
import { Subscriptions } from "./subscriptions.ts";

/** How many objects a Gateway calls at the same time. */
const AT_ONCE = 16;

/** What of the Gateway is used here. */
export interface Teller {
  readonly name: string;
  stands(id: string): boolean;
  tell(connection: HeldConnection, events: readonly UserEvent[]): void;
}

export class Listening {
  readonly #env: ObjectBindings;
  readonly #gateway: Teller;
  readonly #subscriptions: Subscriptions;

  constructor(sql: SqlStorage, env: ObjectBindings, gateway: Teller) {
    this.#env = env;
    this.#gateway = gateway;
    this.#subscriptions = new Subscriptions(sql);
  }

  has(id: string, to: SubscriptionKind, target: number): boolean {
    return this.#subscriptions.has(id, to, target);
  }

  /** False: the connection has too many of this kind. @throws not_found */
  async subscribe({ id, app }: HeldConnection, to: SubscriptionKind, target: number): Promise<boolean> {
    if (app === null) throw new Error("a subscription of nobody's");
    if (this.#subscriptions.has(id, to, target)) return true;
    // Noted first, so that it is let go whatever happens.
    if (!this.#subscriptions.add(id, to, target)) return false;
    try {
      await this.#enter(id, app, { kind: to, target }, true);
    } catch (thrown) {
      this.#subscriptions.remove(id, to, target);
      throw thrown;
    }
    this.#subscriptions.begun(id);
    // The connection may have ended while this was asked.
    if (!this.#gateway.stands(id)) await this.#enter(id, app, { kind: to, target }, false);
    return true;
  }

  async #enter(id: string, app: AppId, { kind, target }: Subscription, on: boolean): Promise<void> {
    if (kind === "user") await inboxStub(this.#env, target as UserId).subscribe(id, on);
    else unwrap(await chatStub(this.#env, target as ChatId).subscribe(app, id, on));
  }

  /** Tells the messages among `events`, but those that came by another way already. */
  async tell(connection: HeldConnection, events: readonly UserEvent[]): Promise<void> {
    const { id } = connection;
    const taken = new Set<ChatId>();
    for (const told of events) {
      if (told.event.type !== "message.created") continue;
      const { chatId, message } = told.event;
      if (told.settled !== true) await this.#subscriptions.before(id, chatId, message.seq);
      if (!this.#gateway.stands(id)) return;
      if (!this.#subscriptions.take(id, chatId, message.seq)) continue;
      taken.add(chatId);
      this.#gateway.tell(connection, [told]);
    }
    this.#subscriptions.keep(id, taken);
  }

  /** Lets everything go, a few at a time. What can't be reached learns that the connection is gone when it has something to tell. */
  async end({ id, app }: HeldConnection): Promise<void> {
    if (app === null) return;
    const all = this.#subscriptions.end(id);
    const letGo = async (subscription: Subscription): Promise<void> => {
      try {
        await this.#enter(id, app, subscription, false);
      } catch (fault) {
        // A chat that is gone has let everybody go.
        if (!isFailure(fault, "not_found"))
          logFault("unsubscribe", fault, { gateway: this.#gateway.name, ...subscription });
      }
    };
    for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(letGo));
  }
}
