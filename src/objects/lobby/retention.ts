/**
 * Goes through an app's chats once a day and has each delete what is older than the app wants to keep. Cut off anywhere,
 * it goes on with the chat that it was at. Knows the order of the calls; knows nothing of what a chat deletes.
 */

import { z } from "zod";
import type { AppId, ChatId } from "../../core/ids.ts";
import { appId } from "../../core/ids.ts";
import { RETENTION } from "../../core/limits.ts";
import { Meta, stored } from "../sql.ts";

const DAY_MS = 86_400_000;
const KEY = "retention";

const planSchema = z.object({
  app: z.int().transform(appId),
  days: z.int(),
  /** The last chat that was dealt with in this round. */
  after: z.int(),
  /** When the round goes on, or the next one begins; milliseconds since 1970. */
  due: z.number(),
});

export interface RetentionPorts {
  readonly chatsAfter: (app: AppId, after: number, limit: number) => Promise<ChatId[]>;
  /** Whether there is more to delete. @throws Error where the chat could not be asked */
  readonly expire: (chat: ChatId, before: number) => Promise<boolean>;
}

export class Retention {
  readonly #meta: Meta;
  readonly #ports: RetentionPorts;

  constructor(sql: SqlStorage, ports: RetentionPorts) {
    this.#meta = new Meta(sql);
    this.#ports = ports;
  }

  /** When it has to be run next; undefined: not at all. */
  due(): number | undefined {
    return this.#plan()?.due;
  }

  /** A round begins at `now`; with null for days there is none any more. */
  set(app: AppId, days: number | null, now: number): void {
    if (days === null) this.#meta.delete(KEY);
    else this.#keep({ app, days, after: 0, due: now });
  }

  #plan(): z.output<typeof planSchema> | undefined {
    const kept = this.#meta.get(KEY);
    return kept === undefined ? undefined : planSchema.parse(stored(kept));
  }

  #keep(plan: z.output<typeof planSchema>): void {
    this.#meta.set(KEY, JSON.stringify(plan));
  }

  /** Does a bounded piece of the round, if it is due. */
  async run(now: number): Promise<void> {
    const plan = this.#plan();
    if (plan === undefined || plan.due > now) return;
    const before = now - plan.days * DAY_MS;
    const chats = await this.#ports.chatsAfter(plan.app, plan.after, RETENTION.chats);
    let asked = 0;
    let { after } = plan;
    for (const chat of chats) {
      let isMore = true;
      while (isMore && asked < RETENTION.chats) {
        isMore = await this.#ports.expire(chat, before);
        asked++;
      }
      if (isMore) break;
      after = chat;
    }
    // It may have been set anew meanwhile: then that round has begun.
    const current = this.#plan();
    if (current === undefined || current.days !== plan.days || current.after !== plan.after) return;
    if (chats.length === 0) this.#keep({ ...plan, after: 0, due: now + RETENTION.roundMs });
    else this.#keep({ ...plan, after, due: now });
  }
}
