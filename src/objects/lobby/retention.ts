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
  /** The last chat that was dealt with in this round. */
  after: z.int(),
  /** How often the next one could not be asked. */
  tries: z.int(),
  /** When the round goes on, or the next one begins; milliseconds since 1970. */
  due: z.number(),
});

type Plan = z.output<typeof planSchema>;

export interface RetentionPorts {
  /** What the app says now; null: its messages are kept, or it is gone. */
  readonly daysOf: (app: AppId) => Promise<number | null>;
  readonly chatsAfter: (app: AppId, after: number, limit: number) => Promise<ChatId[]>;
  /** Whether there is more to delete. @throws Error where the chat could not be asked */
  readonly expire: (chat: ChatId, before: number) => Promise<boolean>;
  readonly failed: (chat: ChatId, fault: unknown) => void;
}

export class Retention {
  readonly #meta: Meta;
  readonly #ports: RetentionPorts;
  /** The plan was made or dropped while a piece of the one before was under way, which therefore ends. */
  #isOvertaken = false;

  constructor(sql: SqlStorage, ports: RetentionPorts) {
    this.#meta = new Meta(sql);
    this.#ports = ports;
  }

  /** When it has to be run next; undefined: not at all. */
  due(): number | undefined {
    return this.#plan()?.due;
  }

  /** A round begins at `now`. How many days are kept is looked up when it runs, so that it never does what the app no longer says. */
  begin(app: AppId, now: number): void {
    this.#isOvertaken = true;
    this.#keep({ app, after: 0, tries: 0, due: now });
  }

  /** There is no round any more. */
  end(): void {
    this.#isOvertaken = true;
    this.#meta.delete(KEY);
  }

  #plan(): Plan | undefined {
    const kept = this.#meta.get(KEY);
    return kept === undefined ? undefined : planSchema.parse(stored(kept));
  }

  #keep(plan: Plan): void {
    this.#meta.set(KEY, JSON.stringify(plan));
  }

  /** Does a bounded piece of the round, if it is due. @throws Error where the directory could not be asked */
  async run(now: number): Promise<void> {
    const plan = this.#plan();
    if (plan === undefined || plan.due > now) return;
    this.#isOvertaken = false;
    const days = await this.#ports.daysOf(plan.app);
    const next = days === null ? null : await this.#piece(plan, now, now - days * DAY_MS);
    if (this.#isOvertaken) return;
    if (next === null) this.end();
    else this.#keep(next);
  }

  /** Asks as many chats as one run may. How the round goes on. */
  async #piece(plan: Plan, now: number, before: number): Promise<Plan> {
    const chats = await this.#ports.chatsAfter(plan.app, plan.after, RETENTION.chats);
    let { after, tries } = plan;
    let turns = RETENTION.chats;
    for (const chat of chats) {
      try {
        for (let isMore = true; isMore; tries = 0) {
          if (turns-- === 0 || this.#isOvertaken) return { ...plan, after, tries, due: now };
          isMore = await this.#ports.expire(chat, before);
        }
      } catch (fault) {
        this.#ports.failed(chat, fault);
        tries++;
        if (tries < RETENTION.tries) return { ...plan, after, tries, due: now + RETENTION.retryMs };
        // The others do not wait for it: it has its turn again in the next round.
        tries = 0;
      }
      after = chat;
    }
    if (chats.length === RETENTION.chats) return { ...plan, after, tries, due: now };
    return { ...plan, after: 0, tries: 0, due: now + RETENTION.roundMs };
  }
}
