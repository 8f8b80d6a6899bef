/** A client of `messenger` for tests in workerd: Socket.IO frames over a WebSocket, every event held against its schema. */

import { exports } from "cloudflare:workers";
import { messengerAnswers, messengerEvents } from "../../src/dialects/messenger/socket-api.ts";
import { PATIENCE_MS } from "./patience.ts";
import type { Body, Person } from "./people.ts";

const ORIGIN = "http://parlance.test";

export interface Heard {
  readonly event: string;
  readonly args: readonly Body[];
}

export class MessengerClient {
  /** Events of the server, in order. */
  readonly heard: Heard[] = [];
  /** Every frame that was heard, as it came. */
  readonly frames: string[] = [];
  readonly #answers = new Map<number, readonly Body[]>();
  readonly #flaws: string[] = [];
  readonly #socket: WebSocket;
  #asked = 0;
  #waiting: (() => void)[] = [];
  /** Namespaces that the server let it into, and has not thrown it out of. */
  readonly joined = new Set<string>();
  isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.frames.push(String(data));
      this.#take(String(data));
      this.#wake();
    });
    socket.addEventListener("close", () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.accept();
  }

  /** A connection that is in no namespace yet. */
  static async open(
    path = "/ws/",
    version: 3 | 4 = 4,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<MessengerClient> {
    const address = `${ORIGIN}${path}?EIO=${version}&transport=websocket`;
    const response = await exports.default.fetch(
      new Request(address, { headers: { ...headers, upgrade: "websocket" } }),
    );
    if (response.webSocket === null) throw new Error(`refused: ${response.status}`);
    return new MessengerClient(response.webSocket);
  }

  /** A connection that has joined `/chat` with `auth`, or has tried to. */
  static async join(
    auth: unknown,
    path = "/ws/",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<MessengerClient> {
    const client = await MessengerClient.open(path, 4, headers);
    client.send(auth === undefined ? "40/chat," : `40/chat,${JSON.stringify(auth)}`);
    await client.until(() => client.frames.some((frame) => frame.startsWith("40/chat,")), "joining");
    return client;
  }

  static async of(person: Person): Promise<MessengerClient> {
    const client = await MessengerClient.join({ token: person.token });
    // Who speaks is known once something is answered.
    await client.ask("fetch-unread-chats-count", { user: person.username });
    return client;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #take(frame: string): void {
    if (frame === "2") this.#socket.send("3");
    const [, type, namespace = "/", id, body = ""] = /^4(\d)(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(frame) ?? [];
    if (type === "0") this.joined.add(namespace);
    if (type === "1") this.joined.delete(namespace);
    if (type === "2") this.#hear(JSON.parse(body) as [string, ...Body[]]);
    if (type === "3") this.#answers.set(Number(id), JSON.parse(body) as Body[]);
  }

  #hear([event, ...args]: readonly [string, ...Body[]]): void {
    this.heard.push({ event, args });
    if (event === "auth-failed") {
      if (args.length > 0) this.#flaws.push("auth-failed has arguments");
      return;
    }
    this.#check(messengerEvents, event, args);
  }

  #check(
    schemas: Readonly<Record<string, { safeParse(value: unknown): { success: boolean; error?: unknown } }>>,
    event: string,
    args: readonly Body[],
  ): void {
    const parsed = schemas[event]?.safeParse(args[0]);
    if (parsed === undefined) this.#flaws.push(`unknown: ${event}`);
    else if (!parsed.success) this.#flaws.push(`${event}: ${String(parsed.error)}`);
    if (args.length !== 1) this.#flaws.push(`${event} has ${args.length} arguments`);
  }

  /** What is wrong with any event or acknowledgement that was heard; empty where all are as documented. */
  flaws(): readonly string[] {
    return this.#flaws;
  }

  send(frame: string | ArrayBuffer): void {
    this.#socket.send(frame);
  }

  /** Sends an event with an acknowledgement function; the number under which it would be acknowledged. */
  emit(event: string, ...args: unknown[]): number {
    const id = ++this.#asked + 1_000;
    this.send(`42/chat,${id}${JSON.stringify([event, ...args])}`);
    return id;
  }

  /** Sends an event and waits for its acknowledgement. */
  async ask(event: string, ...args: unknown[]): Promise<Body> {
    const id = this.emit(event, ...args);
    await this.until(() => this.#answers.has(id), `the acknowledgement of ${event}`);
    const answer = this.#answers.get(id) ?? [];
    this.#check(messengerAnswers, event, answer);
    return answer[0];
  }

  /** Whether the event is acknowledged: it is not, where one that was sent after it is before it. */
  async isAcknowledged(event: string, ...args: unknown[]): Promise<boolean> {
    const id = this.emit(event, ...args);
    await this.ask("fetch-unread-chats-count", { user: "nobody" });
    return this.#answers.has(id);
  }

  /** Whether what was sent under this number was acknowledged by now. */
  isAnswered(id: number): boolean {
    return this.#answers.has(id);
  }

  /** The arguments of the events of this name that were heard so far. */
  all(event: string): Body[] {
    return this.heard.flatMap((one) => (one.event === event ? [one.args[0]] : []));
  }

  /** The first event of this name that fits, waiting for it where needed. */
  async event(event: string, fits: (body: Body) => boolean = () => true): Promise<Body> {
    const find = (): Body => this.all(event).find(fits);
    await this.until(() => find() !== undefined, event);
    return find();
  }

  async until(found: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!found()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come; heard ${JSON.stringify(this.frames)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 20);
      });
    }
  }

  close(): void {
    this.#socket.close(1000);
  }
}
