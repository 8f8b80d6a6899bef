/** A native client as anyone would write it: `fetch` for REST and the npm package `ws` for sockets. */

import { WebSocket } from "ws";
import { PATIENCE_MS } from "../support/patience.ts";
import type { Address } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

export class Client {
  token = "";
  id = 0;

  constructor(
    readonly server: Address,
    readonly name: string,
  ) {}

  async request(
    method: string,
    path: string,
    body?: BodyInit | object,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const raw =
      body === undefined || typeof body === "string" || body instanceof Uint8Array || body instanceof FormData;
    return fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        ...(this.token === "" ? {} : { authorization: `Bearer ${this.token}` }),
        ...(raw ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    });
  }

  async json(method: string, path: string, body?: object): Promise<Body> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** `shown`: the name that others see, where it is another than the username. */
  async enter(how: "register" | "login", shown?: string): Promise<void> {
    const credentials = { username: this.name, password: "a password" };
    const named = shown === undefined ? {} : { name: shown };
    const { token, user } = await this.json("POST", `/v1/auth/${how}`, { ...credentials, ...named });
    this.token = token;
    this.id = user.id;
  }

  async idOf(username: string): Promise<number> {
    return (await this.json("GET", `/v1/users?q=${username}`)).items[0].id;
  }

  /** For all chats, or on one; with the token in a header as programs do, or as a subprotocol as browsers do. */
  async socket(chat?: number, browserLike = false): Promise<ClientSocket> {
    const path = chat === undefined ? "/v1/socket" : `/v1/chats/${chat}/socket`;
    const protocols = browserLike ? ["parlance.v1", `bearer.${this.token}`] : ["parlance.v1"];
    const headers = browserLike ? {} : { authorization: `Bearer ${this.token}` };
    const socket = new WebSocket(`${this.server.wsUrl}${path}`, protocols, { headers });
    const client = new ClientSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }
}

export class ClientSocket {
  readonly heard: Body[] = [];
  readonly socket: WebSocket;
  closed: number | undefined;
  #next = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (frame) => {
      const text = new TextDecoder().decode(Array.isArray(frame) ? Buffer.concat(frame) : frame);
      const heard = text === "pong" ? text : JSON.parse(text);
      this.heard.push(...(Array.isArray(heard) ? heard : [heard]));
    });
    socket.on("close", (code) => {
      this.closed = code;
    });
    socket.on("error", () => {});
  }

  async until<T>(find: () => T | undefined, what: string): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`${what} did not come; heard ${JSON.stringify(this.heard)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  event(name: string, fits: (event: Body) => boolean = () => true): Promise<Body> {
    return this.until(() => this.heard.find((frame) => frame.event === name && fits(frame)), name);
  }

  async do(command: string, args: object = {}): Promise<Body> {
    const id = ++this.#next;
    this.socket.send(JSON.stringify({ id, do: command, ...args }));
    return this.until(() => this.heard.find((frame) => frame.re === id), `the answer to ${command}`);
  }
}
