/** Builders for tests of `events` in workerd: a Socket.IO client over WebSocket that keeps what it hears, and apps with keys. */

import { createHash } from "node:crypto";
import { env, exports } from "cloudflare:workers";
import type { AppId } from "../../src/core/ids.ts";
import { app } from "./apps.ts";
import type { Body } from "./people.ts";
import { Socket } from "./people.ts";

/** One event that was heard, by its name. */
export interface Heard {
  readonly name: string;
  readonly body: Body;
}

export interface Opening {
  readonly version?: 3 | 4;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: object;
}

export class EventsClient {
  readonly #socket: Socket;
  #acks = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Opens a connection and asks for the root; whether it was let in is for the caller to see. */
  static async open({ version = 4, query = {}, headers = {}, auth = {} }: Opening = {}): Promise<EventsClient> {
    const search = new URLSearchParams({ ...query, EIO: String(version), transport: "websocket" });
    const response = await exports.default.fetch(
      new Request(`http://parlance.test/socket.io/?${search.toString()}`, {
        headers: { ...headers, upgrade: "websocket" },
      }),
    );
    if (response.webSocket === null) throw new Error(`refused: ${response.status} ${await response.text()}`);
    const client = new EventsClient(new Socket(response.webSocket));
    if (version === 4) client.send(`40${JSON.stringify(auth)}`);
    await client.#socket.until(
      () => client.frames.some((frame) => /^4[04]/.test(frame)) || client.closed,
      "an answer to CONNECT",
    );
    return client;
  }

  static async connect(opening: Opening = {}): Promise<EventsClient> {
    const client = await EventsClient.open(opening);
    if (client.refusal !== undefined) throw new Error(`refused: ${client.refusal}`);
    return client;
  }

  get frames(): readonly string[] {
    return this.#socket.frames;
  }

  get closed(): boolean {
    return this.#socket.closed !== undefined;
  }

  /** The packet that refused the root, as it came. */
  get refusal(): string | undefined {
    return this.frames.find((frame) => frame.startsWith("44"))?.slice(2);
  }

  get heard(): Heard[] {
    return this.frames
      .filter((frame) => frame.startsWith("42["))
      .map((frame) => JSON.parse(frame.slice(2)) as [string, Body])
      .map(([name, body]) => ({ name, body }));
  }

  /** Messages heard on `new-message`, in order; of one chat where it is given. */
  messages(chat?: string | number): Body[] {
    return this.heard
      .filter(({ name, body }) => name === "new-message" && body.status === undefined)
      .map(({ body }) => body)
      .filter((body) => chat === undefined || body.chat_id === String(chat));
  }

  send(frame: string | ArrayBuffer): void {
    this.#socket.send(frame);
  }

  emit(event: string, ...args: unknown[]): void {
    this.send(`42${JSON.stringify([event, ...args])}`);
  }

  /** Emits with an acknowledgement, and waits for it. */
  async call(event: string, ...args: unknown[]): Promise<Body> {
    const id = this.#acks++;
    this.send(`42${id}${JSON.stringify([event, ...args])}`);
    const find = (): string | undefined => this.frames.find((frame) => frame.startsWith(`43${id}[`));
    await this.#socket.until(() => find() !== undefined, `the acknowledgement of ${event}`);
    return JSON.parse(find()?.slice(`43${id}`.length) ?? "[]")[0];
  }

  until(found: () => boolean, what?: string): Promise<void> {
    return this.#socket.until(found, what);
  }

  close(): void {
    this.#socket.close(1000);
  }

  // ---- the five events ----------------------------------------------------------------------------------------

  /** A user by external id; their id. */
  async user(externalId: string, name = externalId): Promise<string> {
    const { user } = await this.call("create-user", { user: { external_id: externalId, name, photo: "" } });
    return user.id;
  }

  /** A chat of these users; its id. */
  async chat(name: string, ...users: string[]): Promise<string> {
    return (await this.call("create-chat", { chat: { name }, users })).chat.id;
  }

  say(chat: string, user: string | number, value: string, type = "text"): Promise<Body> {
    return this.call("new-message", { chat: { id: chat }, user: { id: user }, message: { value, type } });
  }

  async list(chat: string | number, query: object = {}): Promise<Body[]> {
    return (await this.call("list-messages", { chat: { id: chat }, query })).messages;
  }
}

/** An app that is closed, with its secret key. */
export async function appWithKey(name = "tenant"): Promise<{ id: AppId; uuid: string; key: string }> {
  const { id, uuid } = await app(name);
  const key = crypto.randomUUID();
  await setKey(id, key);
  return { id, uuid, key };
}

export async function setKey(id: AppId, key: string | null): Promise<void> {
  const hash = key === null ? null : createHash("sha256").update(key).digest("hex");
  await env.DB.prepare("UPDATE apps SET key_hash = ? WHERE id = ?").bind(hash, id).run();
}
