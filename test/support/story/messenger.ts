/** The story's driver for the dialect `messenger`: one Socket.IO connection, people by their names, files over its REST. */

import { splitMessageId } from "../../../src/core/ids.ts";
import { MessengerClient } from "../messenger.ts";
import type { Body, Person } from "../people.ts";
import type { Line, Place, Speaker } from "./speaker.ts";
import { otherOf } from "./speaker.ts";

const chatOf = (message: Body): number => splitMessageId(message.id)?.chat ?? 0;

export class MessengerSpeaker implements Speaker {
  readonly dialect = "messenger";
  readonly can = { file: true, receipt: true, erase: false, groups: false, groupHistory: false, live: true };
  #client: MessengerClient | undefined;
  readonly #said: Body[] = [];

  constructor(readonly person: Person) {}

  get #open(): MessengerClient {
    if (this.#client === undefined) throw new Error("not connected");
    return this.#client;
  }

  async connect(): Promise<void> {
    this.#client = await MessengerClient.of(this.person);
  }

  /** Everything that was heard and said in a chat, by id. */
  #messages(place: Place): Body[] {
    const heard = this.#open.all("chat").map(({ chat }) => chat);
    const ids = new Map<number, Body>([...heard, ...this.#said].map((message) => [message.id, message]));
    return [...ids.values()].filter((message) => chatOf(message) === place.id).toSorted((a, b) => a.id - b.id);
  }

  /** The name of the other one; undefined before anything was heard of them. */
  #peer(place: Place): string | undefined {
    const [first] = this.#messages(place);
    const known = place.people?.find((one) => one.id !== this.person.id);
    if (known !== undefined) return known.username;
    return first?.sender === this.person.username ? first?.recipient : first?.sender;
  }

  async #send(user: string | undefined, message: string, media: readonly string[] = []): Promise<Body> {
    if (user === undefined) throw new Error("messenger writes to people of whom it has heard");
    const { chat } = await this.#open.ask("send-message", { user, message, media });
    this.#said.push(chat);
    return chat;
  }

  async begin(other: Person, text: string): Promise<Place> {
    return { id: chatOf(await this.#send(other.username, text)), pair: [this.person.id, other.id] };
  }

  async say(place: Place, text: string): Promise<void> {
    await this.#send(this.#peer(place), text);
  }

  async sayFile(place: Place, name: string, bytes: Uint8Array): Promise<void> {
    const form = new FormData();
    form.append("files", new File([Uint8Array.from(bytes)], name));
    const { body } = await this.person.call("POST", "/api/upload/files", form);
    await this.#send(this.#peer(place), "", body.files);
  }

  async #conversation(place: Place): Promise<Body[]> {
    const user = this.#peer(place);
    return user === undefined ? [] : (await this.#open.ask("fetch-conversation-with-user", { user, limit: 100 })).chats;
  }

  async readAll(place: Place): Promise<void> {
    for (const { id, sender, has_read } of await this.#conversation(place))
      if (sender !== this.person.username && !has_read) await this.#open.ask("read-chat", { id });
  }

  async lines(place: Place): Promise<Line[]> {
    return this.#messages(place).map(({ sender, message, media }) => ({
      from: sender === this.person.username ? this.person.id : otherOf(place, this.person.id),
      text: message,
      files: media.length,
    }));
  }

  async unread(place: Place): Promise<number> {
    const user = this.#peer(place);
    const told = this.#open.all("unread-chats-count").findLast((one) => one.user === user);
    return told?.unreadChatsCount ?? 0;
  }

  async receipts(place: Place): Promise<number> {
    const read = new Set(this.#open.all("read-chat").map(({ id }) => id));
    return this.#messages(place).filter(({ id, sender }) => sender === this.person.username && read.has(id)).length;
  }

  async has(place: Place): Promise<boolean> {
    return (await this.#conversation(place)).length > 0;
  }

  erase(place: Place): Promise<void> {
    throw new Error(`messenger has no way to erase ${place.id}`);
  }
}
