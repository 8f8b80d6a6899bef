// What `messenger` shows of other dialects and they of it; evictions, polls, floods, and files that are sent again.

import { evictAllDurableObjects } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { FLOOD, LIMITS } from "../../src/core/limits.ts";
import { inboxStub } from "../../src/objects/rpc.ts";
import { app } from "../support/apps.ts";
import { file, PNG, upload } from "../support/files.ts";
import { MessengerClient } from "../support/messenger.ts";
import { MethodsClient } from "../support/methods.ts";
import { whileTimeStands } from "../support/patience.ts";
import type { Body } from "../support/people.ts";
import { call, people, person, Person } from "../support/people.ts";

const clients: MessengerClient[] = [];
async function client(one: Person): Promise<MessengerClient> {
  const made = await MessengerClient.of(one);
  clients.push(made);
  return made;
}

afterEach(() => {
  vi.useRealTimers();
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

async function pair() {
  const [ann, bob] = await people("ann", "bob");
  return { ann, bob, a: await client(ann), b: await client(bob), chat: (await ann.direct(bob)).id as number };
}

const conversation = async (one: MessengerClient, user: string, more: object = {}): Promise<Body[]> =>
  (await one.ask("fetch-conversation-with-user", { user, ...more })).chats;
const unread = async (one: MessengerClient, user: string): Promise<number> =>
  (await one.ask("fetch-unread-chats-count", { user })).unreadChatsCount;

/** Everything that has to come has come: what `from` says last is heard last. */
async function settled(one: MessengerClient, from: Person, chat: number): Promise<void> {
  const { id } = await from.say(chat, "last");
  await one.event("unread-chats-count", () => one.all("chat").some((body) => body.chat.id === id));
}

describe("a message of another dialect in the direct chat of two people", () => {
  it("is heard as `chat`, with the count by whom it is for, by all their sockets", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const b2 = await client(bob);
    const { id } = await ann.say(chat, "by native");
    for (const one of [b, b2]) {
      await one.event("unread-chats-count");
      expect(one.heard.map(({ event }) => event)).toEqual(["chat", "unread-chats-count"]);
      expect(one.all("chat")[0].chat).toMatchObject({
        id,
        sender: ann.username,
        recipient: bob.username,
        message: "by native",
        has_read: false,
      });
    }
    expect((await a.event("chat")).chat.sender).toBe(ann.username);
    expect(a.all("unread-chats-count")).toEqual([]);
    expect(await conversation(b, ann.username)).toEqual([b.all("chat")[0].chat]);
  });

  it("has its files as addresses, and what has no field of its own as `type` and `data`", async () => {
    const { ann, b, chat } = await pair();
    const picture = (await upload(ann, PNG, "cat.png", "image/png")).body;
    await ann.say(chat, "look", { attachments: [picture.id] });
    const { media } = (await b.event("chat")).chat;
    expect(media).toHaveLength(1);
    const opened = await exports.default.fetch(new Request(media[0]));
    expect(opened.headers.get("content-type")).toBe("image/png");
    const data = { latitude: 52.5, longitude: 13.4 };
    await ann.post(`/v1/chats/${chat}/messages`, { type: "location", data });
    const location = await b.event("chat", (body) => body.chat.type !== undefined);
    expect(location.chat).toMatchObject({ message: "", media: [], type: "location", data });
    expect((await conversation(b, ann.username))[0]).toEqual(location.chat);
  });

  it("that is edited is told by another name, and read as it is now", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const { id } = await ann.say(chat, "first");
    await b.ask("read-chat", { id });
    await ann.patch(`/v1/chats/${chat}/messages/${id}`, { text: "second" });
    for (const one of [a, b]) {
      const edited = (await one.event("chat-updated")).chat;
      expect(edited).toMatchObject({ id, message: "second", has_read: true, sender: ann.username });
      expect(edited.updated_at >= edited.created_at).toBe(true);
      expect(await conversation(one, one === a ? bob.username : ann.username)).toEqual([edited]);
      expect(one.all("chat")).toHaveLength(1);
    }
  });

  it("that is deleted is told by another name, counts no longer and is left out of the conversation and its pages", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const ids: number[] = [];
    for (const text of ["one", "two", "three"]) ids.push((await ann.say(chat, text)).id);
    await b.until(() => b.all("unread-chats-count").length === 3, "the counts");
    await ann.delete(`/v1/chats/${chat}/messages/${ids[1]}`);
    expect(await b.event("chat-deleted")).toEqual({ id: ids[1], user: ann.username });
    expect(await a.event("chat-deleted")).toEqual({ id: ids[1], user: bob.username });
    await b.until(() => b.all("unread-chats-count").length === 4, "the count");
    expect(b.all("unread-chats-count")[3]).toEqual({ user: ann.username, unreadChatsCount: 2 });
    expect((await conversation(b, ann.username)).map(({ id }) => id)).toEqual([ids[2], ids[0]]);
    expect((await conversation(b, ann.username, { limit: 1, before: ids[2] })).map(({ id }) => id)).toEqual([ids[0]]);
    expect((await conversation(b, ann.username, { after: ids[1] })).map(({ id }) => id)).toEqual([ids[2]]);
    // A client that still shows it may read it.
    expect(await b.ask("read-chat", { id: ids[1] })).toEqual({});
    expect(await unread(b, ann.username)).toBe(2);
  });

  it("that is read there gives a receipt for each message, and the reader's sockets the count", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const ids: number[] = [];
    for (const message of ["one", "two", "three", "four"])
      ids.push((await a.ask("send-message", { user: bob.username, message })).chat.id);
    await b.ask("read-chat", { id: ids[2] });
    await a.event("read-chat");
    await bob.post(`/v1/chats/${chat}/read`, { up_to: ids[2] });
    await a.until(() => a.all("read-chat").length === 3, "the receipts");
    expect(a.all("read-chat")).toEqual([ids[2], ids[0], ids[1]].map((id) => ({ id, user: bob.username })));
    await b.event("unread-chats-count", ({ unreadChatsCount }) => unreadChatsCount === 1);
    const methods = await MethodsClient.of(bob);
    await methods.call("read_messages", { chat });
    await b.event("unread-chats-count", ({ unreadChatsCount }) => unreadChatsCount === 0);
    expect(b.all("unread-chats-count").slice(4)).toEqual(
      [3, 1, 0].map((unreadChatsCount) => ({ user: ann.username, unreadChatsCount })),
    );
    expect((await conversation(a, bob.username)).every(({ has_read }) => has_read)).toBe(true);
  });
});

describe("a direct chat that is erased in another dialect", () => {
  it("counts nothing more, is empty for both, and the next message begins anew", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const { id } = (await a.ask("send-message", { user: bob.username, message: "to be erased" })).chat;
    await b.event("unread-chats-count");
    await bob.delete(`/v1/chats/${chat}`);
    expect(await b.event("unread-chats-count", ({ unreadChatsCount }) => unreadChatsCount === 0)).toEqual({
      user: ann.username,
      unreadChatsCount: 0,
    });
    expect(await conversation(a, bob.username)).toEqual([]);
    expect(await b.isAcknowledged("read-chat", { id })).toBe(false);
    const next = (await b.ask("send-message", { user: ann.username, message: "anew" })).chat;
    expect(await conversation(a, bob.username)).toEqual([next]);
  });
});

describe("groups", () => {
  it("do not exist: nothing that happens in one is heard, counted, shown or read", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const group = await ann.group("The group", bob);
    const { id } = await ann.say(group.id, "in the group");
    await ann.patch(`/v1/chats/${group.id}/messages/${id}`, { text: "edited" });
    await ann.patch(`/v1/chats/${group.id}`, { title: "Renamed" });
    expect(await b.isAcknowledged("read-chat", { id })).toBe(false);
    await bob.post(`/v1/chats/${group.id}/read`, {});
    await ann.delete(`/v1/chats/${group.id}/messages/${id}`);
    await ann.delete(`/v1/chats/${group.id}`);
    await settled(b, ann, chat);
    expect(b.heard.map(({ event }) => event)).toEqual(["chat", "unread-chats-count"]);
    expect(a.heard.map(({ event }) => event)).toEqual(["chat"]);
    expect(await unread(b, ann.username)).toBe(1);
    expect(await conversation(b, ann.username)).toHaveLength(1);
  });
});

describe("news of accounts and presence", () => {
  it("stay in their app", async () => {
    const [here, other] = [await person("here"), await app("other")];
    const there = await person("there", other.id);
    const [h, t] = [await client(here), await client(there)];
    t.emit("wait-for-user", { user: here.username });
    const account = { username: `new-${crypto.randomUUID()}`, password: "a password" };
    await here.call("POST", "/api/auth/register", account);
    expect(await h.event("user-join")).toEqual({ user: account.username });
    const twin = { ...account, password: "another one" };
    await here.call("POST", "/api/auth/register", twin, { "x-app-id": other.uuid });
    expect(await t.event("user-join")).toEqual({ user: account.username });
    expect(h.heard).toHaveLength(1);
    expect(t.heard).toHaveLength(1);
    expect(await t.ask("fetch-users", {})).toEqual({ users: [{ username: account.username, isOnline: false }] });
  });
});

describe("an eviction between any two events", () => {
  it("is noticed by nobody", async () => {
    const { ann, bob, a, b } = await pair();
    const eve = await person("eve");
    const asked: Body[] = [];
    const steps: (() => Promise<Body>)[] = [
      () => b.isAcknowledged("wait-for-user", { user: eve.username }),
      () => a.ask("send-message", { user: bob.username, message: "one" }),
      () => b.event("unread-chats-count"),
      () => a.ask("send-message", { user: bob.username, message: "two" }),
      () => b.event("unread-chats-count", ({ unreadChatsCount }) => unreadChatsCount === 2),
      () => b.ask("read-chat", { id: asked[1].chat.id }),
      () => a.event("read-chat"),
      () => client(eve),
      () => b.event("user-online", ({ user }) => user === eve.username),
      () => conversation(b, ann.username),
      () => eve.delete("/api/auth/account"),
      () => b.event("user-leave", ({ user }) => user === eve.username),
      () => b.event("user-offline", ({ user }) => user === eve.username),
      () => b.ask("send-message", { user: ann.username, message: "three" }),
      () => a.event("unread-chats-count"),
    ];
    for (const step of steps) {
      await evictAllDurableObjects();
      asked.push(await step());
    }
    expect(a.heard.map(({ event }) => event)).toEqual(["read-chat", "user-leave", "chat", "unread-chats-count"]);
    expect(b.heard.map(({ event }) => event)).toEqual([
      "chat",
      "unread-chats-count",
      "chat",
      "unread-chats-count",
      "unread-chats-count",
      "user-online",
      expect.stringMatching(/^user-(leave|offline)$/),
      expect.stringMatching(/^user-(leave|offline)$/),
    ]);
    expect((await conversation(a, bob.username)).map(({ message }) => message)).toEqual(["three", "two", "one"]);
  });
});

describe("a client that polls", () => {
  const fetchPoll = (query: string, body?: string): Promise<Response> =>
    exports.default.fetch(
      new Request(`http://parlance.test/ws/?EIO=4&transport=polling${query}`, body ? { method: "POST", body } : {}),
    );

  it("hears and says the same as over a WebSocket", async () => {
    const { ann, bob, b } = await pair();
    const { sid } = JSON.parse((await (await fetchPoll("")).text()).slice(1)) as { sid: string };
    await fetchPoll(`&sid=${sid}`, `40/chat,${JSON.stringify({ token: ann.token })}`);
    await fetchPoll(`&sid=${sid}`, `42/chat,1["send-message",{"user":"${bob.username}","message":"by poll"}]`);
    const { chat } = await b.event("chat");
    b.emit("read-chat", { id: chat.id });
    let heard = "";
    while (!heard.includes('"read-chat"')) heard += `${await (await fetchPoll(`&sid=${sid}`)).text()}\u001e`;
    const packets = heard.split("\u001e").filter((packet) => packet.startsWith("4"));
    expect(packets).toEqual([
      expect.stringMatching(/^40\/chat,\{"sid":"[^"]+"\}$/),
      `43/chat,1${JSON.stringify([{ chat }])}`,
      `42/chat,${JSON.stringify(["read-chat", { id: chat.id, user: bob.username }])}`,
    ]);
    expect(chat.sender).toBe(ann.username);
  });
});

describe("too many events", () => {
  it("are dropped in silence; who goes on is disconnected, and nobody else notices", async () => {
    const { ann, a, b } = await pair();
    const sent: number[] = [];
    const ask = (): void => {
      sent.push(a.emit("fetch-unread-chats-count", { user: "" }));
    };
    await whileTimeStands(async () => {
      for (let n = 0; n < FLOOD.burst + FLOOD.patience / 2; n++) ask();
      await b.ask("send-message", { user: ann.username, message: "are you there?" });
      await a.event("chat");
    });
    // Once the bucket has a drop again, there is an answer again.
    const isAnswered = (): boolean => {
      if (a.isAnswered(sent.at(-1) ?? 0)) return true;
      ask();
      return false;
    };
    await expect.poll(isAnswered, { interval: 100, timeout: 20_000 }).toBe(true);
    const answered = sent.filter((id) => a.isAnswered(id)).length;
    expect(answered).toBeGreaterThan(FLOOD.burst - 10);
    expect(answered).toBeLessThan(sent.length - FLOOD.patience / 4);
    for (let n = 0; n < 4 * FLOOD.patience; n++) ask();
    await a.until(() => a.isClosed, "the end");
    expect(await unread(b, ann.username)).toBe(0);
  });
});

describe("media", () => {
  async function uploaded(who: Person, ...names: string[]): Promise<string[]> {
    const form = new FormData();
    for (const name of names) form.append("files", new File([`contents of ${name}`], name));
    return (await who.call("POST", "/api/upload/files", form)).body.files;
  }
  const contents = async (address: string): Promise<string> =>
    (await exports.default.fetch(new Request(address))).text();

  it("may be named by the address of an upload, absolute or relative, also when its signature is long gone", async () => {
    const { ann, bob, a, b } = await pair();
    const files = await uploaded(ann, "a", "b", "c");
    const bare = files.map((address) => new URL(address).pathname);
    const media = [files[0], bare[1], `http://parlance.test${bare[2]}?expires=1&signature=x`];
    const { chat } = await a.ask("send-message", { user: bob.username, message: "", media });
    expect(chat.media).toEqual(files);
    expect(chat.mediaIds).toEqual(files);
    const heard = (await b.event("chat")).chat.media as string[];
    expect(await Promise.all(heard.map(contents))).toEqual(["contents of a", "contents of b", "contents of c"]);
  });

  it("has an address that opens whenever the chat is fetched, weeks later too", async () => {
    const ann = await person("ann");
    const account = { username: `bob-${crypto.randomUUID()}`, password: "a password" };
    await call("POST", "/api/auth/register", account);
    const files = await uploaded(ann, "a");
    await (await client(ann)).ask("send-message", { user: account.username, message: "look", media: files });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20 * 24 * 60 * 60 * 1_000 });
    const [old = ""] = files;
    expect((await exports.default.fetch(new Request(old))).status).toBe(401);
    const b = await MessengerClient.join({ token: (await call("POST", "/api/auth/login", account)).body.token });
    const [chat] = await conversation(b, ann.username);
    expect(new URL(chat.media[0]).pathname).toBe(new URL(old).pathname);
    expect(await contents(chat.media[0])).toBe("contents of a");
  });

  it("is refused where it is somebody else's, elsewhere, named twice or too many, and no chat is made", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, foreign] = [await client(ann), await uploaded(bob, "of bob")];
    const own = await uploaded(ann, "own");
    const path = new URL(own[0] ?? "").pathname;
    for (const media of [
      foreign,
      [...own, ...foreign],
      [...own, ...own],
      [`https://elsewhere.test${path}`],
      [`//elsewhere.test${path}`],
      [`${path}/more`],
      [path.replace("/v1/", "/v2/")],
      [path.slice(0, -1)],
      ["javascript:alert(1)"],
      ["http://"],
      [""],
      Array.from({ length: LIMITS.attachments + 1 }, () => own[0]),
    ])
      expect(await a.isAcknowledged("send-message", { user: bob.username, message: "hello", media })).toBe(false);
    expect((await ann.get("/v1/chats")).body.items).toEqual([]);
    expect((await a.ask("send-message", { user: bob.username, message: "hello", media: own })).chat.media).toEqual(own);
  });

  it("may be sent again, at once or later, and each message keeps its own when the other is deleted", async () => {
    const { ann, bob, a, b, chat } = await pair();
    const media = await uploaded(ann, "a", "b");
    const sends = [1, 2, 3].map((n) => a.ask("send-message", { user: bob.username, message: `send ${n}`, media }));
    const chats = (await Promise.all(sends)).map((answer) => answer.chat);
    const later = (await a.ask("send-message", { user: bob.username, message: "later", media: media.slice(1) })).chat;
    const addresses = [...chats, later].flatMap((one) => one.media as string[]);
    expect(new Set(addresses).size).toBe(7);
    await ann.delete(`/v1/chats/${chat}/messages/${chats[0].id}`);
    await b.event("chat-deleted");
    await expect.poll(async () => (await exports.default.fetch(new Request(addresses[0] ?? ""))).status).toBe(404);
    expect(await Promise.all(addresses.slice(2).map(contents))).toEqual(
      ["a", "b", "a", "b", "b"].map((name) => `contents of ${name}`),
    );
    const names = (await bob.get(`/v1/chats/${chat}/messages`)).body.items.flatMap((one: Body) =>
      one.attachments.map(({ name }: Body) => name),
    );
    expect(names).toEqual(["b", "a", "b", "a", "b"]);
  });

  it("of another dialect's upload may be sent too", async () => {
    const { ann, bob, a } = await pair();
    const { url } = await file(ann, "by native.txt");
    const { chat } = await a.ask("send-message", { user: bob.username, message: "", media: [url] });
    expect(await contents(chat.media[0])).toBe("contents of by native.txt");
  });
});

describe("a connection whose token has expired", () => {
  it("says nothing more: it is ended with the first event that comes after", async () => {
    const [ann, bob] = await people("ann", "bob");
    const session = {
      appId: appId(1),
      userId: ann.id,
      tokenId: crypto.randomUUID(),
      expiresAt: (Math.ceil(Date.now() / 1_000) + 10) * 1_000,
    };
    await storesOf(env).directory.tokens.add(session);
    const token = await createTokenSigner(env.TOKEN_SECRET ?? "").sign(session);
    const a = await client(new Person(ann.id, ann.username, token));
    // Before a ping is missed, and before the alarm that looks after tokens.
    vi.useFakeTimers({ toFake: ["Date"], now: session.expiresAt });
    const frames = a.frames.length;
    a.emit("send-message", { user: bob.username, message: "too late" });
    await a.until(() => a.isClosed, "the end");
    expect(a.frames.slice(frames)).toEqual([]);
    vi.useRealTimers();
    expect((await ann.get("/v1/chats")).body.items).toEqual([]);
  });
});

describe("somebody who comes and goes faster than it can be told", () => {
  it("is told of only when it is news to the one who waits, and as it is in the end", async () => {
    const [ann, bob] = await people("ann", "bob");
    const b = await client(bob);
    b.emit("wait-for-user", { user: ann.username });
    await b.ask("fetch-users", {});
    const inbox = inboxStub(env, ann.id);
    const connection = { id: "native/local/0#flicker", tokenId: null, expiresAt: Date.now() + 60_000, graceMs: 0 };
    await Promise.all(
      Array.from({ length: 15 }, async (_, n) => {
        if (n % 2 === 1) await inbox.removeConnections([connection.id]);
        else await inbox.addConnection({ appId: appId(1), userId: ann.id }, ann.username, connection);
      }),
    );
    await b.event("user-online");
    await inbox.removeConnections([connection.id]);
    await b.until(() => b.heard.at(-1)?.event === "user-offline", "the end");
    await settled(b, ann, (await ann.direct(bob)).id);
    const told = b.heard.map(({ event }) => event).filter((event) => event.startsWith("user-o"));
    expect(told.filter((event, at) => event === told[at - 1])).toEqual([]);
    expect(told[0]).toBe("user-online");
    expect(told.at(-1)).toBe("user-offline");
  });
});
