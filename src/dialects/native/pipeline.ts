/**
 * The commands of one connection on their way to chats: one call at a time, and what comes meanwhile for the same chat goes
 * with the next one. Knows an order; knows no frame.
 */

import type { ChatId } from "../../core/ids.ts";

/** As many go into one call. */
const AT_ONCE = 64;
/** With more calls than these under way here, the next ones wait a turn, in which frames are read that can go with them. */
const FEW = 4;

/** The calls that are under way for all connections of one Gateway. */
export interface Traffic {
  calls: number;
}

interface Batch<Item> {
  readonly chat: ChatId;
  readonly items: Item[];
}

export class Pipeline<Item> {
  readonly #traffic: Traffic;
  readonly #perform: (chat: ChatId, items: readonly Item[]) => Promise<void>;
  /** Waits for what is before it, and takes more as long as it does. */
  #open: Batch<Item> | undefined;
  #last: Promise<void> = Promise.resolve();
  #isBusy = false;

  /** `perform` does not fail. */
  constructor(traffic: Traffic, perform: (chat: ChatId, items: readonly Item[]) => Promise<void>) {
    this.#traffic = traffic;
    this.#perform = perform;
  }

  add(chat: ChatId, item: Item): void {
    if (this.#open?.chat === chat && this.#open.items.length < AT_ONCE) {
      this.#open.items.push(item);
      return;
    }
    const batch: Batch<Item> = { chat, items: [item] };
    this.#open = batch;
    this.#last = this.#last.then(async () => {
      // Who has several on their way sends the next ones when these are answered: all of them at once.
      if (this.#isBusy || this.#traffic.calls > FEW) await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.#open === batch) this.#open = undefined;
      this.#isBusy = batch.items.length > 1;
      this.#traffic.calls++;
      await this.#perform(chat, batch.items);
      this.#traffic.calls--;
    });
  }

  /** Resolves once everything that was added before is done. */
  done(): Promise<void> {
    return this.#last;
  }
}
