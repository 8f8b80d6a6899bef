/**
 * A user's large chats. They push to whoever is heard and has attached to them; of all others they are asked how they
 * stand. Knows rows; knows nothing of connections.
 */

import type { Result } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import { inBatches } from "../in-batches.ts";
import type { ChatRow } from "../rpc.ts";
import type { ChatList } from "./chat-list.ts";

type Stand = Result<{ clock: number; row: ChatRow | null }>;

export interface LargeChatsPorts {
  /** The chat brings what happens here from now on, or no longer; how it stands. */
  readonly attach: (chat: ChatId, on: boolean) => Promise<Stand>;
  /** How the chat stands. */
  readonly ask: (chat: ChatId) => Promise<Stand>;
}

export class LargeChats {
  readonly #list: ChatList;
  readonly #ports: LargeChatsPorts;
  /** Whether they push here; undefined: not known since this object is in memory. */
  #attached: boolean | undefined;

  constructor(list: ChatList, ports: LargeChatsPorts) {
    this.#list = list;
    this.#ports = ports;
  }

  /** They push here from now on, or no longer, unless they do so already. @throws what a chat throws; then it is not known */
  async attach(on: boolean): Promise<void> {
    if (on === this.#attached) return;
    this.#attached = undefined;
    if (on) await this.#takeOver((chat) => this.#ports.attach(chat, true));
    else await inBatches(this.#list.largeIds(), (chat) => this.#ports.attach(chat, false));
    this.#attached = on;
  }

  /** Takes over how they stand now. */
  refresh(): Promise<void> {
    return this.#takeOver((chat) => this.#ports.ask(chat));
  }

  async #takeOver(standOf: (chat: ChatId) => Promise<Stand>): Promise<void> {
    await inBatches(this.#list.largeIds(), async (chat) => {
      const stand = await standOf(chat);
      if (stand.ok) this.#list.put(chat, stand.value.clock, stand.value.row);
      else if (stand.failure.code === "not_found") this.#list.put(chat, Number.MAX_SAFE_INTEGER, null);
    });
    this.#list.flush();
  }
}
