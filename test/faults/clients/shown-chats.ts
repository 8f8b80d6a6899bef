// The chats that a connected native client shows: those of its list when it connected, and what it was told since.

import { WebSocket } from "ws";
import { RawSocket } from "./raw-socket.ts";
import type { Account, Body, World } from "./world.ts";
import { Lost, rest } from "./world.ts";

export class ShownChats {
  readonly #socket: RawSocket;
  #listed: ReadonlySet<number> | undefined;
  readonly #told = new Map<number, boolean>();

  constructor(world: World, account: Account) {
    const headers = { authorization: `Bearer ${account.token}` };
    let connection = 0;
    this.#socket = new RawSocket(() => new WebSocket(`${world.wsUrl}/v1/socket`, ["parlance.v1"], { headers }), {
      opened: () => {
        const mine = ++connection;
        void rest(world, account, "GET", "/v1/chats?limit=100").then(
          ({ items }) => {
            if (mine === connection) this.#listed = new Set(items.map(({ id }: Body) => id));
          },
          (error: unknown) => {
            if (!(error instanceof Lost)) world.findings.add("refused", `a list: ${String(error)}`);
          },
        );
      },
      heard: (frame) => {
        const all: Body = JSON.parse(frame);
        for (const { event, chat_id } of Array.isArray(all) ? all : [all]) {
          if (event === "chat.created") this.#told.set(chat_id, true);
          else if (event === "chat.removed") this.#told.set(chat_id, false);
        }
      },
      closed: () => {
        connection++;
        this.#listed = undefined;
        this.#told.clear();
      },
    });
    this.#socket.open();
  }

  /** What was told is newer than the list, or says the same. Undefined: it is not known yet. */
  has(chat: number): boolean | undefined {
    return this.#told.get(chat) ?? this.#listed?.has(chat);
  }

  end(): void {
    this.#socket.end();
  }
}
