/** The story's driver for the native dialect: sockets for what is heard and said, REST for lists. */

import type { Person, Socket } from "../people.ts";
import type { Line, Place, Speaker } from "./speaker.ts";

interface Message {
  readonly id: number;
  readonly chat_id: number;
  readonly user: { readonly id: number };
  readonly text: string | null;
  readonly attachments: readonly unknown[];
  readonly read: boolean;
}

export class NativeSpeaker implements Speaker {
  readonly dialect = "native";
  readonly can = { file: true, receipt: true, erase: true, groups: true, groupHistory: true, live: true };
  #socket: Socket | undefined;
  readonly #said: { at: number; message: Message }[] = [];

  constructor(readonly person: Person) {}

  get #open(): Socket {
    if (this.#socket === undefined) throw new Error("not connected");
    return this.#socket;
  }

  async connect(): Promise<void> {
    this.#socket = await this.person.socket();
  }

  async begin(other: Person, text: string): Promise<Place> {
    const { id } = await this.person.direct(other);
    const place: Place = { id, pair: [this.person.id, other.id] };
    await this.say(place, text);
    return place;
  }

  async #send(place: Place, draft: object): Promise<void> {
    const { ok, message } = await this.#open.do("message.send", { chat_id: place.id, ...draft });
    if (ok !== true) throw new Error("refused");
    this.#said.push({ at: message.seq, message });
  }

  say(place: Place, text: string): Promise<void> {
    return this.#send(place, { text });
  }

  async sayFile(place: Place, name: string, bytes: Uint8Array): Promise<void> {
    const { body } = await this.person.call("POST", `/v1/attachments?name=${encodeURIComponent(name)}`, bytes, {
      "content-type": "application/octet-stream",
    });
    await this.#send(place, { attachments: [body.id] });
  }

  async readAll(place: Place): Promise<void> {
    await this.#open.do("read", { chat_id: place.id });
  }

  async lines(place: Place): Promise<Line[]> {
    const heard = this.#open.events.flatMap((event) => (event.event === "message.created" ? [event.message] : []));
    return [...heard, ...this.#said.map((one) => one.message)]
      .filter((message: Message) => message.chat_id === place.id)
      .toSorted((a: Message, b: Message) => a.id - b.id)
      .map((message: Message) => ({
        from: message.user.id,
        text: message.text ?? "",
        files: message.attachments.length,
      }));
  }

  async unread(place: Place): Promise<number> {
    return (await this.person.unread(place.id)) ?? -1;
  }

  async receipts(place: Place): Promise<number> {
    const { body } = await this.person.get(`/v1/chats/${place.id}/messages?limit=100`);
    return body.items.filter((message: Message) => message.user.id === this.person.id && message.read).length;
  }

  async has(place: Place): Promise<boolean> {
    return (await this.person.unread(place.id)) !== undefined;
  }

  async erase(place: Place): Promise<void> {
    await this.person.delete(`/v1/chats/${place.id}`);
  }
}
