// The dialect `events` by the stock clients, 4 and 2: the program of an app that names one of its users on each connection.

import type { Said } from "../ledger.ts";
import type { StockClient, Version } from "./socket-io.ts";
import { stockClient } from "./socket-io.ts";
import type { Habits, Shown } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { Lost, Refused } from "./world.ts";

export class EventsTalker extends Talker {
  readonly dialect = "events";
  readonly #version: Version;
  #io: StockClient | undefined;
  #next = 0;
  /** Every message comes on two names; by the second one, the ids that came. */
  readonly #byChatName = new Set<string>();

  constructor(world: World, account: Account, chats: readonly Chat[], habits: Habits, version: Version) {
    super(world, account, chats, habits);
    this.#version = version;
  }

  get hears(): readonly Chat[] {
    return this.chats;
  }

  connect(): void {
    const client = stockClient(this.#version, this.world.url);
    this.#io = client;
    client.on("connect", () => void this.attempt(() => this.#name()));
    client.on("disconnect", () => this.becameLost());
    client.on("new-message", (body) => this.#take(body));
    for (const { id } of this.chats)
      client.on(`/chat/${id}/new-message`, (body) => {
        if (body.status !== "error") this.#byChatName.add(body.id);
      });
  }

  disconnect(): void {
    this.#io?.close();
  }

  #take(body: Body): void {
    if (body.status !== "error") this.hear(Number(body.chat_id), { id: Number(body.id), text: body.msg });
  }

  /** The ids that were told on the name of their chat, on the connection that stands. */
  get toldByChatName(): ReadonlySet<string> {
    return this.#byChatName;
  }

  async #ask(event: string, body: object): Promise<Body> {
    if (this.#io?.connected !== true) throw new Lost("not connected");
    const key = `${event} ${++this.#next}`;
    this.#io.emit(event, body, (answer: Body) => this.answered(key, answer));
    const answer = await this.answer(key);
    if (answer.status === "error") throw new Refused(`${event}: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  async #name(): Promise<void> {
    await this.#ask("list-chats", { user: { id: String(this.account.id) } });
    this.#byChatName.clear();
    this.becameReady();
  }

  protected async deliver(said: Said): Promise<number> {
    const body = { user: { id: String(this.account.id) }, message: { value: said.text, type: "text" } };
    const answer = this.world.random.chance(0.5)
      ? await this.#ask("new-message", { ...body, chat: { id: String(said.chat) } })
      : await this.#ask(`/chat/${said.chat}/new-message`, body);
    return Number(answer.id);
  }

  protected async read(chat: Chat): Promise<void> {
    await this.readNatively(chat);
  }

  async history(chat: Chat, since: string): Promise<Shown[]> {
    const { messages } = await this.#ask("list-messages", { chat: { id: String(chat.id) }, query: { from: since } });
    return messages.map((one: Body) => ({ id: Number(one.id), text: one.msg }));
  }
}
