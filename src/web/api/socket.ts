/**
 * Knows the frames of the socket for all chats: commands and their answers, events, and how to come back after a loss.
 * Must not know what a command or an event is about.
 */

import { problemOf } from "./http.ts";
import type { ProblemBody } from "./http.ts";
import type { Event } from "./shapes.ts";

interface Answer {
  readonly re: number;
  readonly ok: boolean;
  readonly error?: ProblemBody;
}

interface Handlers {
  readonly event: (event: Event) => void;
  /** The socket stands (again): what was missed is to be asked for. */
  readonly open: () => void;
  readonly lost: () => void;
}

const PING_MS = 25_000;
/** With so long a silence after a question the connection is dead, whatever the system says. */
const PATIENCE_MS = 10_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

export class LiveSocket {
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

  constructor(token: string, handlers: Handlers) {
    this.#token = token;
    this.#handlers = handlers;
    addEventListener("online", this.#hurry);
    this.#connect();
  }

  #connect(): void {
    const url = new URL("/v1/socket", location.href);
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
    };
    this.#lose = lose;
    socket.addEventListener("open", () => {
      this.#tries = 0;
      ping = setInterval(() => this.#say("ping"), PING_MS);
      this.#handlers.open();
    });
    socket.addEventListener("message", ({ data }) => {
      if (!gone) this.#hear(String(data));
    });
    socket.addEventListener("close", lose);
  }

  /** Sends, and gives the server a while to say anything at all. */
  #say(frame: string): void {
    this.#socket?.send(frame);
    this.#deadline ??= setTimeout(() => {
      // A dead connection may take minutes to close: it is given up at once.
      this.#socket?.close();
      this.#lose?.();
    }, PATIENCE_MS);
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
    this.#handlers.lost();
    // Everyone who lost the server at the same instant does not come back at the same instant.
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++) * (0.5 + Math.random());
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  readonly #hurry = (): void => {
    if (this.#ended || this.#socket !== undefined) return;
    clearTimeout(this.#retry);
    this.#connect();
  };

  /** The answer to a command. @throws Problem where it is refused; Error where the connection is lost before */
  async do<Result>(command: string, args: object): Promise<Result> {
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new Error("not connected");
    const id = ++this.#next;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#say(JSON.stringify({ id, do: command, ...args }));
    });
    if (!answer.ok) throw problemOf(answer.error ?? {});
    return answer as unknown as Result;
  }

  end(): void {
    this.#ended = true;
    removeEventListener("online", this.#hurry);
    clearTimeout(this.#retry);
    this.#heard();
    this.#socket?.close(1000);
  }
}
