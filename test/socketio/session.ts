/** Scripted sessions against one Gateway of the echo application, in workerd. Speaks frames and polls only. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

interface Gateways {
  getByName(name: string): DurableObjectStub;
}

/** The Gateway that the whole test speaks to; a new stub each time, since one breaks with its object. */
export class Place {
  readonly #name: string;
  readonly #dialect: string;

  constructor(dialect: string, number: number) {
    this.#dialect = dialect;
    this.#name = `local/${number}`;
  }

  get stub(): DurableObjectStub {
    return (env as unknown as { GATEWAY: Gateways }).GATEWAY.getByName(`${this.#dialect}/${this.#name}`);
  }

  async evict(): Promise<void> {
    // Only what runs can be evicted, and it may be out of memory from the last time.
    await runInDurableObject(this.stub, () => {});
    await evictDurableObject(this.stub);
  }

  fetch(query: string, init: RequestInit = {}): Promise<Response> {
    return this.stub.fetch(new Request(`http://echo.test/${this.#dialect}/?${query}`, init));
  }

  async socket(query: string): Promise<TestSocket> {
    const { webSocket } = await this.fetch(query, { headers: { upgrade: "websocket" } });
    if (webSocket === null) throw new Error(`refused: ${query}`);
    return new TestSocket(webSocket);
  }

  /** A WebSocket that has joined the root namespace. */
  async joined(connect = "40"): Promise<TestSocket> {
    const socket = await this.socket("EIO=4&transport=websocket");
    await socket.next();
    socket.send(connect);
    await socket.next();
    return socket;
  }
}

export class TestSocket {
  readonly heard: (string | number[])[] = [];
  readonly #socket: WebSocket;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      this.heard.push(typeof data === "string" ? data : [...new Uint8Array(data as ArrayBuffer)]);
      this.#wake();
    });
    socket.addEventListener("close", () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.accept();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next frame; undefined once the socket is closed. */
  async next(): Promise<string | number[] | undefined> {
    while (this.#taken >= this.heard.length && !this.isClosed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.heard[this.#taken++];
  }

  /** The next that is no ping. */
  async message(): Promise<string | number[] | undefined> {
    for (;;) {
      const frame = await this.next();
      if (frame !== "2") return frame;
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  send(frame: string | readonly number[]): void {
    this.#socket.send(typeof frame === "string" ? frame : Uint8Array.from(frame));
  }

  close(): void {
    this.#socket.close(1000);
  }
}
