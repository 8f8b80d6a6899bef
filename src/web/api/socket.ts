/** The socket for all chats: commands with their answers, events, and coming back after a loss. Knows frames; knows no chat. */

import type { Event } from "./shapes.ts";

interface Answer {
  readonly re: number;
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly detail: string };
}

interface Handlers {
  readonly event: (event: Event) => void;
  /** The socket stands (again): what was missed is to be asked for. */
  readonly open: () => void;
  readonly lost: () => void;
}

const PING_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

export class LiveSocket {
  readonly #token: string;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #socket: WebSocket | undefined;
  #next = 0;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(token: string, handlers: Handlers) {
    this.#token = token;
    this.#handlers = handlers;
    this.#connect();
  }

  #connect(): void {
    const url = new URL("/v1/socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, ["parlance.v1", `bearer.${this.#token}`]);
    this.#socket = socket;
    let ping: ReturnType<typeof setInterval> | undefined;
    socket.addEventListener("open", () => {
      this.#tries = 0;
      ping = setInterval(() => socket.send("ping"), PING_MS);
      this.#handlers.open();
    });
    socket.addEventListener("message", ({ data }) => this.#hear(String(data)));
    socket.addEventListener("close", () => {
      clearInterval(ping);
      for (const { reject } of this.#waiting.values()) reject(new Error("the socket closed"));
      this.#waiting.clear();
      if (this.#ended) return;
      this.#handlers.lost();
      // Everyone who lost the server at the same instant does not come back at the same instant.
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++) * (0.5 + Math.random());
      this.#timer = setTimeout(() => this.#connect(), wait);
    });
  }

  #hear(text: string): void {
    if (text === "pong") return;
    const frame = JSON.parse(text) as Answer | Event;
    if ("event" in frame) {
      this.#handlers.event(frame);
      return;
    }
    this.#waiting.get(frame.re)?.resolve(frame);
    this.#waiting.delete(frame.re);
  }

  /** The answer to a command. @throws Error where it is refused, or the socket is lost before */
  async do<Result>(command: string, args: object): Promise<Result> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) throw new Error("not connected");
    const id = ++this.#next;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, do: command, ...args }));
    });
    if (!answer.ok) throw new Error(answer.error?.detail ?? "refused");
    return answer as unknown as Result;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }
}
