// The dialect `methods` over `ws`: it authenticates anew on each connection. It has no way to ask for what it missed.

import { WebSocket } from "ws";
import type { Said } from "../ledger.ts";
import { RawSocket } from "./raw-socket.ts";
import type { Habits } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { Refused } from "./world.ts";

export class MethodsTalker extends Talker {
  readonly dialect = "methods";
  readonly #socket: RawSocket;
  #next = 0;

  constructor(world: World, account: Account, chats: readonly Chat[], habits: Habits) {
    super(world, account, chats, habits);
    this.#socket = new RawSocket(() => new WebSocket(`${world.wsUrl}/ws/chat/`), {
      opened: () => void this.attempt(() => this.#authenticate()),
      heard: (frame) => this.#take(JSON.parse(frame)),
      closed: () => this.becameLost(),
    });
  }

  get hears(): readonly Chat[] {
    return this.chats;
  }

  connect(): void {
    this.#socket.open();
  }

  disconnect(): void {
    this.#socket.end();
  }

  #take({ type, data }: Body): void {
    if (type === "new_message") this.hear(data.message.chat, { id: data.message.id, text: data.message.text });
    else if (typeof data.event_response_key === "string") this.answered(data.event_response_key, { type, data });
  }

  async #call(method: string, args: object, answer: string, more: object = {}): Promise<Body> {
    const key = `${method} ${++this.#next}`;
    this.#socket.send(JSON.stringify({ method, args: { ...args, event_response_key: key }, ...more }));
    const { type, data } = await this.answer(key);
    if (type !== answer) throw new Refused(`${method}: ${JSON.stringify(data)}`);
    return data;
  }

  async #authenticate(): Promise<void> {
    await this.#call("auth", {}, "authenticated", { access_token: this.account.token });
    this.becameReady();
  }

  protected async deliver(said: Said, files: readonly Uint8Array[]): Promise<number> {
    const sent = files.map((bytes) => ({ name: `${said.key}.bin`, data: Buffer.from(bytes).toString("base64") }));
    const args = { chat: said.chat, text: said.text, ...(sent.length > 0 ? { files: sent } : {}) };
    return (await this.#call("send_message", args, "message_created")).message.id;
  }

  protected async read(chat: Chat): Promise<void> {
    await this.reading(chat, "all", () => this.#call("read_messages", { chat: chat.id }, "messages_read"));
  }

  history(): undefined {
    return undefined;
  }
}
