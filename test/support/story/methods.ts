/** The story's driver for the dialect `methods`: everything over its one socket, as its clients do it. */

import { exports } from "cloudflare:workers";
import type { Body, Person } from "../people.ts";
import { Socket } from "../people.ts";
import type { Line, Place, Speaker } from "./speaker.ts";
import { otherOf } from "./speaker.ts";

export class MethodsSpeaker implements Speaker {
  readonly dialect = "methods";
  readonly can = { file: true, receipt: true, erase: false, groups: true, groupHistory: true, live: true };
  #socket: Socket | undefined;
  #key = 0;

  constructor(readonly person: Person) {}

  get #open(): Socket {
    if (this.#socket === undefined) throw new Error("not connected");
    return this.#socket;
  }

  async connect(): Promise<void> {
    const response = await exports.default.fetch(
      new Request("http://parlance.test/ws/chat/", { headers: { upgrade: "websocket" } }),
    );
    if (response.webSocket === null) throw new Error(`refused: ${response.status}`);
    this.#socket = new Socket(response.webSocket);
    this.#socket.send(JSON.stringify({ method: "auth", access_token: this.person.token }));
    await this.#socket.until(() => this.#socket?.events.some((event) => event.type === "authenticated") === true);
  }

  /** Calls a method and waits for the event that bears its key. */
  async #call(method: string, args: object): Promise<Body> {
    const key = `k${++this.#key}`;
    const socket = this.#open;
    socket.send(JSON.stringify({ method, args: { ...args, event_response_key: key } }));
    const find = (): Body => socket.events.find((event) => event.data?.event_response_key === key);
    await socket.until(() => find() !== undefined, method);
    return find();
  }

  async begin(other: Person, text: string): Promise<Place> {
    const made = await this.#call("create_chat", { users: [other.id] });
    const id = made.type === "chat_created" ? made.data.chat.id : made.data.chat_id;
    const place: Place = { id, pair: [this.person.id, other.id] };
    await this.say(place, text);
    return place;
  }

  async say(place: Place, text: string): Promise<void> {
    const { type } = await this.#call("send_message", { chat: place.id, text });
    if (type !== "message_created") throw new Error(`refused: ${type}`);
  }

  async sayFile(place: Place, name: string, bytes: Uint8Array): Promise<void> {
    const data = Buffer.from(bytes).toString("base64");
    await this.#call("send_message", { chat: place.id, files: [{ name, data }] });
  }

  async readAll(place: Place): Promise<void> {
    await this.#call("read_messages", { chat: place.id });
  }

  #messages(place: Place): Body[] {
    const shown = this.#open.events.filter((event) => event.type === "message_created" || event.type === "new_message");
    const ids = new Map<number, Body>(shown.map((event) => [event.data.message.id, event.data.message]));
    return [...ids.values()].filter((message) => message.chat === place.id).toSorted((a, b) => a.id - b.id);
  }

  /** The ids that were told to be read since. */
  #read(): Set<number> {
    const updates = this.#open.events.flatMap((event) => (event.type === "messages_updated" ? event.data.updates : []));
    return new Set(updates.flatMap((one: Body) => (one.fields.is_read === true ? [one.id] : [])));
  }

  async lines(place: Place): Promise<Line[]> {
    return this.#messages(place).map((one) => ({
      from: one.user.pk,
      text: one.text,
      files: one.attached_files.length,
    }));
  }

  async unread(place: Place): Promise<number> {
    const read = this.#read();
    return this.#messages(place).filter((one) => one.user.pk !== this.person.id && !one.is_read && !read.has(one.id))
      .length;
  }

  async receipts(place: Place): Promise<number> {
    const read = this.#read();
    return this.#messages(place).filter((one) => one.user.pk === this.person.id && read.has(one.id)).length;
  }

  async has(place: Place): Promise<boolean> {
    const last = this.#open.events.findLast(
      (event) => event.data?.chat?.id === place.id || event.data?.message?.chat === place.id,
    );
    return last !== undefined && last.type !== "chat_removed";
  }

  erase(place: Place): Promise<void> {
    throw new Error(`methods has no way to erase ${otherOf(place, this.person.id)}`);
  }
}
