// The dialect `messenger` by the stock client: people by their names, each message read by itself, the conversation fetched anew
// after every crash.

import type { Said } from "../ledger.ts";
import { seqOf } from "../ledger.ts";
import type { StockClient, Version } from "./socket-io.ts";
import { stockClient } from "./socket-io.ts";
import type { Habits, Shown } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { Lost, rest } from "./world.ts";

const PAGE = 100;

export class MessengerTalker extends Talker {
  readonly dialect = "messenger";
  readonly #version: Version;
  #io: StockClient | undefined;
  #next = 0;

  constructor(world: World, account: Account, chats: readonly Chat[], habits: Habits, version: Version = "4") {
    super(world, account, chats, habits);
    this.#version = version;
  }

  get hears(): readonly Chat[] {
    return this.chats;
  }

  connect(): void {
    const { token } = this.account;
    const how = this.#version === "4" ? { auth: { token } } : { query: { token } };
    const client = stockClient(this.#version, `${this.world.url}/chat`, { path: "/ws", ...how });
    this.#io = client;
    client.on("connect", () => this.becameReady());
    client.on("disconnect", () => this.becameLost());
    client.on("auth-failed", () => this.world.findings.add("refused", `${this.name}: auth-failed`));
    client.on("chat", ({ chat }) => this.hear(chatOf(chat.id), { id: chat.id, text: chat.message }));
  }

  disconnect(): void {
    this.#io?.close();
  }

  async #ask(event: string, payload: object): Promise<Body> {
    if (this.#io?.connected !== true) throw new Lost("not connected");
    const key = `${event} ${++this.#next}`;
    this.#io.emit(event, payload, (answer: Body) => this.answered(key, answer));
    return this.answer(key);
  }

  #peer(chat: Chat): string {
    return chat.members.find(({ id }) => id !== this.account.id)?.name ?? this.account.name;
  }

  protected async deliver(said: Said, files: readonly Uint8Array[]): Promise<number> {
    const chat = this.chats.find(({ id }) => id === said.chat);
    if (chat === undefined) throw new Error("no such chat");
    let media: string[] = [];
    if (files.length > 0) {
      const form = new FormData();
      for (const bytes of files) form.append("files", new File([Uint8Array.from(bytes)], `${said.key}.bin`));
      media = (await rest(this.world, this.account, "POST", "/api/upload/files", form)).files;
    }
    return (await this.#ask("send-message", { user: this.#peer(chat), message: said.text, media })).chat.id;
  }

  protected async read(chat: Chat): Promise<void> {
    const id = this.someHeard(chat);
    if (id === undefined || this.world.random.chance(0.3)) await this.readNatively(chat);
    else await this.reading(chat, { alone: seqOf(id) }, () => this.#ask("read-chat", { id }));
  }

  async history(chat: Chat): Promise<Shown[]> {
    const { chats } = await this.#ask("fetch-conversation-with-user", { user: this.#peer(chat), limit: PAGE });
    return chats.map((one: Body) => ({ id: one.id, text: one.message })).toReversed();
  }
}

const chatOf = (messageId: number): number => Math.floor(messageId / 2 ** 24);
