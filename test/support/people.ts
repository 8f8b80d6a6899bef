/** Builders for tests in workerd: people who hold tokens, their requests and their sockets. Speaks the public surface only. */

import { env, exports } from "cloudflare:workers";
import { serverOf, storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import type { AppId, UserId } from "../../src/core/ids.ts";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { PATIENCE_MS } from "./patience.ts";

const ORIGIN = "http://parlance.test";

/** A JSON object of an answer, read loosely: tests say what they expect of it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

let made = 0;

/** A person with a token, made without hashing a password (which takes a sixth of a second). */
export async function person(name = "user", app: AppId = appId(1)): Promise<Person> {
  const { directory } = storesOf(env);
  const user = await directory.users.create(app, {
    username: `${name}${++made}-${Math.random().toString(36).slice(2, 8)}`,
  });
  const session = { appId: app, userId: user.id, tokenId: crypto.randomUUID(), expiresAt: Date.now() + 3_600_000 };
  await directory.tokens.add(session);
  const token = await createTokenSigner(env.TOKEN_SECRET ?? "").sign(session);
  return new Person(user.id, user.username, token);
}

/** The same person with another token. */
export async function again(who: Person): Promise<Person> {
  const one = { appId: appId(1), userId: who.id, tokenId: crypto.randomUUID(), expiresAt: Date.now() + 3_600_000 };
  await storesOf(env).directory.tokens.add(one);
  return new Person(who.id, who.username, await createTokenSigner(env.TOKEN_SECRET ?? "").sign(one));
}

/** As many people as names, in their order. */
export async function people<const Names extends readonly string[]>(
  ...names: Names
): Promise<{ -readonly [At in keyof Names]: Person }> {
  const all = await Promise.all(names.map((name) => person(name)));
  return all as { -readonly [At in keyof Names]: Person };
}

/** A request of nobody in particular. `body`: an object goes as JSON, anything else as it is. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const plain =
    body === undefined || typeof body === "string" || body instanceof Uint8Array || body instanceof FormData;
  const response = await exports.default.fetch(
    new Request(`${ORIGIN}${path}`, {
      method,
      headers: {
        ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : plain ? (body as BodyInit) : JSON.stringify(body),
    }),
  );
  const text = new TextDecoder().decode(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : parse(text) };
}

/** Asks for a socket and takes the answer as it is, upgraded or refused. */
export function knock(path: string, headers: Record<string, string>): Promise<Response> {
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, { headers: { upgrade: "websocket", ...headers } }));
}

export class Person {
  constructor(
    readonly id: UserId,
    readonly username: string,
    readonly token: string,
  ) {}

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return call(method, path, body, { authorization: `Bearer ${this.token}`, ...headers });
  }

  get = (path: string) => this.call("GET", path);
  post = (path: string, body: unknown = {}) => this.call("POST", path, body);
  put = (path: string, body: unknown = {}) => this.call("PUT", path, body);
  patch = (path: string, body: unknown) => this.call("PATCH", path, body);
  delete = (path: string) => this.call("DELETE", path);

  /** The direct chat with `other`. */
  async direct(other: Person): Promise<Body> {
    return (await this.post("/v1/chats", { members: [other.id] })).body;
  }

  async group(title: string, ...others: Person[]): Promise<Body> {
    return (await this.post("/v1/chats", { title, members: others.map((other) => other.id) })).body;
  }

  async say(chat: number, text: string, more: object = {}): Promise<Body> {
    return (await this.post(`/v1/chats/${chat}/messages`, { text, ...more })).body;
  }

  /** The unread count of `chat` in this person's list. */
  async unread(chat: number): Promise<number | undefined> {
    const list = (await this.get("/v1/chats?limit=100")).body.items as Body[];
    return list.find((one) => one.id === chat)?.unread;
  }

  /** A socket for all chats, or on one chat. */
  async socket(chat?: number): Promise<Socket> {
    const path = chat === undefined ? "/v1/socket" : `/v1/chats/${chat}/socket`;
    const response = await knock(path, { "sec-websocket-protocol": `parlance.v1, bearer.${this.token}` });
    if (response.webSocket === null) throw new Error(`refused: ${response.status} ${await response.text()}`);
    return new Socket(response.webSocket);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The client's end of a socket: keeps what it hears, and waits for what is to come. */
export class Socket {
  /** Everything heard that was not an answer, in order. */
  readonly events: Body[] = [];
  /** Everything heard, as it came. */
  readonly frames: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #answers = new Map<unknown, (answer: Body) => void>();
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      this.frames.push(text);
      const frame = parse(text) as Body;
      const answer =
        typeof frame === "object" && frame !== null && "re" in frame ? this.#answers.get(frame.re) : undefined;
      if (answer !== undefined) answer(frame);
      else if (Array.isArray(frame)) this.events.push(...frame);
      else this.events.push(frame);
      this.#wake();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#wake();
    });
    socket.accept();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  send(frame: string | ArrayBuffer): void {
    this.#socket.send(frame);
  }

  /** Sends a command and waits for its answer. */
  do(command: string, args: object = {}): Promise<Body> {
    const id = `c${++this.#next}`;
    const answer = new Promise<Body>((resolve) => this.#answers.set(id, resolve));
    this.send(JSON.stringify({ id, do: command, ...args }));
    return answer;
  }

  /** Waits until `found` holds of what was heard. */
  async until(found: () => boolean, what = "what was waited for"): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!found()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come; heard ${JSON.stringify(this.frames)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 20);
      });
    }
  }

  /** The first event of this name that was heard, waiting for it where needed. */
  async event(name: string, fits: (event: Body) => boolean = () => true): Promise<Body> {
    const find = (): Body => this.events.find((event) => event.event === name && fits(event));
    await this.until(() => find() !== undefined, `event ${name}`);
    return find();
  }

  close(code?: number): void {
    this.#socket.close(code);
  }
}

export const service = (): ReturnType<typeof serverOf>["service"] => serverOf(env).service;
