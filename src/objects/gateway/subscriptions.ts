/**
 * What connections that act for an app listen to, and what they have heard: a message comes by every user and chat that
 * was named, and is told once. Knows ids and numbers; knows no socket and no other object.
 */

import type { ChatId } from "../../core/ids.ts";
import { DELIVERY, LIMITS } from "../../core/limits.ts";
import { stored } from "../sql.ts";
import type { Range } from "./heard.ts";
import { Heard } from "./heard.ts";

export type SubscriptionKind = "chat" | "user";

export interface Subscription {
  readonly kind: SubscriptionKind;
  readonly target: number;
}

export class Subscriptions {
  readonly #sql: SqlStorage;
  /** When a connection last got another way to hear by; an evicted Gateway has had none for long. */
  readonly #extended = new Map<string, number>();
  readonly #heard = new Map<string, Map<ChatId, Heard>>();
  /** Those who wait until a message has been told. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  has(id: string, kind: SubscriptionKind, target: number): boolean {
    const query = "SELECT 1 FROM subscriptions WHERE connection = ? AND kind = ? AND target = ?";
    return this.#sql.exec(query, id, kind, target).toArray().length > 0;
  }

  /** False where the connection has too many of this kind. */
  add(id: string, kind: SubscriptionKind, target: number): boolean {
    const { n } = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM subscriptions WHERE connection = ? AND kind = ?", id, kind)
      .one();
    if (n >= LIMITS.subscriptions) return false;
    this.#sql.exec("INSERT INTO subscriptions (connection, kind, target) VALUES (?, ?, ?)", id, kind, target);
    this.#extended.set(id, Infinity);
    return true;
  }

  /** What was added last is heard by from now on. */
  begun(id: string): void {
    this.#extended.set(id, Date.now());
  }

  remove(id: string, kind: SubscriptionKind, target: number): void {
    this.#sql.exec("DELETE FROM subscriptions WHERE connection = ? AND kind = ? AND target = ?", id, kind, target);
  }

  /** Everything that the connection listened to; it is forgotten. */
  end(id: string): Subscription[] {
    const all = this.#sql
      .exec<{ kind: string; target: number }>("SELECT kind, target FROM subscriptions WHERE connection = ?", id)
      .toArray()
      .map(({ kind, target }) => ({ kind: kind as SubscriptionKind, target }));
    if (all.length === 0) return all;
    this.#sql.exec("DELETE FROM subscriptions WHERE connection = ?", id);
    this.#sql.exec("DELETE FROM heard WHERE connection = ?", id);
    this.#heard.delete(id);
    this.#extended.delete(id);
    return all;
  }

  #of(id: string, chat: ChatId): Heard {
    const chats = this.#heard.get(id) ?? new Map<ChatId, Heard>();
    this.#heard.set(id, chats);
    const known = chats.get(chat);
    if (known !== undefined) return known;
    const [row] = this.#sql
      .exec<{ ranges: string }>("SELECT ranges FROM heard WHERE connection = ? AND chat_id = ?", id, chat)
      .toArray();
    const heard = new Heard(row === undefined ? [] : stored<Range[]>(row.ranges));
    chats.set(chat, heard);
    return heard;
  }

  /**
   * Waits until the message before `seq` has been told, for a moment at most: a way that is new may bring a message sooner
   * than an older way the one before it, which the new one does not bring.
   */
  async before(id: string, chat: ChatId, seq: number): Promise<void> {
    const wait = Math.min((this.#extended.get(id) ?? 0) - Date.now(), 0) + DELIVERY.inOrderMs;
    if (wait <= 0 || seq === 1 || this.#of(id, chat).has(seq - 1) || this.#ways(id) < 2) return;
    const key = keyOf(id, chat, seq - 1);
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    await new Promise<void>((resolve) => {
      const go = (): void => {
        clearTimeout(late);
        waiting.delete(go);
        if (waiting.size === 0) this.#waiting.delete(key);
        resolve();
      };
      const late = setTimeout(go, wait);
      waiting.add(go);
    });
  }

  #ways(id: string): number {
    return this.#sql.exec("SELECT 1 FROM subscriptions WHERE connection = ? LIMIT 2", id).toArray().length;
  }

  /** Whether the message is to be told now: false where it was. */
  take(id: string, chat: ChatId, seq: number): boolean {
    const heard = this.#of(id, chat);
    if (!heard.add(seq)) return false;
    for (const go of this.#waiting.get(keyOf(id, chat, seq)) ?? []) go();
    return true;
  }

  /** Stores what was taken of these chats: once for all that came together. */
  keep(id: string, chats: ReadonlySet<ChatId>): void {
    for (const chat of chats) {
      const ranges = JSON.stringify(this.#of(id, chat).ranges);
      this.#sql.exec("INSERT OR REPLACE INTO heard (connection, chat_id, ranges) VALUES (?, ?, ?)", id, chat, ranges);
    }
  }
}

const keyOf = (id: string, chat: ChatId, seq: number): string => `${id} ${chat} ${seq}`;
