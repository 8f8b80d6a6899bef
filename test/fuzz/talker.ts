/** A connection of any socket dialect that is let in as its clients are, and goes on until it is ended. Judges nothing. */

import { WebSocket } from "ws";
import type { Dialect } from "./cases.ts";

export interface Entry {
  readonly token: string;
  /** Of the chat's own socket. */
  readonly chat?: number;
  /** Of `rooms`: the app and the room. */
  readonly app?: string;
  readonly room?: string;
}

const PATIENCE_MS = 30_000;
/** Clients of Engine.IO 3 send the pings. */
const PING_MS = 20_000;

export class Talker {
  readonly dialect: Dialect;
  readonly #socket: WebSocket;
  readonly #listeners = new Set<(text: string) => void>();
  #synced = 0;
  /** The code it was closed with, or a word for what ended it. */
  closed: string | undefined;
  localPort: number | undefined;
  /** Ends with the connection. */
  readonly #pings: NodeJS.Timeout | undefined;

  private constructor(dialect: Dialect, socket: WebSocket) {
    this.dialect = dialect;
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      const text = (data as Buffer).toString(isBinary ? "latin1" : "utf8");
      if (text === "2" && dialect !== "events2") socket.send("3");
      for (const listener of this.#listeners) listener(text);
    });
    socket.once("upgrade", (response) => (this.localPort = response.socket.localPort));
    const end = (how: string): void => {
      this.closed ??= how;
      clearInterval(this.#pings);
      for (const listener of this.#listeners) listener("");
    };
    socket.on("close", (code) => end(String(code)));
    socket.on("error", (error) => end(error.message));
    if (dialect === "events2") this.#pings = setInterval(() => this.send("2"), PING_MS);
  }

  /** @throws Error where it is not let in */
  static async open(port: number, dialect: Dialect, { token, chat, app, room }: Entry): Promise<Talker> {
    const at = `ws://127.0.0.1:${port}`;
    const io = (version: number, rest: string): string => `${at}/socket.io/?EIO=${version}&transport=websocket&${rest}`;
    const address: Readonly<Record<Dialect, string>> = {
      native: `${at}/v1/socket`,
      chat: `${at}/v1/chats/${chat}/socket`,
      methods: `${at}/ws/chat/`,
      messenger: `${at}/ws/?EIO=4&transport=websocket`,
      events: io(4, `key=${token}`),
      events2: io(3, `key=${token}`),
      rooms: io(4, `token=${token}&app=${app}`),
    };
    const protocols = dialect === "native" || dialect === "chat" ? ["parlance.v1", `bearer.${token}`] : [];
    const socket = new WebSocket(address[dialect], protocols, { perMessageDeflate: false });
    const talker = new Talker(dialect, socket);
    const greeted = dialect === "events2" ? talker.hears((text) => text === "40") : undefined;
    const begun = talker.hears((text) => text.startsWith("0{"));
    if (dialect === "native" || dialect === "chat" || dialect === "methods") {
      await new Promise<void>((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
      });
    } else await begun;
    switch (dialect) {
      case "native":
      case "chat":
        break;
      case "methods":
        await talker.#ask(JSON.stringify({ method: "auth", access_token: token }), (text) =>
          text.includes('"authenticated"'),
        );
        break;
      case "messenger":
        await talker.#ask(`40/chat,${JSON.stringify({ token })}`, (text) => text.startsWith("40/chat,{"));
        break;
      case "events2":
        await greeted;
        break;
      case "events":
      case "rooms":
        await talker.#ask("40", (text) => text.startsWith("40{"));
    }
    if (room !== undefined) {
      await talker.#ask(`42${JSON.stringify(["join", room])}`, (text) => text.startsWith('42["room_info"'));
    }
    return talker;
  }

  async #ask(frame: string, fits: (text: string) => boolean): Promise<void> {
    const answered = this.hears(fits);
    this.send(frame);
    if (await answered) return;
    throw new Error(`${this.dialect}: ${frame.slice(0, 20)} was not answered (${this.closed ?? "still open"})`);
  }

  listen(listener: (text: string) => void): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: (text: string) => void): void {
    this.#listeners.delete(listener);
  }

  /** Whether something that fits is heard before the connection ends and patience does. */
  hears(fits: (text: string) => boolean, patienceMs = PATIENCE_MS): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (found: boolean): void => {
        this.#listeners.delete(listener);
        clearTimeout(late);
        resolve(found);
      };
      const listener = (text: string): void => {
        if (this.closed !== undefined) end(false);
        else if (fits(text)) end(true);
      };
      const late = setTimeout(() => end(false), patienceMs);
      this.#listeners.add(listener);
    });
  }

  send(frame: string | Buffer): void {
    if (this.closed === undefined) this.#socket.send(frame);
  }

  /** Asks something harmless whose answer comes after those to all that was sent before. False: it did not come. */
  async sync(patienceMs = PATIENCE_MS): Promise<boolean> {
    if (this.closed !== undefined) return false;
    const number = 900_000 + ++this.#synced;
    const word = `sync-${number}`;
    const [frame, begin] = ((): [frame: string, begin: string] => {
      switch (this.dialect) {
        case "native":
        case "chat":
          return [JSON.stringify({ id: word, do: "sync" }), `{"re":"${word}"`];
        case "methods":
          return [JSON.stringify({ method: word }), `(${word})`];
        case "messenger":
          return [`42/chat,${number}["fetch-unread-chats-count",{"user":"nobody"}]`, `43/chat,${number}[`];
        case "events":
        case "events2":
          return [`42${number}["list-chats",{}]`, `43${number}[`];
        case "rooms":
          return [`42${number}["sync"]`, `43${number}[`];
      }
    })();
    const heard = this.hears((text) => text.includes(begin), patienceMs);
    this.send(frame);
    return heard;
  }

  close(): void {
    clearInterval(this.#pings);
    this.closed ??= "by us";
    this.#socket.terminate();
  }
}
