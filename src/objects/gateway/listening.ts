/**
 * How connections that act for an app listen: they are entered at the users and chats that they have named, told each
 * message once, and let go. Knows Inboxes and Chats; knows no socket.
 */

import { isFailure, unwrap } from "../../core/errors.ts";
import type { UserEvent } from "../../core/events.ts";
import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { logFault } from "../../log.ts";
import { inBatches } from "../in-batches.ts";
import type { ObjectBindings } from "../rpc.ts";
import { chatStub, inboxStub } from "../rpc.ts";
import type { HeldConnection } from "./connection.ts";
import type { Subscription, SubscriptionKind } from "./subscriptions.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What of the Gateway is used here. */
export interface Teller {
  readonly name: string;
  /** The connection, if it stands. */
  standing(id: string): HeldConnection | undefined;
  tell(connection: HeldConnection, events: readonly UserEvent[]): void;
}

export class Listening {
  readonly #env: ObjectBindings;
  readonly #gateway: Teller;
  readonly #subscriptions: Subscriptions;
  /** By connection and chat: messages that wait a moment for the one before them. */
  readonly #held = new Map<string, Map<number, UserEvent>>();

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
    if (this.#gateway.standing(id) !== undefined) this.#subscriptions.begun(id);
    else {
      // It has ended, before or while this was asked.
      this.#subscriptions.end(id);
      await this.#enter(id, app, { kind: to, target }, false);
    }
    return true;
  }

  async #enter(id: string, app: AppId, { kind, target }: Subscription, on: boolean): Promise<void> {
    if (kind === "user") await inboxStub(this.#env, target as UserId).subscribe(id, on);
    else unwrap(await chatStub(this.#env, target as ChatId).subscribe(app, id, on));
  }

  /** Tells the messages among `events`, but those that came by another way already, and those that come too early. */
  tell(connection: HeldConnection, events: readonly UserEvent[]): void {
    for (const told of events) {
      if (told.event.type !== "message.created") continue;
      const { chatId, message } = told.event;
      if (this.#isEarly(connection.id, chatId, message.seq, told)) continue;
      this.#tellNow(connection, chatId, message.seq, told);
      this.#tellHeld(connection, chatId, message.seq + 1);
    }
    this.#subscriptions.keep(connection.id);
  }

  #tellNow(connection: HeldConnection, chat: ChatId, seq: number, told: UserEvent): void {
    if (this.#subscriptions.take(connection.id, chat, seq)) this.#gateway.tell(connection, [told]);
  }

  /** Whether the message before `seq` may still be on its way by another way, or `seq` would overtake one that waits for such a one. */
  #isEarly(id: string, chat: ChatId, seq: number, told: UserEvent): boolean {
    if (seq === 1 || this.#subscriptions.hasHeard(id, chat, seq - 1)) return false;
    const waiting = this.#held.get(keyOf(id, chat));
    const isFirst = waiting === undefined || seq < Math.min(...waiting.keys());
    if (isFirst && told.settled === true) return false;
    const wait = waiting === undefined ? this.#subscriptions.newFor(id) : 0;
    const held = wait > 0 ? this.#hold(id, chat, wait) : waiting;
    held?.set(seq, told);
    return held !== undefined;
  }

  #hold(id: string, chat: ChatId, wait: number): Map<number, UserEvent> {
    const held = new Map<number, UserEvent>();
    this.#held.set(keyOf(id, chat), held);
    setTimeout(() => this.#release(id, chat), wait);
    return held;
  }

  /** What waited for `seq - 1`, and what waited for that. */
  #tellHeld(connection: HeldConnection, chat: ChatId, seq: number): void {
    const held = this.#held.get(keyOf(connection.id, chat));
    for (let next = seq; held?.has(next) === true; next++) {
      const told = held.get(next);
      held.delete(next);
      if (told !== undefined) this.#tellNow(connection, chat, next, told);
    }
  }

  /** The time is over: what is missing comes late, or never. */
  #release(id: string, chat: ChatId): void {
    const held = this.#held.get(keyOf(id, chat)) ?? new Map<number, UserEvent>();
    this.#held.delete(keyOf(id, chat));
    const connection = this.#gateway.standing(id);
    if (connection === undefined || held.size === 0) return;
    for (const [seq, told] of [...held].toSorted(([a], [b]) => a - b)) this.#tellNow(connection, chat, seq, told);
    this.#subscriptions.keep(id);
  }

  /** Lets everything go, a few at a time. What can't be reached learns that the connection is gone when it has something to tell. */
  async end(id: string, app: AppId | null): Promise<void> {
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
    await inBatches(all, letGo);
  }
}

const keyOf = (id: string, chat: ChatId): string => `${id} ${chat}`;
