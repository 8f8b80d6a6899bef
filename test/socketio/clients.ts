/** Clients of both versions over both transports, for tests of what keeps a session alive. They do as they are told: none beats by itself. */

import { runInDurableObject } from "cloudflare:test";
import type { Place, TestSocket } from "./session.ts";

export interface Kind {
  readonly version: 3 | 4;
  readonly transport: "websocket" | "polling";
}

export const KINDS: readonly Kind[] = [
  { version: 4, transport: "websocket" },
  { version: 4, transport: "polling" },
  { version: 3, transport: "websocket" },
  { version: 3, transport: "polling" },
];

/** The frames of a poll. */
function framesOf(version: 3 | 4, payload: string): string[] {
  if (version === 4) return payload.split("\u001e");
  const frames: string[] = [];
  for (let rest = payload; rest !== "";) {
    const colon = rest.indexOf(":");
    const end = colon + 1 + Number(rest.slice(0, colon));
    frames.push(rest.slice(colon + 1, end));
    rest = rest.slice(end);
  }
  return frames;
}

export class Client {
  readonly sid: string;
  readonly #place: Place;
  readonly #version: 3 | 4;
  readonly #socket: TestSocket | null;
  readonly #polled: string[] = [];
  #said = 0;

  private constructor(place: Place, version: 3 | 4, sid: string, socket: TestSocket | null) {
    this.#place = place;
    this.#version = version;
    this.sid = sid;
    this.#socket = socket;
  }

  /** Opens a session, and joins nothing. */
  static async open(place: Place, { version, transport }: Kind): Promise<Client> {
    const query = `EIO=${version}&transport=${transport}`;
    const socket = transport === "websocket" ? await place.socket(query) : null;
    const frames =
      socket === null ? framesOf(version, await (await place.fetch(query)).text()) : [String(await socket.next())];
    const { sid } = JSON.parse(frames[0]?.slice(1) ?? "") as { sid: string };
    const client = new Client(place, version, sid, socket);
    client.#polled.push(...frames.slice(1));
    return client;
  }

  /** One that has joined the root, which version 3 does unasked. */
  static async join(place: Place, kind: Kind): Promise<Client> {
    const client = await Client.open(place, kind);
    if (kind.version === 4) await client.send("40");
    await client.until((frame) => frame.startsWith('42["auth"'));
    return client;
  }

  get #query(): string {
    return `EIO=${this.#version}&transport=polling&sid=${this.sid}`;
  }

  /** Bytes go over WebSocket alone. */
  async send(frame: string | readonly number[]): Promise<void> {
    if (this.#socket !== null) {
      this.#socket.send(frame);
      return;
    }
    const text = String(frame);
    const body = this.#version === 4 ? text : `${text.length}:${text}`;
    const response = await this.#place.fetch(this.#query, { method: "POST", body });
    const answer = await response.text();
    if (response.status !== 200) throw new Error(`refused: ${response.status} ${answer}`);
  }

  async #next(): Promise<string> {
    if (this.#socket !== null) {
      const frame = await this.#socket.next();
      if (frame === undefined) throw new Error("closed");
      return String(frame);
    }
    if (this.#polled.length === 0) {
      const response = await this.#place.fetch(this.#query);
      if (response.status !== 200) throw new Error(`refused: ${response.status} ${await response.text()}`);
      this.#polled.push(...framesOf(this.#version, await response.text()));
    }
    return this.#polled.shift() ?? "";
  }

  /** Waits for a frame that fits; those before it are dropped. */
  async until(fits: (frame: string) => boolean): Promise<void> {
    while (!fits(await this.#next()));
  }

  /** Waits for the server's ping. */
  pinged(): Promise<void> {
    return this.until((frame) => frame === "2");
  }

  /** Says something, and waits until it was answered. */
  async say(): Promise<void> {
    const n = ++this.#said;
    await this.send(`42["message",${n}]`);
    await this.until((frame) => frame === `42["message-back",${n}]`);
  }

  /** Whether the Gateway still has it. */
  async stands(): Promise<boolean> {
    const query = "SELECT 1 FROM io_sessions WHERE sid = ?";
    return runInDurableObject(
      this.#place.stub,
      (_, { storage }) => storage.sql.exec(query, this.sid).toArray().length > 0,
    );
  }

  close(): void {
    this.#socket?.close();
  }
}
