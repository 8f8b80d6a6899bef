/**
 * A user's large chats. They push to whoever is heard and has attached to them; of all others they are asked how they
 * stand. Knows rows; knows nothing of connections.
 */

import type { Result } from "../../core/errors.ts";
import { unwrap, unwrapIfFound } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import { inBatches, triedInBatches } from "../in-batches.ts";
import type { ChatRow } from "../rpc.ts";
import type { ChatList } from "./chat-list.ts";

type Stand = Result<{ clock: number; row: ChatRow | null }>;

export interface LargeChatsPorts {
  /** The chat brings what happens here from now on, or no longer, and what happened after the clock `since`; how it stands. */
  readonly attach: (chat: ChatId, on: boolean, since?: number) => Promise<Stand>;
  /** How the chat stands. */
  readonly ask: (chat: ChatId) => Promise<Stand>;
}

export class LargeChats {
  readonly #list: ChatList;
  readonly #ports: LargeChatsPorts;
  /** What they are told: to push here, or not to. Undefined: not known of all since this object is in memory. */
  #on: boolean | undefined;
  /** Those that have been told so. */
  readonly #told = new Set<ChatId>();
  #areAllTold = false;

  constructor(list: ChatList, ports: LargeChatsPorts) {
    this.#list = list;
    this.#ports = ports;
  }

  /** Whether they have been told to push here; undefined: not known. */
  get arePushing(): boolean | undefined {
    return this.#on;
  }

  /**
   * They push here from now on, or no longer; those that have been told so already are left alone. One call at a time.
   * @throws what a chat throws or answers, once all have been tried; those that could not be told are told by the next call
   */
  async attach(on: boolean): Promise<void> {
    if (on !== this.#on) this.#told.clear();
    else if (this.#areAllTold) return;
    this.#on = on;
    this.#areAllTold = false;
    const untold = this.#list.largeIds().filter((chat) => !this.#told.has(chat));
    const [fault] = await triedInBatches(untold, async (chat) => {
      const stand = await this.#ports.attach(chat, on);
      if (on) this.#takeOver(chat, stand);
      unwrapIfFound(stand);
      this.#told.add(chat);
    });
    this.#list.flush();
    if (fault !== undefined) throw fault;
    this.#areAllTold = true;
  }

  /** A chat says, at `clock`, that it does not push here; `on`: it is to. @throws what the chat throws or answers */
  async detached(chat: ChatId, clock: number, on: boolean): Promise<void> {
    // Whatever it was told, and what it is told now may cross with what all are: they are told anew the next time.
    this.#on = undefined;
    if (on) unwrap(await this.#ports.attach(chat, true, clock));
  }

  /** Takes over how they stand now. */
  async refresh(): Promise<void> {
    await inBatches(this.#list.largeIds(), async (chat) => this.#takeOver(chat, await this.#ports.ask(chat)));
    this.#list.flush();
  }

  #takeOver(chat: ChatId, stand: Stand): void {
    if (stand.ok) this.#list.put(chat, stand.value.clock, stand.value.row);
    else if (stand.failure.code === "not_found") this.#list.put(chat, Number.MAX_SAFE_INTEGER, null);
  }
}
