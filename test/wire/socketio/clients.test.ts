// The stock clients, unmodified: socket.io-client 4 and 2, each polling with an upgrade, over WebSocket, and polling alone.

import { Buffer } from "node:buffer";
import { io } from "socket.io-client";
import io2 from "socket.io-client-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../server.ts";
import { startEcho } from "./raw.ts";

/** What the tests use of either client. */
interface Client {
  readonly id: string;
  readonly recovered?: boolean;
  readonly connected: boolean;
  readonly io: { readonly engine: { readonly transport: { readonly name: string }; close(): void } };
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  once(event: string, listener: (...args: unknown[]) => void): void;
  off(event: string): void;
  connect(): void;
  close(): void;
}

type Connect = (url: string, options: object) => Client;
const CLIENTS: Record<string, Connect> = { "4": io as unknown as Connect, "2": io2 as Connect };
const MODES: Record<string, readonly string[]> = {
  "polling, then WebSocket": ["polling", "websocket"],
  WebSocket: ["websocket"],
  "polling alone": ["polling"],
};

const heard = (client: Client, event: string): Promise<unknown[]> =>
  new Promise((resolve) => client.once(event, (...args) => resolve(args)));

let server: Server;
const open: Client[] = [];
beforeAll(async () => {
  server = await startEcho();
});
afterAll(async () => {
  for (const client of open) client.close();
  await server.stop();
});

const cases = Object.keys(CLIENTS).flatMap((version) => Object.keys(MODES).map((mode) => [version, mode] as const));

describe.each(cases)("socket.io-client %s, %s", (version, mode) => {
  async function connect(path = "/calm/", more: object = {}): Promise<Client> {
    const options = {
      path,
      transports: MODES[mode],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 200,
      ...more,
    };
    const make = CLIENTS[version];
    if (make === undefined) throw new Error(version);
    const client = make(server.url, options);
    open.push(client);
    await heard(client, "connect");
    return client;
  }

  it("connects, and acknowledges both ways", async () => {
    const client = await connect();
    const answer = await new Promise((resolve) => {
      client.emit("message-with-ack", 1, "zwei €", { three: [true] }, (...args: unknown[]) => resolve(args));
    });
    expect(answer).toEqual([1, "zwei €", { three: [true] }]);
    client.on("question", (word, ack) => (ack as (...args: unknown[]) => void)("yes", word));
    client.emit("ask-me", "how?");
    expect(await heard(client, "answered")).toEqual([{ asked: "you" }, ["yes", "how?"]]);
    client.close();
  });

  it.each([false, true])(
    "carries bytes there and back, in events and acknowledgements, as text: %s",
    async (asText) => {
      const client = await connect("/calm/", { forceBase64: asText });
      const [one, two] = [Buffer.from([0, 1, 2, 255]), Buffer.from("привет")];
      client.emit("message", one, { deep: [two] }, "text");
      expect(await heard(client, "message-back")).toEqual([one, { deep: [two] }, "text"]);
      const answer = await new Promise((resolve) => {
        client.emit("message-with-ack", { two }, (...args: unknown[]) => resolve(args));
      });
      expect(answer).toEqual([{ two }]);
      client.close();
    },
  );

  it("loses none of 10,000 messages from the first moment on, and doubles none", async () => {
    const client = await connect();
    const back: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      client.on("message-back", (n) => {
        back.push(n);
        if (back.length === 10_000) resolve();
      });
    });
    for (let n = 0; n < 10_000; n++) client.emit("message", n);
    await all;
    expect(back).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    expect(client.io.engine.transport.name).toBe(mode === "polling alone" ? "polling" : "websocket");
    client.close();
  });

  it("joins another namespace on the same connection", async () => {
    const client = await connect();
    const make = CLIENTS[version];
    const custom = make?.(`${server.url}/custom`, { path: "/calm/", transports: MODES[mode] });
    if (custom === undefined) throw new Error(version);
    open.push(custom);
    await heard(custom, "connect");
    custom.emit("message", "there");
    expect(await heard(custom, "message-back")).toEqual(["there"]);
    custom.close();
    client.close();
  });
});

describe.each(cases)("socket.io-client %s, %s, when the server is killed", (version, mode) => {
  it("comes back by itself", async () => {
    const make = CLIENTS[version];
    if (make === undefined) throw new Error(version);
    const client = make(server.url, {
      path: "/recover/",
      transports: MODES[mode],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 200,
    });
    open.push(client);
    await heard(client, "connect");
    client.emit("join", "den");
    client.emit("message", "before");
    expect((await heard(client, "message-back"))[0]).toBe("before");
    const again = heard(client, "connect");
    await server.kill();
    await server.restart();
    await again;
    expect(client.recovered === true).toBe(version === "4");
    client.emit("message", "after");
    expect((await heard(client, "message-back"))[0]).toBe("after");
    client.close();
  });
});
