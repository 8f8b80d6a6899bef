/** The story's driver for the dialect `events`: a connection of the app that names one of its users. What it has no event for, it asks natively. */

import { EventsClient } from "../events.ts";
import type { Body, Person } from "../people.ts";
import type { Line, Place, Speaker } from "./speaker.ts";

export class EventsSpeaker implements Speaker {
  readonly dialect = "events";
  /** The connection is the app's: it hears a chat that it has named also after its user was removed. */
  readonly can = { file: false, receipt: false, erase: false, groups: true, groupHistory: true, live: false };
  #client: EventsClient | undefined;

  constructor(readonly person: Person) {}

  async connect(): Promise<void> {
    this.#client = await EventsClient.connect();
    await this.#call("list-chats", { user: { id: this.person.id } });
  }

  async #call(event: string, body: object): Promise<Body> {
    const answer = await this.#client?.call(event, body);
    if (answer.status === "error") throw new Error(`refused: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  async begin(other: Person, text: string): Promise<Place> {
    const { chat } = await this.#call("create-chat", { chat: { name: "" }, users: [this.person.id, other.id] });
    const place: Place = { id: Number(chat.id), pair: [this.person.id, other.id] };
    await this.say(place, text);
    return place;
  }

  async say(place: Place, text: string): Promise<void> {
    await this.#call(`/chat/${place.id}/new-message`, { user: { id: this.person.id }, message: { value: text } });
  }

  sayFile(): Promise<void> {
    throw new Error("events sends no files, only where they are");
  }

  async readAll(place: Place): Promise<void> {
    await this.person.post(`/v1/chats/${place.id}/read`);
  }

  async lines(place: Place): Promise<Line[]> {
    const heard = this.#client?.messages(place.id) ?? [];
    return heard.map(({ user_id, msg, type }) => ({
      from: Number(user_id),
      text: msg,
      files: type === "text" ? 0 : 1,
    }));
  }

  async unread(place: Place): Promise<number> {
    return (await this.person.unread(place.id)) ?? -1;
  }

  receipts(): Promise<number> {
    throw new Error("events shows no receipts");
  }

  async has(place: Place): Promise<boolean> {
    const { chats } = await this.#call("list-chats", { user: { id: this.person.id } });
    return chats.some((chat: Body) => chat.id === String(place.id));
  }

  erase(): Promise<void> {
    throw new Error("events has no way to erase a chat");
  }
}
