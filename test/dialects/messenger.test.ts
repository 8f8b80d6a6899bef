// The dialect `messenger` over its own wire: every event of its document, who hears what, and what is not acknowledged.

import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/limits.ts";
import { MessengerClient } from "../support/messenger.ts";
import type { Body } from "../support/people.ts";
import { people, person } from "../support/people.ts";

async function pair() {
  const [ann, bob] = await people("ann", "bob");
  return { ann, bob, a: await MessengerClient.of(ann), b: await MessengerClient.of(bob) };
}

const FIELDS = [
  "id",
  "sender",
  "recipient",
  "message",
  "has_read",
  "media",
  "senderUsername",
  "recipientUsername",
  "mediaIds",
  "created_at",
  "updated_at",
];

describe("a connection", () => {
  it("whose token is missing, of another type or no token succeeds, hears `auth-failed` and is thrown out", async () => {
    for (const auth of [undefined, {}, { token: 17 }, { token: "no.such.token" }, { token: null }]) {
      const client = await MessengerClient.join(auth);
      await client.until(() => !client.joined.has("/chat"), "the end");
      expect(client.frames.slice(1)).toEqual([
        expect.stringMatching(/^40\/chat,\{"sid":"[^"]+"\}$/),
        '42/chat,["auth-failed"]',
        "41/chat,",
      ]);
      // What it still says is not answered; with a token that stands it may come again.
      client.send('42/chat,1["fetch-users",{}]');
      client.send(`40/chat,${JSON.stringify({ token: (await person("late")).token })}`);
      await client.ask("fetch-users", {});
      expect(client.frames.filter((frame) => frame.startsWith("43"))).toHaveLength(1);
    }
  });

  it("whose token has been ended fails too, and one that stands is ended with its token", async () => {
    const ann = await person("ann");
    const a = await MessengerClient.of(ann);
    await ann.post("/v1/auth/logout");
    await a.until(() => a.isClosed, "the end");
    const late = await MessengerClient.join({ token: ann.token });
    await late.until(() => !late.joined.has("/chat"), "the end");
    expect(late.heard).toEqual([{ event: "auth-failed", args: [] }]);
  });

  it("may be opened at /ws as well as at /ws/, and /ws/chat/ is still of another dialect", async () => {
    const ann = await person("ann");
    const plain = await MessengerClient.join({ token: ann.token }, "/ws");
    expect((await plain.ask("fetch-users", {})).users).toBeInstanceOf(Array);
    await expect(MessengerClient.open("/ws/chat/")).resolves.toBeDefined();
    const methods = await MessengerClient.open("/ws/chat/");
    methods.send(JSON.stringify({ method: "auth", access_token: ann.token }));
    await methods.until(() => methods.frames.some((frame) => frame.includes('"authenticated"')), "authenticated");
  });

  it("to the root namespace is accepted, and nothing happens there", async () => {
    const ann = await person("ann");
    const a = await MessengerClient.join({ token: ann.token });
    a.send("40");
    await a.until(() => a.joined.has("/"), "the root");
    a.send('427["fetch-users",{}]');
    await a.ask("fetch-users", {});
    expect(a.frames.filter((frame) => frame.startsWith("437") || frame.startsWith("42["))).toEqual([]);
  });

  it("that leaves the namespace ends, and its user is offline", async () => {
    const { ann, a, b } = await pair();
    b.emit("wait-for-user", { user: ann.username });
    await b.event("user-online");
    a.send("41/chat,");
    await b.event("user-offline", ({ user }) => user === ann.username);
    await a.until(() => a.isClosed, "the end");
  });
});

describe("a user", () => {
  it("is online once the connection has succeeded: what is sent to them from then on is heard", async () => {
    const { bob, b } = await pair();
    for (let n = 0; n < 5; n++) {
      const eve = await person("eve");
      const e = await MessengerClient.join({ token: eve.token });
      await b.ask("send-message", { user: eve.username, message: "welcome" });
      expect((await e.event("chat")).chat.sender).toBe(bob.username);
      e.close();
    }
  });
});

describe("send-message", () => {
  it("is acknowledged, and heard by the recipient with the count and by the sender's other sockets", async () => {
    const { ann, bob, a, b } = await pair();
    const a2 = await MessengerClient.of(ann);
    const { chat } = await a.ask("send-message", { user: bob.username, message: "hello 👋🏽 שלום  \n" });
    expect(Object.keys(chat)).toEqual(FIELDS);
    expect(chat).toMatchObject({
      sender: ann.username,
      recipient: bob.username,
      senderUsername: ann.username,
      recipientUsername: bob.username,
      message: "hello 👋🏽 שלום",
      has_read: false,
      media: [],
      mediaIds: [],
    });
    await b.event("unread-chats-count");
    expect(b.heard).toEqual([
      { event: "chat", args: [{ chat }] },
      { event: "unread-chats-count", args: [{ user: ann.username, unreadChatsCount: 1 }] },
    ]);
    expect((await a2.event("chat")).chat).toEqual(chat);
    expect(a2.heard).toHaveLength(1);
    expect(a.heard).toEqual([]);
    for (const client of [a, a2, b]) expect(client.flaws()).toEqual([]);
  });

  it("finds the recipient without regard to case, and keeps their own spelling", async () => {
    const { bob, a } = await pair();
    const { chat } = await a.ask("send-message", { user: bob.username.toUpperCase(), message: "hello" });
    expect(chat.recipient).toBe(bob.username);
  });

  it("to oneself is allowed: one's other sockets hear it, and nothing is unread", async () => {
    const { ann, a } = await pair();
    const a2 = await MessengerClient.of(ann);
    const { chat } = await a.ask("send-message", { user: ann.username, message: "milk" });
    expect(chat).toMatchObject({ sender: ann.username, recipient: ann.username, has_read: true });
    await a2.event("unread-chats-count");
    expect(a2.heard).toEqual([
      { event: "chat", args: [{ chat }] },
      { event: "unread-chats-count", args: [{ user: ann.username, unreadChatsCount: 0 }] },
    ]);
    expect(a.heard).toEqual([]);
    expect(await a.ask("fetch-conversation-with-user", { user: ann.username })).toEqual({ chats: [chat] });
    expect(await a.ask("fetch-unread-chats-count", { user: ann.username })).toEqual({ unreadChatsCount: 0 });
    expect(await a.ask("read-chat", { id: chat.id })).toEqual({});
  });

  it("that is wrong in any way is not acknowledged, stores nothing, and the connection goes on", async () => {
    const { ann, bob, a, b } = await pair();
    const user = bob.username;
    const wrong: unknown[] = [
      { user, message: "" },
      { user, message: " \n\t" },
      { user, message: "", media: [] },
      { user },
      { message: "hello" },
      { user: "nobody-of-this-name", message: "hello" },
      { user: "", message: "hello" },
      { user: bob.id, message: "hello" },
      { user: [user], message: "hello" },
      { user: { username: user }, message: "hello" },
      { user, message: 17 },
      { user, message: { text: "hello" } },
      { user, message: null },
      { user, message: "x".repeat(LIMITS.text + 1) },
      { user, message: "half \ud83d" },
      { user, message: "hello", media: "http://parlance.test/v1/attachments/1" },
      { user, message: "hello", media: [17] },
      { user, message: "hello", media: ["http://elsewhere.test/cat.png"] },
      { user, message: "hello", media: [`/v1/attachments/${crypto.randomUUID()}`] },
      null,
      "hello",
      17,
      [],
      [{ user, message: "hello" }],
    ];
    for (const payload of wrong)
      expect(await a.isAcknowledged("send-message", payload), JSON.stringify(payload)).toBe(false);
    expect(await a.isAcknowledged("send-message")).toBe(false);
    // Not even a chat was made.
    expect((await ann.get("/v1/chats")).body.items).toEqual([]);
    expect(b.heard).toEqual([]);
    const longest = "🏽".repeat(LIMITS.text);
    expect((await a.ask("send-message", { user, message: longest })).chat.message).toBe(longest);
  });

  it("works without an acknowledgement function", async () => {
    const { bob, a, b } = await pair();
    a.send(`42/chat,${JSON.stringify(["send-message", { user: bob.username, message: "fire and forget" }])}`);
    expect((await b.event("chat")).chat.message).toBe("fire and forget");
  });
});

describe("fetch-users", () => {
  it("names everybody else in the app by name, with who is online", async () => {
    const { ann, bob, a } = await pair();
    const eve = await person("eve");
    const { users } = (await a.ask("fetch-users", {})) as { users: Body[] };
    const names = users.map(({ username }) => username as string);
    expect(names).toEqual(names.toSorted());
    expect(names).not.toContain(ann.username);
    expect(users).toContainEqual({ username: bob.username, isOnline: true });
    expect(users).toContainEqual({ username: eve.username, isOnline: false });
    expect(await a.ask("fetch-users")).toEqual({ users });
    for (const payload of ["all", 17, [], [{}], true])
      expect(await a.isAcknowledged("fetch-users", payload), JSON.stringify(payload)).toBe(false);
    expect(a.flaws()).toEqual([]);
  });
});

describe("fetch-conversation-with-user", () => {
  it("is newest first, in pages, the same for both sides, and reads nothing", async () => {
    const { ann, bob, a, b } = await pair();
    const sent: Body[] = [];
    for (let n = 0; n < 6; n++) {
      const [from, to] = n % 2 === 0 ? [a, bob] : [b, ann];
      sent.unshift((await from.ask("send-message", { user: to.username, message: `number ${n}` })).chat);
    }
    const [user, ids] = [bob.username, sent.map(({ id }) => id as number)];
    const page = async (more: object): Promise<number[]> =>
      ((await a.ask("fetch-conversation-with-user", { user, ...more })).chats as Body[]).map(({ id }) => id);
    expect((await a.ask("fetch-conversation-with-user", { user })).chats).toEqual(sent);
    expect((await b.ask("fetch-conversation-with-user", { user: ann.username })).chats).toEqual(sent);
    expect(await page({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await page({ limit: "2" })).toEqual(ids.slice(0, 2));
    expect(await page({ limit: 2, before: ids[1] })).toEqual(ids.slice(2, 4));
    expect(await page({ before: String(ids[4]) })).toEqual(ids.slice(5));
    expect(await page({ after: ids[2] })).toEqual(ids.slice(0, 2));
    expect(await page({ after: ids[4], before: ids[1] })).toEqual(ids.slice(2, 4));
    expect(await page({ before: ids[5] })).toEqual([]);
    expect(await a.ask("fetch-unread-chats-count", { user })).toEqual({ unreadChatsCount: 3 });
    for (const client of [a, b]) expect(client.flaws()).toEqual([]);
  });

  it("has 50 at most unless more are asked for, and 100 at most", async () => {
    const { ann, bob, a } = await pair();
    const { id } = await ann.direct(bob);
    for (let n = 0; n < 101; n++) await ann.say(id, `number ${n}`);
    const count = async (more: object): Promise<number> =>
      (await a.ask("fetch-conversation-with-user", { user: bob.username, ...more })).chats.length;
    expect(await count({})).toBe(50);
    expect(await count({ limit: 100 })).toBe(100);
    expect(await count({ limit: 1 })).toBe(1);
  });

  it("of an unknown user, or of somebody to whom nothing was said, is empty and makes no chat", async () => {
    const { ann, bob, a } = await pair();
    for (const user of ["nobody-of-this-name", "", "x".repeat(5_000), "deleted:1", bob.username, ann.username])
      expect(await a.ask("fetch-conversation-with-user", { user })).toEqual({ chats: [] });
    expect((await ann.get("/v1/chats")).body.items).toEqual([]);
  });

  it("that is wrong in any way is not acknowledged", async () => {
    const { ann, bob, a } = await pair();
    const user = bob.username;
    await a.ask("send-message", { user, message: "hello" });
    const foreign = (await a.ask("send-message", { user: ann.username, message: "elsewhere" })).chat.id as number;
    const wrong: unknown[] = [
      {},
      null,
      user,
      { user: 17 },
      { user: null },
      ...[0, 101, -1, 1.5, "many", "", [10], true].map((limit) => ({ user, limit })),
      ...[0, -1, 1.5, "now", {}, foreign].map((before) => ({ user, before })),
      ...["then", [], foreign].map((after) => ({ user, after })),
    ];
    for (const payload of wrong)
      expect(await a.isAcknowledged("fetch-conversation-with-user", payload), JSON.stringify(payload)).toBe(false);
  });
});

describe("read-chat", () => {
  it("reads that one message: the reader's sockets hear the count, the sender's the receipt", async () => {
    const { ann, bob, a, b } = await pair();
    const [a2, b2] = [await MessengerClient.of(ann), await MessengerClient.of(bob)];
    const ids: number[] = [];
    for (const message of ["one", "two", "three"])
      ids.push((await a.ask("send-message", { user: bob.username, message })).chat.id);
    expect(await b.ask("read-chat", { id: ids[1] })).toEqual({});
    for (const client of [b, b2]) {
      await client.until(() => client.all("unread-chats-count").length === 4, "the count");
      expect(client.all("unread-chats-count")[3]).toEqual({ user: ann.username, unreadChatsCount: 2 });
    }
    for (const client of [a, a2]) {
      expect(await client.event("read-chat")).toEqual({ id: ids[1], user: bob.username });
      expect(client.all("unread-chats-count")).toEqual([]);
    }
    expect(b.all("read-chat")).toEqual([]);
    expect(await b.ask("fetch-unread-chats-count", { user: ann.username })).toEqual({ unreadChatsCount: 2 });
    for (const [client, user] of [
      [a, bob.username],
      [b, ann.username],
    ] as const) {
      const { chats } = (await client.ask("fetch-conversation-with-user", { user })) as { chats: Body[] };
      expect(chats.map(({ has_read }) => has_read)).toEqual([false, true, false]);
    }

    // As a string, and once more: nothing is told again.
    expect(await b.ask("read-chat", { id: String(ids[0]) })).toEqual({});
    expect(await b.ask("read-chat", { id: ids[0] })).toEqual({});
    expect(await b.ask("read-chat", { id: ids[2] })).toEqual({});
    await a.until(() => a.all("read-chat").length >= 3, "the receipts");
    expect(a.all("read-chat").map(({ id }) => id)).toEqual([ids[1], ids[0], ids[2]]);
    expect(await b.ask("fetch-unread-chats-count", { user: ann.username })).toEqual({ unreadChatsCount: 0 });
    for (const client of [a, a2, b, b2]) expect(client.flaws()).toEqual([]);
  });

  it("is not acknowledged to whoever is not its recipient, and changes nothing", async () => {
    const { ann, bob, a, b } = await pair();
    const e = await MessengerClient.of(await person("eve"));
    const { id } = (await a.ask("send-message", { user: bob.username, message: "for bob" })).chat;
    expect(await a.isAcknowledged("read-chat", { id })).toBe(false);
    expect(await e.isAcknowledged("read-chat", { id })).toBe(false);
    const wrong = [{}, null, id, { id: null }, { id: [id] }, { id: "x" }, { id: 0 }, { id: -1 }, { id: id + 0.5 }];
    for (const payload of [...wrong, { id: id + 1 }, { id: 5 }, { id: 2 ** 53 }])
      expect(await b.isAcknowledged("read-chat", payload), JSON.stringify(payload)).toBe(false);
    expect(await b.ask("fetch-unread-chats-count", { user: ann.username })).toEqual({ unreadChatsCount: 1 });
    expect(a.all("read-chat")).toEqual([]);
  });
});

describe("fetch-unread-chats-count", () => {
  it("counts what one user has said to the caller, and nobody's is none", async () => {
    const { ann, bob, a, b } = await pair();
    const eve = await person("eve");
    const e = await MessengerClient.of(eve);
    await a.ask("send-message", { user: bob.username, message: "from ann" });
    await e.ask("send-message", { user: bob.username, message: "from eve" });
    await e.ask("send-message", { user: bob.username, message: "from eve again" });
    const count = async (client: MessengerClient, user: string): Promise<number> =>
      (await client.ask("fetch-unread-chats-count", { user })).unreadChatsCount;
    expect(await count(b, ann.username)).toBe(1);
    expect(await count(b, eve.username)).toBe(2);
    expect(await count(a, bob.username)).toBe(0);
    expect(await count(b, "nobody-of-this-name")).toBe(0);
    for (const payload of [{}, null, ann.username, { user: 17 }, { user: null }])
      expect(await b.isAcknowledged("fetch-unread-chats-count", payload), JSON.stringify(payload)).toBe(false);
  });
});

describe("wait-for-user", () => {
  it("tells at once of one who is online, then of every change, until one stops; nobody else is told", async () => {
    const { ann, bob, b } = await pair();
    const eve = await person("eve");
    const [e, e2] = [await MessengerClient.of(eve), await MessengerClient.of(eve)];
    expect(await e.isAcknowledged("wait-for-user", { user: ann.username })).toBe(false);
    expect(await e.event("user-online")).toEqual({ user: ann.username });

    const alone = await person("fay");
    e.emit("wait-for-user", { user: alone.username });
    const f = await MessengerClient.of(alone);
    await e.event("user-online", ({ user }) => user === alone.username);
    const f2 = await MessengerClient.of(alone);
    f.close();
    await f2.ask("fetch-users", {});
    f2.close();
    await e.event("user-offline", ({ user }) => user === alone.username);
    expect(e.heard.map(({ event, args }) => [event, args[0].user])).toEqual([
      ["user-online", ann.username],
      ["user-online", alone.username],
      ["user-offline", alone.username],
    ]);

    expect(await e.isAcknowledged("stop-waiting-for-user", { user: alone.username })).toBe(false);
    const heard = e.heard.length;
    e.emit("wait-for-user", { user: bob.username });
    await MessengerClient.of(alone);
    b.close();
    await e.event("user-offline", ({ user }) => user === bob.username);
    expect(e.heard.slice(heard).map(({ args }) => args[0].user)).toEqual([bob.username, bob.username]);
    expect(e2.heard).toEqual([]);
  });

  it("for nobody, or with a wrong payload, does nothing", async () => {
    const { a, b, bob } = await pair();
    for (const event of ["wait-for-user", "stop-waiting-for-user"])
      for (const payload of [{}, null, 17, bob.username, { user: 17 }, { user: "nobody-of-this-name" }])
        expect(await a.isAcknowledged(event, payload)).toBe(false);
    b.close();
    expect(await a.ask("fetch-unread-chats-count", { user: bob.username })).toEqual({ unreadChatsCount: 0 });
    expect(a.heard).toEqual([]);
  });
});

describe("an event that is none of the dialect's", () => {
  it("is not acknowledged, whatever it bears, and the connection goes on", async () => {
    const { ann, a } = await pair();
    for (const event of ["", "constructor", "__proto__", "toString", "chat", "auth-failed", "message"])
      expect(await a.isAcknowledged(event, { user: "x" }), event).toBe(false);
    expect(await a.isAcknowledged("send-message", { user: ann.username, message: "hello" }, "more")).toBe(true);
    // A name that is a number, and bytes where the document has an object.
    a.send('42/chat,900[17,{"user":"x"}]');
    a.send('451-/chat,901["send-message",{"_placeholder":true,"num":0}]');
    a.send(new Uint8Array([1, 2, 3]).buffer);
    a.send('451-/chat,902["send-message",{"user":{"_placeholder":true,"num":0},"message":"hello"}]');
    a.send(new Uint8Array([1, 2, 3]).buffer);
    await a.ask("fetch-users", {});
    expect(a.frames.filter((frame) => /^43\/chat,90\d/.test(frame))).toEqual([]);
  });
});
