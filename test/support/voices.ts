/**
 * How one person talks in each dialect, over that dialect's own wire and with nothing beside: each act is one frame or
 * one request, so that what it costs can be counted. Knows no meter and asserts nothing.
 */

import { EventsClient } from "./events.ts";
import { MessengerClient } from "./messenger.ts";
import { MethodsClient } from "./methods.ts";
import { MobileClient } from "./mobile.ts";
import type { Body, Person, Socket } from "./people.ts";
import { RoomsClient, textOf } from "./rooms.ts";

/** A chat, as any dialect addresses it. `peer`: the other one, where there are two. */
export interface Place {
  readonly id: number;
  readonly name: string;
  readonly peer: Person | null;
}

/** What a dialect has no means for is not there. */
export interface Voice {
  /** From the handshake up to where texts are heard. */
  connect?(): Promise<void>;
  close?(): void;
  /** Whether others see the person online while it is connected: at once not any more, or after a moment of grace. */
  readonly presence?: "at once" | "grace";
  /** Resolves once it is answered. */
  say(text: string): Promise<void>;
  /** Resolves once it has come. */
  hears?(text: string): Promise<void>;
  /** Reads everything. Resolves once it is answered. */
  read?(): Promise<void>;
  /** Of what this voice said last. Resolve once they are answered. */
  edit?(text: string): Promise<void>;
  delete?(): Promise<void>;
  type?(): Promise<void>;
  /** What has to be asked for, so that typing is heard. */
  listenToTyping?(): Promise<void>;
  /** Resolves once so many notices of typing have come. */
  hearsTyping?(count: number): Promise<void>;
}

/** What is there once it is connected. */
function open<Client>(client: Client | undefined): Client {
  if (client === undefined) throw new Error("not connected");
  return client;
}

/** On a chat's own socket, or on the one for all chats. */
class NativeVoice implements Voice {
  readonly presence = "grace";
  #socket: Socket | undefined;
  #said = 0;

  constructor(
    readonly person: Person,
    readonly place: Place,
    readonly how: "own" | "all",
  ) {}

  async #do(command: string, args: object = {}): Promise<Body> {
    const answer = await open(this.#socket).do(
      command,
      this.how === "own" ? args : { chat_id: this.place.id, ...args },
    );
    if (answer.ok !== true) throw new Error(`refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  async connect(): Promise<void> {
    this.#socket = await this.person.socket(this.how === "own" ? this.place.id : undefined);
  }

  close = (): void => open(this.#socket).close();

  async say(text: string): Promise<void> {
    this.#said = (await this.#do("message.send", { text, client_id: text })).message.id;
  }

  async hears(text: string): Promise<void> {
    await open(this.#socket).event("message.created", (event) => event.message.text === text);
  }

  read = (): Promise<void> => this.#do("read");
  edit = (text: string): Promise<void> => this.#do("message.edit", { message_id: this.#said, text });
  delete = (): Promise<void> => this.#do("message.delete", { message_id: this.#said });
  type = (): Promise<void> => this.#do("typing", { on: true });

  async listenToTyping(): Promise<void> {
    if (this.how === "all") await this.#do("chat.join");
  }

  async hearsTyping(count: number): Promise<void> {
    const socket = open(this.#socket);
    await socket.until(() => socket.events.filter(({ event }) => event === "typing").length >= count, "typing");
  }
}

/** Says and reads by requests, hears on the socket for all chats. */
class RestVoice implements Voice {
  readonly presence = "grace";
  readonly #ear: NativeVoice;
  #said = 0;

  constructor(
    readonly person: Person,
    readonly place: Place,
  ) {
    this.#ear = new NativeVoice(person, place, "all");
  }

  connect = (): Promise<void> => this.#ear.connect();
  close = (): void => this.#ear.close();
  hears = (text: string): Promise<void> => this.#ear.hears(text);

  async #ask(method: string, path: string, body?: object): Promise<Body> {
    const answer = await this.person.call(method, `/v1/chats/${this.place.id}/${path}`, body);
    if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async say(text: string): Promise<void> {
    this.#said = (await this.#ask("POST", "messages", { text, client_id: text })).id;
  }

  read = (): Promise<void> => this.#ask("POST", "read", {});
  edit = (text: string): Promise<void> => this.#ask("PATCH", `messages/${this.#said}`, { text });
  delete = (): Promise<void> => this.#ask("DELETE", `messages/${this.#said}`);
}

class MethodsVoice implements Voice {
  readonly presence = "at once";
  #client: MethodsClient | undefined;

  constructor(
    readonly person: Person,
    readonly place: Place,
  ) {}

  async #call(method: string, args: object, type: string): Promise<void> {
    const answer = await open(this.#client).call(method, { chat: this.place.id, ...args });
    if (answer.type !== type) throw new Error(`refused: ${JSON.stringify(answer)}`);
  }

  async connect(): Promise<void> {
    this.#client = await MethodsClient.of(this.person);
  }

  close = (): void => open(this.#client).socket.close();
  say = (text: string): Promise<void> => this.#call("send_message", { text }, "message_created");
  read = (): Promise<void> => this.#call("read_messages", {}, "messages_read");

  async hears(text: string): Promise<void> {
    await open(this.#client).event("new_message", ({ message }) => message.text === text);
  }
}

/** To a person alone: this dialect has no groups. */
class MessengerVoice implements Voice {
  readonly presence = "at once";
  #client: MessengerClient | undefined;

  constructor(
    readonly person: Person,
    readonly place: Place,
  ) {}

  async connect(): Promise<void> {
    this.#client = await MessengerClient.of(this.person);
  }

  close = (): void => open(this.#client).close();

  async say(text: string): Promise<void> {
    await open(this.#client).ask("send-message", { user: this.place.peer?.username, message: text, media: [] });
  }

  async hears(text: string): Promise<void> {
    await open(this.#client).event("chat", ({ chat }) => chat.message === text);
  }

  /** The last that was heard, which is the only one that is unread. */
  async read(): Promise<void> {
    const client = open(this.#client);
    await client.ask("read-chat", { id: client.all("chat").at(-1).chat.id });
  }
}

/** By requests alone: hears nothing. */
class MobileVoice implements Voice {
  readonly #client: MobileClient;

  constructor(
    person: Person,
    readonly place: Place,
  ) {
    this.#client = new MobileClient(person);
  }

  async #post(path: string, body: Record<string, string | number>): Promise<void> {
    const { status, body: answer } = await this.#client.post(path, body);
    if (status >= 300) throw new Error(`refused: ${status} ${JSON.stringify(answer)}`);
  }

  say(message: string): Promise<void> {
    const { id, peer } = this.place;
    return peer === null
      ? this.#post(`/chat_rooms/${id}/message`, { message, type: "text" })
      : this.#post("/chats", { receiver_id: peer.id, message, type: "text" });
  }

  read = (): Promise<void> =>
    this.place.peer === null
      ? this.#post(`/chat_rooms/${this.place.id}/read`, {})
      : this.#post("/chats/read", { chat_id: this.place.id });
}

class RoomsVoice implements Voice {
  readonly presence = "at once";
  #client: RoomsClient | undefined;

  constructor(
    readonly person: Person,
    readonly place: Place,
  ) {}

  async connect(): Promise<void> {
    this.#client = await RoomsClient.in(this.place.name, this.person);
  }

  close = (): void => open(this.#client).close();

  async say(text: string): Promise<void> {
    await open(this.#client).say(text);
  }

  async hears(text: string): Promise<void> {
    await open(this.#client).event("message", (message) => textOf(message) === text);
  }

  async read(): Promise<void> {
    await open(this.#client).ask("seen_by", "seen");
  }

  async type(): Promise<void> {
    await open(this.#client).ask("is_typing", "typing", true);
  }

  async hearsTyping(count: number): Promise<void> {
    const client = open(this.#client);
    await client.until(() => client.all("is_typing").length >= count, "is_typing");
  }
}

/** The connection is the app's, and names one of its users. */
class EventsVoice implements Voice {
  #client: EventsClient | undefined;

  constructor(
    readonly person: Person,
    readonly place: Place,
  ) {}

  async #call(event: string, body: object): Promise<void> {
    const answer = await open(this.#client).call(event, { user: { id: this.person.id }, ...body });
    if (answer.status === "error") throw new Error(`refused: ${JSON.stringify(answer)}`);
  }

  async connect(): Promise<void> {
    this.#client = await EventsClient.connect();
    await this.#call("list-chats", {});
  }

  close = (): void => open(this.#client).close();
  say = (text: string): Promise<void> => this.#call(`/chat/${this.place.id}/new-message`, { message: { value: text } });

  async hears(text: string): Promise<void> {
    const client = open(this.#client);
    await client.until(() => client.messages(this.place.id).some(({ msg }) => msg === text), text);
  }
}

export const VOICES = {
  own: (person: Person, place: Place): Voice => new NativeVoice(person, place, "own"),
  all: (person: Person, place: Place): Voice => new NativeVoice(person, place, "all"),
  rest: (person: Person, place: Place): Voice => new RestVoice(person, place),
  methods: (person: Person, place: Place): Voice => new MethodsVoice(person, place),
  messenger: (person: Person, place: Place): Voice => new MessengerVoice(person, place),
  mobile: (person: Person, place: Place): Voice => new MobileVoice(person, place),
  rooms: (person: Person, place: Place): Voice => new RoomsVoice(person, place),
  events: (person: Person, place: Place): Voice => new EventsVoice(person, place),
} as const;
