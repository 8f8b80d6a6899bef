// The dialect `rooms` by the stock client: in one room, which it joins again on each connection.

import type { Said } from "../ledger.ts";
import { keyOf } from "../ledger.ts";
import type { StockClient, Version } from "./socket-io.ts";
import { stockClient } from "./socket-io.ts";
import type { Habits, Shown } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { Lost } from "./world.ts";

const PAGE = 100;
const textOf = (message: Body): string => Buffer.from(message.message, "base64").toString("utf8");

export class RoomsTalker extends Talker {
  readonly dialect = "rooms";
  readonly #version: Version;
  readonly #room: Chat;
  #io: StockClient | undefined;
  #next = 0;
  #pages: Body[][] = [];

  constructor(world: World, account: Account, room: Chat, habits: Habits, version: Version = "4") {
    super(world, account, [room], habits);
    this.#room = room;
    this.#version = version;
  }

  get hears(): readonly Chat[] {
    return this.chats;
  }

  /** As this dialect calls a chat that is no room of the app. */
  get #address(): string {
    const { id, kind, members } = this.#room;
    return kind === "group" ? `chat-${id}` : `usr-${members.map((one) => one.id).join("-")}`;
  }

  connect(): void {
    const client = stockClient(this.#version, `${this.world.url}?token=${this.account.token}`);
    this.#io = client;
    client.on("connect", () => void this.attempt(() => this.#join()));
    client.on("disconnect", () => this.becameLost());
    client.on("err", (error) => this.world.findings.add("refused", `${this.name}: err ${String(error)}`));
    client.on("load_more", (page) => this.#pages.push(page));
    client.on("message", (message) => {
      const text = textOf(message);
      this.hear(message.roomId, { id: message.id, text });
      if (message.userId === this.account.id) this.answered(keyOf(text), message.id);
    });
  }

  disconnect(): void {
    this.#io?.close();
  }

  /** For what is answered with an event that bears no sign of who has asked: an acknowledgement, which says nothing, comes behind it. */
  async #emit(event: string, ...args: unknown[]): Promise<void> {
    if (this.#io?.connected !== true) throw new Lost("not connected");
    const key = `${event} ${++this.#next}`;
    this.#io.emit(event, ...args, () => this.answered(key, undefined));
    await this.answer(key);
  }

  /** Which reads everything. */
  async #join(): Promise<void> {
    await this.reading(this.#room, "all", () => this.#emit("join", this.#address));
    this.becameReady();
  }

  protected async deliver(said: Said): Promise<number> {
    if (this.#io?.connected !== true) throw new Lost("not connected");
    this.#io.emit("send_message", said.text);
    return this.answer(said.key);
  }

  protected async read(chat: Chat): Promise<void> {
    await this.reading(chat, "all", () => this.#emit("seen"));
  }

  async history(): Promise<Shown[]> {
    this.#pages = [];
    await this.#emit("load_more", { page: 1, limit: PAGE });
    const page = this.#pages.at(-1) ?? [];
    return page.map((one) => ({ id: one.id, text: textOf(one) })).toReversed();
  }
}
