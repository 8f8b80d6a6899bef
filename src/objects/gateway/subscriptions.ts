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
  /** Chats of which a connection has taken something that is not stored yet. */
  readonly #unkept = new Map<string, Set<ChatId>>();

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
    this.#unkept.delete(id);
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

  /** For how long (ms) a way of several is so new that it may be faster than what is under way on an older one. */
  newFor(id: string): number {
    const left = Math.min((this.#extended.get(id) ?? 0) - Date.now(), 0) + DELIVERY.inOrderMs;
    const query = "SELECT 1 FROM subscriptions WHERE connection = ? LIMIT 2";
    return left > 0 && this.#sql.exec(query, id).toArray().length > 1 ? left : 0;
  }

  hasHeard(id: string, chat: ChatId, seq: number): boolean {
    return this.#of(id, chat).has(seq);
  }

  /** Whether the message is to be told now: false where it was. */
  take(id: string, chat: ChatId, seq: number): boolean {
    if (!this.#of(id, chat).add(seq)) return false;
    const unkept = this.#unkept.get(id) ?? new Set<ChatId>();
    this.#unkept.set(id, unkept.add(chat));
    return true;
  }

  /** Stores what was taken: once for all that came together, and nothing where it had come by another way. */
  keep(id: string): void {
    for (const chat of this.#unkept.get(id) ?? []) {
      const ranges = JSON.stringify(this.#of(id, chat).ranges);
      this.#sql.exec("INSERT OR REPLACE INTO heard (connection, chat_id, ranges) VALUES (?, ?, ?)", id, chat, ranges);
    }
    this.#unkept.delete(id);
  }
}
