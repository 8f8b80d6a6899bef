/**
 * Knows the frames of a socket: commands and their answers, events, and how to come back after a loss.
 * Must not know what a command or an event is about.
 */

import { backOff } from "../model/back-off.ts";
import { problemOf } from "./http.ts";
import type { ProblemBody } from "./http.ts";
import type { Event } from "./shapes.ts";

interface Answer {
  readonly re: number;
  readonly ok: boolean;
  readonly error?: ProblemBody;
}

/** `until`: when the next try begins, in milliseconds since 1970. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "waiting"; readonly until: number };

interface Handlers {
  readonly event: (event: Event) => void;
  readonly link: (link: Link) => void;
}

const PING_MS = 25_000;
/** With so long a silence after a question the connection is dead, whatever the system says. */
const PATIENCE_MS = 10_000;

export class LiveSocket {
  readonly #path: string;
  readonly #token: string;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #socket: WebSocket | undefined;
  /** Gives the present connection up. */
  #lose: (() => void) | undefined;
  #next = 0;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(path: string, token: string, handlers: Handlers) {
    this.#path = path;
    this.#token = token;
    this.#handlers = handlers;
    addEventListener("online", this.hurry);
    addEventListener("offline", this.#abandon);
    document.addEventListener("visibilitychange", this.#look);
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #connect(): void {
    this.#handlers.link({ state: "connecting" });
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, ["parlance.v1", `bearer.${this.#token}`]);
    this.#socket = socket;
    let ping: ReturnType<typeof setInterval> | undefined;
    let gone = false;
    const lose = (): void => {
      if (gone) return;
      gone = true;
      clearInterval(ping);
      this.#heard();
      this.#lost();
      socket.close();
    };
    this.#lose = lose;
    this.#expectAnswer();
    socket.addEventListener("open", () => {
      if (gone) return;
      this.#heard();
      this.#tries = 0;
      ping = setInterval(() => this.#say("ping"), PING_MS);
      this.#handlers.link({ state: "open" });
    });
    socket.addEventListener("message", ({ data }) => {
      if (!gone) this.#hear(String(data));
    });
    socket.addEventListener("close", lose);
  }

  #say(frame: string): void {
    this.#socket?.send(frame);
    this.#expectAnswer();
  }

  /** A dead connection may take minutes to close: it is given up when the server has said nothing at all for a while. */
  #expectAnswer(): void {
    this.#deadline ??= setTimeout(() => this.#lose?.(), PATIENCE_MS);
  }

  #heard(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #hear(text: string): void {
    this.#heard();
    if (text === "pong" || this.#ended) return;
    const frame = JSON.parse(text) as Answer | Event;
    if ("event" in frame) {
      this.#handlers.event(frame);
      return;
    }
    this.#waiting.get(frame.re)?.resolve(frame);
    this.#waiting.delete(frame.re);
  }

  #lost(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error("the connection is lost"));
    this.#waiting.clear();
    if (this.#ended) return;
    this.#socket = undefined;
    const wait = backOff(this.#tries++, Math.random());
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#handlers.link({ state: "waiting", until: Date.now() + wait });
  }

  /** Does not wait for the next try. */
  readonly hurry = (): void => {
    if (this.#ended || this.#socket !== undefined) return;
    clearTimeout(this.#retry);
    this.#connect();
  };

  readonly #abandon = (): void => this.#lose?.();

  /** Who comes back to the page wants to know at once whether the connection still stands. */
  readonly #look = (): void => {
    if (document.hidden) return;
    if (this.isOpen) this.#say("ping");
    else this.hurry();
  };

  /** The answer to a command. @throws Problem where it is refused; Error where the connection is lost before */
  async do<Result>(command: string, args: object): Promise<Result> {
    if (!this.isOpen) throw new Error("not connected");
    const id = ++this.#next;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#say(JSON.stringify({ id, do: command, ...args }));
    });
    if (!answer.ok) throw problemOf(answer.error ?? {}, 1);
    return answer as unknown as Result;
  }

  end(): void {
    this.#ended = true;
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.#abandon);
    document.removeEventListener("visibilitychange", this.#look);
    clearTimeout(this.#retry);
    this.#heard();
    this.#socket?.close(1000);
  }
}
