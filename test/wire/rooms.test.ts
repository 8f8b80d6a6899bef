// The stock Socket.IO clients, unmodified and with their default options, talk in a room of a server that was started as a
// user starts it; it is killed and started again, and they go on.

import { io } from "socket.io-client";
import io2 from "socket.io-client-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "./client.ts";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";
import { inDirectory } from "./state.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

/** What the tests use of either client. */
interface StockClient {
  readonly id: string;
  readonly connected: boolean;
  readonly io: { readonly engine: { readonly transport: { readonly name: string } } };
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (...args: Body[]) => void): void;
  close(): void;
}

type Connect = (url: string, options?: object) => StockClient;
const connect4 = io as unknown as Connect;
const connect2 = io2 as Connect;

const HEARD = ["info", "room_info", "roomData", "is_typing", "seen_by", "message", "load_more", "err"];
const textOf = (message: Body): string => Buffer.from(message.message, "base64").toString("utf8");

/** A stock client that keeps what it hears, and joins its room whenever it is connected. */
class Guest {
  readonly heard: { event: string; body: Body }[] = [];
  readonly errors: string[] = [];
  readonly client: StockClient;

  constructor(client: StockClient, room: string) {
    this.client = client;
    for (const event of HEARD) client.on(event, (body: Body) => this.heard.push({ event, body }));
    client.on("connect_error", (error: Error) => this.errors.push(error.message));
    client.on("error", (error: unknown) => this.errors.push(String(error)));
    client.on("connect", () => client.emit("join", room));
  }

  all(event: string): Body[] {
    return this.heard.filter((one) => one.event === event).map((one) => one.body);
  }

  texts(): string[] {
    return this.all("message").map(textOf);
  }

  present(): string[] {
    return (this.all("roomData").at(-1)?.users ?? []).map((one: Body) => one.id).toSorted();
  }
}

/** Makes a room of these users in the state of a server that stands still. */
function putRoom(state: string, name: string, users: readonly number[]): void {
  inDirectory(state, (directory) => {
    const insert = directory.prepare(
      "INSERT INTO chats (app_id, kind, title, name, created_by, created_at) VALUES (1, 'room', ?, ?, 0, ?) RETURNING id",
    );
    const { id } = insert.get(name, name, Date.now()) as { id: number };
    const add = directory.prepare("INSERT INTO memberships VALUES (?, ?, 'member', ?, ?)");
    for (const [position, user] of users.entries()) add.run(id, user, Date.now(), position);
  });
}

describe("socket.io-client in a room", () => {
  const ROOM = "usr-1-2";
  let server: Server;
  let ann: Client;
  let bob: Client;
  const guests: Guest[] = [];
  const guest = (connect: Connect, token: string, options?: object): Guest => {
    const made = new Guest(connect(`${server.url}?token=${token}`, options), ROOM);
    guests.push(made);
    return made;
  };

  beforeAll(async () => {
    // The room is there before the two users, who are the first and the second of a new server.
    server = await startServer({ prepare: (state) => putRoom(state, ROOM, [1, 2]) });
    ann = new Client(server, "ann");
    bob = new Client(server, "bob");
    await ann.enter("register");
    await bob.enter("register");
  });

  afterAll(async () => {
    for (const one of guests) one.client.close();
    await server.stop();
  });

  it("is refused without a token that stands, in the document's words", async () => {
    const refusals: [string, string][] = [
      ["", "No token key found"],
      ["nobody", "token key mismatch"],
    ];
    for (const [token, text] of refusals) {
      for (const connect of [connect4, connect2]) {
        const one = guest(connect, token, { forceNew: true });
        await expect.poll(() => one.errors).toContain(text);
        expect(one.heard).toEqual([]);
        one.client.close();
      }
    }
  });

  it("of version 4 and 2 talk to each other, and go on after the server was killed", async () => {
    const a = guest(connect4, ann.token, { forceNew: true });
    const b = guest(connect2, bob.token, { forceNew: true });
    /** Both of them see both, as whom they are now. */
    const areTogether = (): boolean => {
      const ids = [a.client.id, b.client.id].toSorted().join();
      return [a, b].every((one) => one.client.connected && one.present().join() === ids);
    };
    await expect.poll(areTogether).toBe(true);
    expect(a.heard.slice(0, 2).map(({ event }) => event)).toEqual(["info", "room_info"]);
    expect(a.all("info")[0]).toBe("You have joind the room");
    for (const one of [a, b]) await expect.poll(() => one.client.io.engine.transport.name).toBe("websocket");

    a.client.emit("send_message", "Hey, you there 👋🏽");
    b.client.emit("typing", true);
    for (const one of [a, b]) {
      await expect.poll(() => one.texts()).toEqual(["Hey, you there 👋🏽"]);
      await expect.poll(() => one.all("is_typing")).toMatchObject([{ data: { id: bob.id }, typing: true }]);
    }
    b.client.emit("seen");
    await expect.poll(() => a.all("seen_by").map(({ id }: Body) => id)).toContain(bob.id);

    await server.kill();
    await expect.poll(() => a.client.connected || b.client.connected).toBe(false);
    await server.restart();
    await expect.poll(() => a.client.connected && b.client.connected, { timeout: 20_000 }).toBe(true);
    // Whom the crash took is not in the room any more; those who came back are, each once.
    await expect.poll(areTogether, { timeout: 20_000 }).toBe(true);
    b.client.emit("send_message", "after the crash");
    for (const one of [a, b]) await expect.poll(() => one.texts().at(-1)).toBe("after the crash");
    a.client.emit("load_more", { page: 1, limit: 20 });
    await expect.poll(() => a.all("load_more").at(-1)?.map(textOf)).toEqual(["after the crash", "Hey, you there 👋🏽"]);
    for (const one of [a, b]) expect(one.all("err")).toEqual([]);
  });

  it("polling alone hears the same, and one that goes is missed", async () => {
    const a = guest(connect4, ann.token, { forceNew: true });
    const poller = guest(connect4, bob.token, { forceNew: true, transports: ["polling"] });
    await expect.poll(() => a.present().includes(poller.client.id)).toBe(true);
    a.client.emit("send_message", "to the poller");
    await expect.poll(() => poller.texts()).toEqual(["to the poller"]);
    const id = poller.client.id;
    poller.client.close();
    await expect.poll(() => a.present()).not.toContain(id);
    expect(a.all("info").at(-1)).toBe(`${bob.id} has left`);
  });
});
