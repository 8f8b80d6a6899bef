/** Engine.IO spoken by hand, as the protocol's test suites do: polls by `fetch`, sockets that keep what they hear. */

import { WebSocket as Client } from "ws";
import { ECHO } from "../host.ts";
import type { Address, Server } from "../server.ts";
import { startServer } from "../server.ts";

export const startEcho = (): Promise<Server> => startServer({ launcher: ECHO });

/** A WebSocket whose messages are taken one by one. */
export class RawSocket {
  readonly #socket: Client;
  readonly #heard: (string | Uint8Array)[] = [];
  #wake: () => void = () => {};
  #isClosed = false;
  readonly opened: Promise<boolean>;
  readonly closed: Promise<number>;

  constructor(url: string) {
    this.#socket = new Client(url);
    this.#socket.binaryType = "nodebuffer";
    this.#socket.on("message", (data: Buffer, isBinary) => {
      this.#heard.push(isBinary ? new Uint8Array(data) : data.toString());
      this.#wake();
    });
    this.#socket.on("error", () => {});
    this.opened = new Promise((resolve) => {
      this.#socket.once("open", () => resolve(true));
      this.#socket.once("error", () => resolve(false));
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once("close", (code) => {
        this.#isClosed = true;
        resolve(code);
        this.#wake();
      });
    });
  }

  /** The next message; undefined when the socket has closed. */
  async next(): Promise<string | Uint8Array | undefined> {
    for (;;) {
      const first = this.#heard.shift();
      if (first !== undefined || this.#isClosed) return first;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next that is no ping. */
  async message(): Promise<string | Uint8Array | undefined> {
    for (;;) {
      const next = await this.next();
      if (next !== "2") return next;
    }
  }

  async text(): Promise<string> {
    return String(await this.message());
  }

  send(frame: string | Uint8Array): void {
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close();
  }
}

/** One path of a server, in one version of Engine.IO. */
export class Raw {
  readonly #server: Address;
  readonly #path: string;
  readonly #version: string;

  constructor(server: Address, path: string, version = "4") {
    this.#server = server;
    this.#path = path;
    this.#version = version;
  }

  url(query: string): string {
    return `${this.#server.url}${this.#path}?${query}`;
  }

  fetch(query: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url(query), init);
  }

  poll(sid: string, more = ""): Promise<Response> {
    return this.fetch(`EIO=${this.#version}&transport=polling&sid=${sid}${more}`);
  }

  async polled(sid: string): Promise<string> {
    return (await this.poll(sid)).text();
  }

  post(sid: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(`EIO=${this.#version}&transport=polling&sid=${sid}`, { method: "POST", body, headers });
  }

  /** A session that polls; its id. */
  async open(more = ""): Promise<string> {
    const response = await this.fetch(`EIO=${this.#version}&transport=polling${more}`);
    const text = await response.text();
    return String((JSON.parse(text.slice(text.indexOf("{"))) as { sid: unknown }).sid);
  }

  /** A WebSocket; with a session's id, one that wants to take it over. */
  socket(sid?: string): RawSocket {
    return this.socketBy(`EIO=${this.#version}&transport=websocket${sid === undefined ? "" : `&sid=${sid}`}`);
  }

  socketBy(query: string): RawSocket {
    return new RawSocket(this.url(query).replace("http", "ws"));
  }

  /** A WebSocket that has had its handshake. */
  async opened(): Promise<RawSocket> {
    const socket = this.socket();
    await socket.next();
    return socket;
  }

  /** A WebSocket that has joined the root namespace of the echo application. */
  async joined(): Promise<RawSocket> {
    const socket = await this.opened();
    socket.send("40");
    await socket.message();
    await socket.message();
    return socket;
  }
}
