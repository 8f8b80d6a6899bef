// One of somebody's connections stops reading, on a Gateway of each dialect: it is closed with 1013, the others hear all, and who
// comes back finds what was missed. On workerd itself: the proxy of the local tools would read in the client's place. It has to be
// one that counts what waits (docs/performance.md).

import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { PATIENCE_MS } from "../support/patience.ts";
import { Client } from "./client.ts";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

/** 40 KB each: some MB lie in the system's buffers before a server learns that they are not read. */
const words = (n: number): string => `#${n} ${"💥".repeat(9_990)}`;
/** More than anybody needs. */
const MOST = 1_000;
const AFTERWARDS = 3;

/** Frames that tell of a new message, in whatever dialect. */
const TELLS = /^\{"event":"message\.created"|^\[|"type":"new_message"|^42(\/chat,)?\["(chat|message|new-message)",/;

/** The numbers of the messages in a frame; texts of `rooms` are base64. */
function numbersIn(frame: string): number[] {
  const encoded = [...frame.matchAll(/"message":"([A-Za-z0-9+/]{64})/g)].map(([, begin = ""]) =>
    Buffer.from(begin, "base64").toString(),
  );
  const found = [frame, ...encoded].flatMap((text) => [...text.matchAll(/(?:^|")#(\d+) /g)].map(([, n]) => Number(n)));
  return [...new Set(found)];
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

let server: Server;
let ann: Client;
let bob: Client;
let chat: number;

/** A connection by the package `ws`, which may stop reading. */
class Reader {
  readonly heard: number[] = [];
  readonly socket: WebSocket;
  closed: string | undefined;
  #waiting: ((frame: string) => void) | undefined;

  constructor({ path, protocols = [] }: Way) {
    this.socket = new WebSocket(`${server.wsUrl}${path()}`, protocols.length === 0 ? [] : [...protocols, bearer()]);
    this.socket.on("message", (data: Buffer) => {
      const frame = data.toString();
      if (frame === "2") this.socket.send("3");
      else if (TELLS.test(frame)) this.heard.push(...numbersIn(frame));
      else this.#waiting?.(frame);
    });
    this.socket.on("close", (code, reason) => (this.closed = `${code} ${reason.toString()}`));
    this.socket.on("error", () => {});
  }

  /** Says it, once it can; the first frame that fits. */
  async ask(say: string | null, fits: RegExp): Promise<string> {
    const answered = new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${say}`)), PATIENCE_MS);
      this.#waiting = (frame) => {
        if (!fits.test(frame)) return;
        clearTimeout(late);
        resolve(frame);
      };
    });
    if (this.socket.readyState === WebSocket.CONNECTING)
      await new Promise((opened, failed) => this.socket.once("open", opened).once("error", failed));
    if (say !== null) this.socket.send(say);
    return answered;
  }
}

interface Way {
  readonly path: () => string;
  readonly protocols?: readonly string[];
  /** What the client says, and what is answered where it is taken. */
  readonly enter: () => readonly (readonly [say: string | null, answer: RegExp])[];
  /** What a client finds by its dialect's own means, who has come again. */
  readonly found: (reader: Reader) => Promise<number[]>;
}

const bearer = (): string => `bearer.${bob.token}`;
const io = (path: string, more = ""): string => `${path}?EIO=4&transport=websocket${more}`;
const event = (...args: unknown[]): string => JSON.stringify(args);
const bodyOf = (frame: string): Body => JSON.parse(frame.slice(frame.indexOf("[")));

const conversation = (before?: number): string =>
  `42/chat,7${event("fetch-conversation-with-user", { user: "ann", limit: 50, before })}`;

const WAYS: Readonly<Record<string, Way>> = {
  native: {
    path: () => "/v1/socket",
    protocols: ["parlance.v1"],
    enter: () => [['{"id":1,"do":"changes"}', /"re":1/]],
    async found(reader) {
      const found: number[] = [];
      for (let since = 0; ;) {
        const asked = JSON.stringify({ id: since, do: "changes", chat_id: chat, since });
        const { rev, messages }: Body = JSON.parse(await reader.ask(asked, /^\{"re"/));
        for (const { text } of messages) found.push(...numbersIn(`"${text}`));
        if (messages.length === 0) return found;
        since = rev;
      }
    },
  },
  methods: {
    path: () => "/ws/chat/",
    enter: () => [[JSON.stringify({ method: "auth", access_token: bob.token }), /"authenticated"/]],
    // The dialect has no history: its clients ask over REST.
    async found() {
      const found: number[] = [];
      for (let after: number | null = 0; after !== null;) {
        const page: Body = await bob.json("GET", `/v1/chats/${chat}/messages?after=${after}&limit=50`);
        for (const { text } of page.items) found.push(...numbersIn(`"${text}`));
        after = page.next;
      }
      return found;
    },
  },
  messenger: {
    path: () => io("/ws/"),
    enter: () => [
      [null, /^0/],
      [`40/chat,${JSON.stringify({ token: bob.token })}`, /^40\/chat,/],
    ],
    async found(reader) {
      const found: number[] = [];
      for (let before: number | undefined; ;) {
        const [{ chats }] = bodyOf(await reader.ask(conversation(before), /^43\/chat,7/));
        if (chats.length === 0) return found.toReversed();
        for (const { message } of chats) found.push(...numbersIn(`"${message}`));
        before = chats.at(-1).id;
      }
    },
  },
  rooms: {
    path: () => io("/socket.io/", `&token=${bob.token}`),
    enter: () => [
      [null, /^0/],
      ["40", /^40/],
      [`42${event("join", `chat-${chat}`)}`, /^42\["room_info"/],
    ],
    async found(reader) {
      const found: number[] = [];
      for (let page = 1; ; page++) {
        const frame = await reader.ask(`42${event("load_more", { page, limit: 20 })}`, /^42\["load_more"/);
        const numbers = numbersIn(frame);
        if (numbers.length === 0) return found.toReversed();
        found.push(...numbers);
      }
    },
  },
  events: {
    path: () => io("/socket.io/"),
    enter: () => [
      [null, /^0/],
      ["40", /^40/],
      [`421${event("list-chats", { user: { id: bob.id } })}`, /^431/],
    ],
    async found(reader) {
      const found = new Set<number>();
      for (let to: string | undefined; ;) {
        const asked = event("list-messages", { chat: { id: chat }, query: { to } });
        const [{ messages }] = bodyOf(await reader.ask(`422${asked}`, /^432/));
        const before = found.size;
        for (const { message } of messages) for (const n of numbersIn(`"${message}`)) found.add(n);
        if (found.size === before) return [...found].toSorted((a, b) => a - b);
        to = messages[0].created_at;
      }
    },
  },
};

async function entered(way: Way): Promise<Reader> {
  const reader = new Reader(way);
  for (const [say, answer] of way.enter()) await reader.ask(say, answer);
  return reader;
}

/** What the log says of connections that were closed for being slow. */
const closedSlow = (): Body[] =>
  server
    .output()
    .split("\n")
    .filter((line) => line.includes('"event":"closed.slow"'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))));

/** How many of them a dialect has had; `events` acts for its app, and so for nobody in particular. */
const countOf = (dialect: string): number =>
  closedSlow().filter(
    ({ gateway, user }) => gateway.startsWith(`${dialect}/`) && user === (dialect === "events" ? undefined : bob.id),
  ).length;

const reading = new Map<string, Reader>();
const stuck = new Map<string, Reader>();
let last = 0;
/** A client of `rooms` that polls; at some time it does not any more. */
class Poller {
  readonly #address = `/socket.io/?EIO=4&transport=polling&token=${bob.token}`;
  #sid = "";

  /** Joins, and has heard that it has. */
  static async enter(): Promise<Poller> {
    const poller = new Poller();
    const opened = await (await poller.ask()).text();
    poller.#sid = `&sid=${String(JSON.parse(opened.slice(1)).sid)}`;
    await poller.say("40", /40\{/);
    await poller.say(`42${event("join", `chat-${chat}`)}`, /"room_info"/);
    return poller;
  }

  ask(body?: string): Promise<Response> {
    return fetch(`${server.url}${this.#address}${this.#sid}`, body === undefined ? {} : { method: "POST", body });
  }

  /** The poll that brings an answer. */
  async say(packet: string, fits: RegExp): Promise<string> {
    for (let answer = await this.ask(packet); answer.ok; answer = await this.ask()) {
      const text = await answer.text();
      if (fits.test(text)) return text;
    }
    throw new Error(`${packet} was not answered`);
  }
}

let poller: Poller;

const say = (): Promise<Body> => ann.json("POST", `/v1/chats/${chat}/messages`, { text: words(++last) });

beforeAll(async () => {
  const launcher = join(import.meta.dirname, "../support/workerd.ts");
  // How fast one client may talk is for others to test.
  server = await startServer({ launcher, env: { FRAMES_PER_SECOND: "100000", FRAME_BURST: "100000" } });
  [ann, bob] = [new Client(server, "ann"), new Client(server, "bob")];
  await ann.enter("register");
  await bob.enter("register");
  chat = (await ann.json("POST", "/v1/chats", { members: [bob.id] })).id;
  for (const [name, way] of Object.entries(WAYS)) {
    reading.set(name, await entered(way));
    stuck.set(name, await entered(way));
  }
  poller = await Poller.enter();
  for (const reader of stuck.values()) reader.socket.pause();
  for (let said = 0; said < MOST && closedSlow().length <= stuck.size; said++) await say();
  for (let more = 0; more < AFTERWARDS; more++) await say();
});

describe.each(Object.keys(WAYS))("of the connections of %s", (name) => {
  const of = (readers: ReadonlyMap<string, Reader>): Reader => readers.get(name) as Reader;

  it("those who read hear everything, once and in order", async () => {
    await expect.poll(() => of(reading).heard.at(-1)).toBe(last);
    expect(of(reading).heard).toEqual(upTo(last));
    expect(of(reading).closed).toBeUndefined();
  });

  it("one who does not read is closed with 1013, having heard a part without a gap", async () => {
    of(stuck).socket.resume();
    await expect.poll(() => of(stuck).closed).toBe("1013 too slow");
    expect(of(stuck).heard).toEqual(upTo(of(stuck).heard.length));
    expect(of(stuck).heard.length).toBeLessThan(last);
  });

  it("that one is told of in the log, with its user", () => {
    expect(countOf(name)).toBe(name === "rooms" ? 2 : 1);
  });

  it("who comes back finds everything, and hears what comes", async () => {
    const again = await entered(WAYS[name] as Way);
    expect(await (WAYS[name] as Way).found(again)).toEqual(upTo(last));
    await say();
    await expect.poll(() => again.heard).toEqual([last]);
    again.socket.terminate();
  });
});

it("a client that ceases to poll is ended before too much waits for it, told of in the log, and can come again", async () => {
  const answer = await poller.ask();
  expect([answer.status, await answer.json()]).toMatchObject([400, { message: "Session ID unknown" }]);
  expect(countOf("rooms")).toBe(2);
  const again = await Poller.enter();
  const heard = await again.say(`42${event("load_more", { page: 1, limit: 1 })}`, /"load_more"/);
  expect(numbersIn(heard)).toEqual([last]);
});

it("a client that asks and asks, and does not read the answers, is told of in the log as well", async () => {
  const before = closedSlow().length;
  const asking = await entered(WAYS["messenger"] as Way);
  asking.socket.pause();
  for (let asked = 0; asked < MOST && closedSlow().length === before; asked++) {
    asking.socket.send(conversation());
    // What was asked is worked on meanwhile.
    await bob.json("GET", `/v1/chats/${chat}/messages?limit=50`);
  }
  expect(closedSlow().at(-1)).toMatchObject({ gateway: expect.stringMatching(/^messenger\//), user: bob.id });
  asking.socket.resume();
  await expect.poll(() => asking.closed).toBe("1013 too slow");
});
