// A WebSocket that is opened again, a moment later, whenever it has closed: what every client of a raw socket has. Knows no dialect.

import type { RawData, WebSocket } from "ws";
import { Lost } from "./world.ts";

const WAIT_MS = { first: 50, most: 400 };

export interface Listener {
  opened(): void;
  heard(frame: string): void;
  closed(): void;
}

/** What a frame says. */
export const textOf = (frame: RawData): string =>
  new TextDecoder().decode(Array.isArray(frame) ? Buffer.concat(frame) : frame);

export class RawSocket {
  readonly #make: () => WebSocket;
  readonly #listener: Listener;
  #socket: WebSocket | undefined;
  #isEnding = false;
  #wait = WAIT_MS.first;

  constructor(make: () => WebSocket, listener: Listener) {
    this.#make = make;
    this.#listener = listener;
  }

  open(): void {
    const socket = this.#make();
    this.#socket = socket;
    let isOpen = false;
    socket.on("error", () => {}); // `close` follows
    socket.on("open", () => {
      isOpen = true;
      this.#wait = WAIT_MS.first;
      this.#listener.opened();
    });
    socket.on("message", (frame) => this.#listener.heard(textOf(frame)));
    socket.on("close", () => {
      if (isOpen) this.#listener.closed();
      if (this.#isEnding) return;
      setTimeout(() => this.open(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, WAIT_MS.most);
    });
  }

  /** @throws Lost where it is not open */
  send(frame: string): void {
    if (this.#socket?.readyState !== 1) throw new Lost("not open");
    this.#socket.send(frame);
  }

  end(): void {
    this.#isEnding = true;
    this.#socket?.terminate();
  }
}
