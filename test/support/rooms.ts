/** A client of `rooms` for tests in workerd: Socket.IO over one WebSocket, events by name, each held against its schema. */

import { env, exports } from "cloudflare:workers";
import { roomsEvents } from "../../src/dialects/rooms/socket-api.ts";
import type { AppId, UserId } from "../../src/core/ids.ts";
import { appId } from "../../src/core/ids.ts";
import type { Body, Person } from "./people.ts";
import { Socket, service } from "./people.ts";

const ORIGIN = "http://parlance.test";

let made = 0;

/** A room of the app with these people in it. */
export async function appRoom(users: readonly { readonly id: UserId }[], app: AppId = appId(1), name?: string) {
  const unique = name ?? `room-${++made}-${crypto.randomUUID().slice(0, 8)}`;
  const { id } = await service().rooms.create(app, { name: unique, users: users.map((user) => user.id) });
  return { id, name: unique };
}

interface Heard {
  readonly event: string;
  readonly args: readonly Body[];
}

export const textOf = (message: Body): string => Buffer.from(message.message, "base64").toString("utf8");

export interface Opening {
  /** A Gateway of its own, by its number; else the Worker chooses one. */
  readonly gateway?: number;
  readonly query?: string;
}

export class RoomsClient {
  readonly socket: Socket;
  /** The session id of the connection. */
  sid = "";
  #taken = 0;
  readonly #heard: Heard[] = [];

  private constructor(socket: WebSocket) {
    this.socket = new Socket(socket);
  }

  /** A connection that has asked to be let in by `token`. */
  static async open(token: string, { gateway, query = "" }: Opening = {}): Promise<RoomsClient> {
    const address = `${ORIGIN}/socket.io/?EIO=4&transport=websocket&token=${encodeURIComponent(token)}${query}`;
    const request = new Request(address, { headers: { upgrade: "websocket" } });
    const response =
      gateway === undefined
        ? await exports.default.fetch(request)
        : await env.GATEWAY.getByName(`rooms/local/${gateway}`).fetch(request);
    if (response.webSocket === null) throw new Error(`refused: ${response.status}`);
    const client = new RoomsClient(response.webSocket);
    await client.socket.until(() => client.socket.frames.length > 0);
    client.sid = JSON.parse(client.socket.frames[0]?.slice(1) ?? "{}").sid;
    client.socket.send("40");
    return client;
  }

  static async of(person: Person, opening?: Opening): Promise<RoomsClient> {
    const client = await RoomsClient.open(person.token, opening);
    await client.until(() => client.id !== "", "CONNECT");
    return client;
  }

  /** One that has joined a room, and has heard so. */
  static async in(room: string, person: Person, opening?: Opening): Promise<RoomsClient> {
    const client = await RoomsClient.of(person, opening);
    await client.join(room);
    return client;
  }

  async until(found: () => boolean, what: string): Promise<void> {
    await this.socket.until(found, what);
  }

  /** The id of the socket, once it is let in. */
  get id(): string {
    const frame = this.socket.frames.find((one) => one.startsWith("40"));
    return frame === undefined ? "" : JSON.parse(frame.slice(2)).sid;
  }

  /** Why it was not let in. */
  async refusal(): Promise<Body> {
    const find = () => this.socket.frames.find((one) => one.startsWith("44"));
    await this.until(() => find() !== undefined, "CONNECT_ERROR");
    return JSON.parse(find()?.slice(2) ?? "");
  }

  /** All events, in the order in which they came. */
  get heard(): readonly Heard[] {
    for (; this.#taken < this.socket.frames.length; this.#taken++) {
      const frame = this.socket.frames[this.#taken] ?? "";
      if (!frame.startsWith("42")) continue;
      const [event, ...args] = JSON.parse(frame.slice(2)) as [string, ...Body[]];
      this.#heard.push({ event, args });
    }
    return this.#heard;
  }

  all(event: string): Body[] {
    return this.heard.filter((one) => one.event === event).map((one) => one.args[0]);
  }

  names(): string[] {
    return this.heard.map((one) => one.event);
  }

  emit(event: string, ...args: unknown[]): void {
    this.socket.send(`42${JSON.stringify([event, ...args])}`);
  }

  /** The first event of this name that fits, waiting for it where needed. */
  async event(name: string, fits: (body: Body) => boolean = () => true): Promise<Body> {
    const find = () => this.heard.find((one) => one.event === name && fits(one.args[0]));
    await this.until(() => find() !== undefined, name);
    return find()?.args[0];
  }

  /** Sends an event and waits for the next one that is heard under `answer`. */
  async ask(answer: string, event: string, ...args: unknown[]): Promise<Body> {
    const before = this.all(answer).length;
    this.emit(event, ...args);
    await this.until(() => this.all(answer).length > before, `${answer} after ${event}`);
    return this.all(answer)[before];
  }

  /** Joins and waits until it is there itself. */
  async join(room: string): Promise<Body> {
    const info = await this.ask("room_info", "join", room);
    await this.event("roomData", ({ users }) => users.some((one: Body) => one.id === this.id));
    return info;
  }

  /** Says something and waits until it is heard. */
  async say(text: string): Promise<Body> {
    this.emit("send_message", text);
    return this.event("message", (message) => textOf(message) === text);
  }

  texts(): string[] {
    return this.all("message").map(textOf);
  }

  /** Who is in the room, by the last that was heard. */
  present(): string[] {
    return (this.all("roomData").at(-1)?.users ?? []).map((one: Body) => one.id);
  }

  close(): void {
    this.socket.close(1000);
  }

  /** What is wrong with anything that was heard; empty where all is as documented. */
  flaws(): string[] {
    return this.heard.flatMap(({ event, args }) => {
      const schema = roomsEvents[event as keyof typeof roomsEvents];
      if (schema === undefined) return [`unknown event ${event}`];
      if (args.length !== 1) return [`${event}: ${args.length} arguments`];
      const parsed = schema.safeParse(args[0]);
      return parsed.success ? [] : [`${event}: ${parsed.error.message}`];
    });
  }
}
