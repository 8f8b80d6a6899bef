// The dialect `mobile`: requests by `fetch`, with a form and the scheme of its own. It hears nothing, and sees by asking.

import type { Said } from "../ledger.ts";
import type { Shown } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Body, Chat } from "./world.ts";
import { exchange, Refused } from "./world.ts";

const PAGE = 100;
const ASK_AGAIN_MS = 100;

export class MobileTalker extends Talker {
  readonly dialect = "mobile";
  readonly hears: readonly Chat[] = [];

  /** It has no connection to lose: it goes on when the server answers. */
  connect(): void {
    void this.attempt(async () => {
      await this.#call("GET", "/sync");
      this.becameReady();
    }).then(() => {
      if (this.readySince === undefined && !this.isEnding) setTimeout(() => this.connect(), ASK_AGAIN_MS);
    });
  }

  disconnect(): void {
    this.becameLost();
  }

  #lost(): void {
    if (this.readySince === undefined) return;
    this.becameLost();
    this.connect();
  }

  async #call(method: string, path: string, form?: Record<string, string>): Promise<Body> {
    const { id, token } = this.account;
    const [, payload = ""] = token.split(".");
    const session = JSON.parse(Buffer.from(payload, "base64url").toString()).jti as string;
    const authorization = `FAE ${Buffer.from(`${id}:${token}:${session}`).toString("base64")}`;
    const body = form === undefined ? {} : { body: new URLSearchParams(form) };
    const request = { method, headers: { authorization }, ...body };
    const { status, text } = await exchange(`${this.world.url}${path}`, request).catch((error: unknown) => {
      this.#lost();
      throw error;
    });
    if (status >= 400) throw new Refused(`${method} ${path}: ${status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  #chat(id: number): Chat {
    const chat = this.chats.find((one) => one.id === id);
    if (chat === undefined) throw new Error("no such chat");
    return chat;
  }

  protected async deliver(said: Said): Promise<undefined> {
    const chat = this.#chat(said.chat);
    const message = { message: said.text, type: "text" };
    if (chat.kind === "group") await this.#call("POST", `/chat_rooms/${chat.id}/message`, message);
    else {
      const receiver = chat.members.find(({ id }) => id !== this.account.id);
      const { chat_id } = await this.#call("POST", "/chats", { ...message, receiver_id: String(receiver?.id) });
      if (chat_id !== chat.id) throw new Refused(`the direct chat ${chat.id} is ${chat_id} now`);
    }
  }

  protected async read(chat: Chat): Promise<void> {
    await this.reading(chat, "all", () =>
      chat.kind === "group"
        ? this.#call("POST", `/chat_rooms/${chat.id}/read`, {})
        : this.#call("POST", "/chats/read", { chat_id: String(chat.id) }),
    );
  }

  history(chat: Chat): Promise<Shown[]> | undefined {
    if (chat.kind === "group") return undefined;
    return this.#call("GET", `/chats/${chat.id}?count=${PAGE}`).then((page: Body[]) =>
      page.map(({ message }) => ({ text: message })).toReversed(),
    );
  }
}
