// `messenger` as its clients speak it: the stock packages socket.io-client 4 and 2 with their default options, and REST by
// `fetch`, against a server that was started as a user starts it.

import { io } from "socket.io-client";
import io2 from "socket.io-client-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messengerSockets } from "../../src/dialects/messenger/socket-api.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startServer } from "./server.ts";
import type { Server } from "./server.ts";
import { inDirectory } from "./state.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

/** What the tests use of either client. */
interface Io {
  readonly connected: boolean;
  readonly io: { readonly engine: { readonly transport: { readonly name: string } } };
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (...args: Body[]) => void): void;
  once(event: string, listener: (...args: Body[]) => void): void;
  connect(): void;
  close(): void;
}
type Connect = (url: string, options: object) => Io;

const VERSIONS = { "4": io as unknown as Connect, "2": io2 as Connect } as const;
type Version = keyof typeof VERSIONS;

const EVENTS = [
  "chat",
  "chat-updated",
  "chat-deleted",
  "read-chat",
  "unread-chats-count",
  "user-join",
  "user-leave",
  "user-online",
  "user-offline",
  "auth-failed",
];

/** Someone with an account, who may have several connections. */
class User {
  token = "";
  constructor(
    readonly server: Server,
    readonly name: string,
    readonly app: string | null = null,
  ) {}

  async rest(method: string, path: string, body?: BodyInit | object): Promise<Response> {
    const raw = body instanceof FormData || body instanceof URLSearchParams;
    return fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        ...(this.token === "" ? {} : { authorization: `Bearer ${this.token}` }),
        ...(this.app === null ? {} : { "x-app-id": this.app }),
        ...(raw || body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  }

  async register(): Promise<this> {
    const account = { username: this.name, password: "a password" };
    const made = await this.rest("POST", "/api/auth/register", account);
    const text = await made.text();
    if (made.status !== 201 || text !== '{"message":"Created"}') throw new Error(`register: ${made.status} ${text}`);
    return this.login();
  }

  async login(): Promise<this> {
    const form = new URLSearchParams({ username: this.name, password: "a password" });
    const login = await this.rest("POST", "/api/auth/login", form);
    const text = await login.text();
    if (login.status !== 200) throw new Error(`login: ${login.status} ${text}`);
    this.token = (JSON.parse(text) as { token: string }).token;
    return this;
  }

  async connect(version: Version = "4", more: object = {}): Promise<Talk> {
    const talk = new Talk(this.server, version, this.token, more);
    await talk.until(() => talk.events.includes("connect"), "the connection");
    return talk;
  }
}

const open: Io[] = [];

/** One connection. */
class Talk {
  readonly heard: [event: string, ...args: Body[]][] = [];
  readonly #io: Io;

  constructor(server: Server, version: Version, token: string | undefined, more: object) {
    const options = { path: "/ws", forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100, ...more };
    this.#io =
      version === "4"
        ? VERSIONS[version](`${server.url}/chat`, { auth: token === undefined ? {} : { token }, ...options })
        : VERSIONS[version](`${server.url}/chat`, { query: token === undefined ? {} : { token }, ...options });
    open.push(this.#io);
    for (const event of [...EVENTS, "connect", "disconnect"])
      this.#io.on(event, (...args: Body[]) => this.heard.push([event, ...args]));
  }

  get events(): string[] {
    return this.heard.map(([event]) => event);
  }

  get transport(): string {
    return this.#io.io.engine.transport.name;
  }

  get connected(): boolean {
    return this.#io.connected;
  }

  emit(event: string, ...args: unknown[]): void {
    this.#io.emit(event, ...args);
  }

  ask(event: string, payload: unknown = {}): Promise<Body> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${event} was not acknowledged`)), PATIENCE_MS);
      this.#io.emit(event, payload, (...answer: Body[]) => {
        clearTimeout(late);
        if (answer.length === 1) resolve(answer[0]);
        else reject(new Error(`${event} was acknowledged with ${answer.length} arguments`));
      });
    });
  }

  all(event: string): Body[] {
    return this.heard.flatMap(([name, body]) => (name === event ? [body] : []));
  }

  async event(event: string, fits: (body: Body) => boolean = () => true): Promise<Body> {
    const find = (): Body => this.all(event).find(fits);
    await this.until(() => find() !== undefined, event);
    return find();
  }

  async until(found: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!found()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come; heard ${JSON.stringify(this.heard)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  close(): void {
    this.#io.close();
  }
}

let server: Server;
/** As which the server is known outside. */
const ORIGIN = "https://chat.example.com";
/** The UUID of a second app. */
const APP = "0b5a7f0e-5c0e-4c5a-9d0e-2f1c7f6b8a11";
beforeAll(async () => {
  const second = `INSERT INTO apps (uuid, name, created_at) VALUES ('${APP}', 'second', 0)`;
  const prepare = (state: string): void => inDirectory(state, (directory) => directory.exec(second));
  server = await startServer({ env: { PUBLIC_URL: ORIGIN }, prepare });
});
afterAll(async () => {
  for (const client of open) client.close();
  await server.stop();
});

describe("the examples of the AsyncAPI document", () => {
  it("may be sent as they stand, and what comes back and is told has the shapes of the document", async () => {
    const [channel] = messengerSockets.channels;
    const shapeOf = (name: string) =>
      [...(channel?.events ?? [])].find((one) => one.name === name)?.payload ?? expect.fail(name);
    for (const { name, payload, examples = [] } of [...(channel?.events ?? []), ...(channel?.commands ?? [])])
      for (const example of examples) expect(payload.safeParse(example).error, name).toBeUndefined();

    // The first two accounts of a new server: the message of the example has the id that the others name.
    const ann = await new User(server, "ann").register();
    const bob = await new User(server, "bob").register();
    const [a, b] = [await ann.connect(), await bob.connect()];
    const speaks: Readonly<Record<string, Talk>> = {
      "send-message": a,
      "wait-for-user": a,
      "stop-waiting-for-user": a,
    };
    const order = ["send-message", ...(channel?.commands ?? []).map(({ name }) => name)];
    for (const name of new Set(order)) {
      const { examples = [] } = channel?.commands.find((one) => one.name === name) ?? {};
      expect(examples.length, name).toBeGreaterThan(0);
      for (const example of examples) {
        const talk = speaks[name] ?? b;
        if (name.endsWith("for-user")) talk.emit(name, example);
        else shapeOf(`${name} acknowledged`).parse(await talk.ask(name, example));
      }
    }
    expect(await b.event("chat")).toMatchObject({ chat: { id: 16_777_217, sender: "ann", recipient: "bob" } });
    expect(await a.event("read-chat")).toEqual({ id: 16_777_217, user: "bob" });
    expect(await a.event("user-online")).toEqual({ user: "bob" });
    for (const talk of [a, b])
      for (const [event, ...args] of talk.heard) if (EVENTS.includes(event)) shapeOf(event).parse(args[0]);
    a.close();
    b.close();
  });
});

describe.each(["4", "2"] as const)("socket.io-client %s", (version) => {
  const [annName, bobName] = [`ann-v${version}`, `bob-v${version}`];

  it("polls, goes over to WebSocket, and talks in both", async () => {
    const ann = await new User(server, annName).register();
    const bob = await new User(server, bobName).register();
    const [a, b] = [await ann.connect(version), await bob.connect(version, { transports: ["polling"] })];
    const first = await a.ask("send-message", { user: bobName, message: "at once" });
    await a.until(() => a.transport === "websocket", "the upgrade");
    const second = await a.ask("send-message", { user: bobName, message: "hello 👋🏽, שלום" });
    await b.until(() => b.all("unread-chats-count").length === 2, "both counts");
    expect(b.transport).toBe("polling");
    expect(b.heard.slice(1)).toEqual([
      ["chat", first],
      ["unread-chats-count", { user: annName, unreadChatsCount: 1 }],
      ["chat", second],
      ["unread-chats-count", { user: annName, unreadChatsCount: 2 }],
    ]);
    expect(await b.ask("read-chat", { id: second.chat.id })).toEqual({});
    expect(await a.event("read-chat")).toEqual({ id: second.chat.id, user: bobName });
    expect(await b.ask("fetch-unread-chats-count", { user: annName })).toEqual({ unreadChatsCount: 1 });
    const { chats } = await b.ask("fetch-conversation-with-user", { user: annName });
    expect(chats).toEqual([{ ...second.chat, has_read: true }, first.chat]);
    const { users } = await a.ask("fetch-users");
    expect(users).toContainEqual({ username: bobName, isOnline: true });
    a.close();
    b.close();
  });

  it("hears `auth-failed` without a token, and is disconnected by the server", async () => {
    for (const token of [undefined, "no.such.token"]) {
      const talk = new Talk(server, version, token, {});
      await talk.until(() => talk.events.includes("disconnect"), "the end");
      expect(talk.heard.map(([event]) => event)).toEqual(["connect", "auth-failed", "disconnect"]);
      expect(talk.heard[1]).toEqual(["auth-failed"]);
      expect(talk.all("disconnect")).toEqual(["io server disconnect"]);
    }
  });

  it("waits for somebody, whose end is told at once", async () => {
    const ann = await new User(server, annName).login();
    const bob = await new User(server, bobName).login();
    const a = await ann.connect(version);
    a.emit("wait-for-user", { user: bobName });
    await a.ask("fetch-users");
    const b = await bob.connect(version);
    await a.event("user-online");
    b.close();
    await a.event("user-offline");
    expect(a.heard.slice(1)).toEqual([
      ["user-online", { user: bobName }],
      ["user-offline", { user: bobName }],
    ]);
    a.close();
  });

  it("is disconnected when its token ends, and told that it has no more when it comes again by itself", async () => {
    const ann = await new User(server, annName).login();
    const a = await ann.connect(version);
    await a.until(() => a.transport === "websocket", "the upgrade");
    await ann.rest("POST", "/v1/auth/logout");
    await a.until(() => a.all("disconnect").length === 2, "the end");
    expect(a.events).toEqual(["connect", "disconnect", "connect", "auth-failed", "disconnect"]);
    expect(a.all("disconnect")).toEqual(["transport close", "io server disconnect"]);
  });
});

describe("files", () => {
  it("are uploaded, sent by their addresses, and open for the recipient", async () => {
    const ann = await new User(server, "ann-files").register();
    const bob = await new User(server, "bob-files").register();
    const [a, b] = [await ann.connect(), await bob.connect()];
    const form = new FormData();
    form.append("files", new Blob(["first"], { type: "text/plain" }), "one.txt");
    form.append("files", new Blob([new Uint8Array(300_000)]), "two.bin");
    const uploaded = await ann.rest("POST", "/api/upload/files", form);
    expect(uploaded.status).toBe(200);
    const { message, files } = (await uploaded.json()) as { message: string; files: string[] };
    expect([message, files.length]).toEqual(["Uploaded successfully", 2]);
    const { chat } = await a.ask("send-message", { user: "bob-files", message: "", media: files });
    expect(chat).toMatchObject({ message: "", media: files, mediaIds: files });
    const heard = await b.event("chat");
    const download = (address: string): Promise<Response> => {
      expect(new URL(address).origin).toBe(ORIGIN);
      return fetch(address.replace(ORIGIN, server.url));
    };
    expect(await (await download(heard.chat.media[0])).text()).toBe("first");
    expect((await (await download(heard.chat.media[1])).arrayBuffer()).byteLength).toBe(300_000);
    a.close();
    b.close();
  });
});

describe("uploads that are refused", () => {
  it("are answered, however much of them is still on its way", async () => {
    const ann = await new User(server, "ann-refused").register();
    const stranger = new User(server, "stranger");
    const large = (count: number): FormData => {
      const form = new FormData();
      for (let n = 0; n < count; n++) form.append("files", new Blob([new Uint8Array(6 * 1024 * 1024)]), `${n}.bin`);
      return form;
    };
    const forbidden = await stranger.rest("POST", "/api/upload/files", large(4));
    expect([forbidden.status, await forbidden.json()]).toEqual([403, { error: "Forbidden" }]);
    const tooMany = await ann.rest("POST", "/api/upload/files", large(5));
    expect(tooMany.status).toBe(400);
    expect(await tooMany.json()).toEqual({ errors: [{ msg: expect.any(String), param: "files", location: "body" }] });
    expect((await ann.rest("POST", "/api/upload/files", large(4))).status).toBe(200);
  });
});

describe("two apps side by side", () => {
  it("have nothing to do with each other: no name, no event, no count crosses", async () => {
    const here = await new User(server, "same-name").register();
    const peer = await new User(server, "peer").register();
    const h = await here.connect();
    const p = await peer.connect();

    const there = await new User(server, "same-name", APP).register();
    const twin = await new User(server, "twin", APP).register();
    const [t, w] = [await there.connect(), await twin.connect()];
    expect(await t.ask("fetch-users")).toEqual({ users: [{ username: "twin", isOnline: true }] });
    expect((await h.ask("fetch-users")).users.map(({ username }: Body) => username)).not.toContain("twin");
    for (const user of ["same-name", "twin"]) p.emit("wait-for-user", { user });
    await p.event("user-online");

    await w.ask("send-message", { user: "same-name", message: "within the other app" });
    expect((await t.event("chat")).chat.sender).toBe("twin");
    expect(await h.ask("fetch-conversation-with-user", { user: "twin" })).toEqual({ chats: [] });
    let crossed = false;
    t.emit("send-message", { user: "peer", message: "across" }, () => {
      crossed = true;
    });
    const id = (await w.ask("send-message", { user: "same-name", message: "again" })).chat.id;
    p.emit("read-chat", { id }, () => {
      crossed = true;
    });

    expect((await twin.rest("DELETE", "/api/auth/account")).status).toBe(204);
    await t.event("user-leave", ({ user }) => user === "twin");
    await new User(server, "newcomer", APP).register();
    await t.event("user-join", ({ user }) => user === "newcomer");
    await new User(server, "newcomer-here").register();
    await h.event("user-join", ({ user }) => user === "newcomer-here");
    await p.ask("fetch-users");
    await t.ask("fetch-users");

    expect(crossed).toBe(false);
    expect(h.heard.slice(1)).toEqual([["user-join", { user: "newcomer-here" }]]);
    expect(p.heard.slice(1)).toEqual([
      ["user-online", { user: "same-name" }],
      ["user-join", { user: "newcomer-here" }],
    ]);
    expect(t.all("user-join")).toEqual([{ user: "newcomer" }]);
    for (const talk of [h, p, t, w]) talk.close();
  });
});

describe("a server that is killed in mid-conversation", () => {
  it("has everything that it acknowledged, in order; its clients come again by themselves", async () => {
    const ann = await new User(server, "ann-killed").register();
    const bob = await new User(server, "bob-killed").register();
    const [a, b] = [await ann.connect(), await bob.connect("2")];
    const acknowledged: Body[] = [];
    for (let n = 0; n < 30; n++)
      acknowledged.unshift((await a.ask("send-message", { user: "bob-killed", message: `number ${n}` })).chat);
    await server.kill();
    await server.restart();
    for (const talk of [a, b]) await talk.until(() => talk.all("connect").length === 2, "coming again");
    expect((await b.ask("fetch-conversation-with-user", { user: "ann-killed" })).chats).toEqual(acknowledged);
    expect(await b.ask("fetch-unread-chats-count", { user: "ann-killed" })).toEqual({ unreadChatsCount: 30 });
    const before = b.all("chat").length;
    const { chat } = await a.ask("send-message", { user: "bob-killed", message: "after" });
    await b.event("chat", ({ chat: { message } }) => message === "after");
    expect(b.all("chat").slice(before)).toEqual([{ chat }]);
    expect(await b.event("unread-chats-count", ({ unreadChatsCount }) => unreadChatsCount === 31)).toBeDefined();
    a.close();
    b.close();
  });
});
