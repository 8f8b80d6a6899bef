// The stock clients of Socket.IO 4 and 2, unmodified and with their default options, on a server as `npm start` runs it.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { io } from "socket.io-client";
import io2 from "socket.io-client-v2";
import { Client } from "./client.ts";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

/** What the tests use of either client. */
interface StockClient {
  readonly connected: boolean;
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (body: Body) => void): void;
  once(event: string, listener: (body: Body) => void): void;
  close(): void;
}

type Connect = (url: string, options?: object) => StockClient;
const CLIENTS: Record<string, Connect> = { "4": io, "2": io2 as Connect };

const open: StockClient[] = [];

function client(version: string, url: string): StockClient {
  const make = CLIENTS[version];
  if (make === undefined) throw new Error(version);
  const made = make(url);
  open.push(made);
  return made;
}

const heard = (one: StockClient, event: string): Promise<Body> => new Promise((resolve) => one.once(event, resolve));

/** Emits as the document says: the reply comes on the event's own name. */
async function ask(one: StockClient, event: string, body: unknown): Promise<Body> {
  const answer = heard(one, event);
  one.emit(event, body);
  return answer;
}

async function user(one: StockClient, externalId: string): Promise<string> {
  return (await ask(one, "create-user", { user: { external_id: externalId, name: externalId, photo: "Photo" } })).user
    .id;
}

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  for (const one of open) one.close();
  await server.stop();
});

describe.each([
  ["4", "2"],
  ["2", "4"],
])("socket.io-client %s and %s", (mine, theirs) => {
  it("talk to each other, and to a native client, until the server is killed, and after it", async () => {
    const [here, there] = [client(mine, server.url), client(theirs, server.url)];
    await Promise.all([heard(here, "connect"), heard(there, "connect")]);
    const [a, b] = [`a${mine}`, `b${mine}`];
    const [ann, bob] = [await user(here, a), await user(there, b)];
    const { chat } = await ask(here, "create-chat", { chat: { name: "chat-name" }, users: [ann, bob] });
    expect(chat).toMatchObject({ name: "chat-name", users: [ann, bob] });
    const lists = await ask(there, "list-chats", { user: { id: bob } });
    expect(lists.chats.map((one: Body) => one.id)).toEqual([chat.id]);

    const told = new Map<StockClient, string[]>();
    for (const one of [here, there]) {
      const texts: string[] = [];
      told.set(one, texts);
      for (const name of ["new-message", `/chat/${chat.id}/new-message`])
        one.on(name, (body) => texts.push(`${name.length}: ${body.msg}`));
    }
    const both = (...texts: string[]): string[] =>
      texts.flatMap((text) => ["new-message", `/chat/${chat.id}/new-message`].map((name) => `${name.length}: ${text}`));
    const everyoneHeard = async (...texts: string[]): Promise<void> => {
      for (const one of [here, there]) await expect.poll(() => told.get(one)).toEqual(both(...texts));
    };

    const message = { chat: { id: chat.id }, user: { id: ann }, message: { value: "hello 👋🏽", type: "text" } };
    here.emit("new-message", message);
    await everyoneHeard("hello 👋🏽");
    there.emit(`/chat/${chat.id}/new-message`, { user: { id: bob }, message: { value: "привет", type: "text" } });
    await everyoneHeard("hello 👋🏽", "привет");
    const acknowledged = new Promise<Body>((resolve) =>
      here.emit("new-message", { ...message, message: { value: "https://x.org/a.png", type: "img" } }, resolve),
    );
    expect(await acknowledged).toMatchObject({ msg: "https://x.org/a.png", type: "img", user_id: ann });
    await everyoneHeard("hello 👋🏽", "привет", "https://x.org/a.png");

    const eve = new Client(server, `eve${mine}`);
    await eve.enter("register");
    const direct = (await eve.json("POST", "/v1/chats", { members: [Number(bob)] })).id;
    const foreign = heard(there, `/chat/${direct}/new-message`);
    await eve.json("POST", `/v1/chats/${direct}/messages`, { text: "from a native client" });
    expect(await foreign).toMatchObject({ msg: "from a native client", user_id: String(eve.id) });

    await server.kill();
    const back = [heard(here, "connect"), heard(there, "connect")];
    await server.restart();
    await Promise.all(back);
    for (const texts of told.values()) texts.length = 0;
    // Who comes back names its users again, as its program does on each `connect`.
    expect([await user(here, a), await user(there, b)]).toEqual([ann, bob]);
    const { messages } = await ask(here, "list-messages", { chat: { id: chat.id } });
    expect(messages.map((one: Body) => one.msg)).toEqual(["hello 👋🏽", "привет", "https://x.org/a.png"]);
    here.emit("new-message", { ...message, message: { value: "still there", type: "text" } });
    await everyoneHeard("still there");
    here.close();
    there.close();
  });

  it("get errors on the event's name, and go on", async () => {
    const one = client(mine, server.url);
    await heard(one, "connect");
    for (const body of [undefined, null, 5, "x", [], { user: 1 }, { user: { name: new Uint8Array(9) } }]) {
      expect(await ask(one, "create-user", body)).toMatchObject({ status: "error", error: expect.any(Array) });
    }
    expect(await user(one, `still${mine}`)).toMatch(/^\d+$/);
    one.close();
  });
});

describe("a server whose default app is closed", () => {
  let closed: Server;
  beforeAll(async () => {
    closed = await startServer({ env: { DEFAULT_APP_OPEN: "0" } });
  });
  afterAll(() => closed.stop());

  it("refuses both clients, in the words of each version", async () => {
    const four = client("4", closed.url);
    expect((await heard(four, "connect_error")).message).toBe("authentication required");
    const two = client("2", closed.url);
    expect(await heard(two, "error")).toBe("authentication required");
    expect([four.connected, two.connected]).toEqual([false, false]);
  });
});
