// D1 that fails or hangs for a while, by a proxy before every statement: what is open talks on, what needs the directory is refused
// in plain words or waits, and afterwards the directory has what it missed.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Leases } from "../../src/core/leases.ts";
import { file, text, upload } from "../support/files.ts";
import { MethodsClient } from "../support/methods.ts";
import type { Answer, Body, Socket } from "../support/people.ts";
import { call, knock, people } from "../support/people.ts";
import { anHourLater } from "../support/alarms.ts";

type Run = (...args: unknown[]) => Promise<unknown>;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

const prototypeOf = (object: object): Record<string, Run> => Object.getPrototypeOf(object) as Record<string, Run>;

/** Has `before` asked before anything reaches D1, here and in every object, until the returned function is called. */
function proxyD1(before: () => Promise<void>): () => void {
  const wrapped = [
    { prototype: prototypeOf(env.DB.prepare("SELECT 1")), methods: ["first", "all", "run", "raw"] },
    { prototype: prototypeOf(env.DB), methods: ["batch", "exec"] },
  ];
  const undos = wrapped.flatMap(({ prototype, methods }) =>
    methods.map((method) => {
      const old = prototype[method] as Run;
      prototype[method] = async function (this: unknown, ...args: unknown[]) {
        await before();
        return old.apply(this, args);
      };
      return () => {
        prototype[method] = old;
      };
    }),
  );
  // Whoever was found a moment ago need not be looked for.
  const asked = vi.spyOn(Leases.prototype, "get").mockReturnValue(undefined);
  undos.push(() => asked.mockRestore());
  const heal = (): void => undos.forEach((one) => one());
  undo.push(heal);
  return heal;
}

const failing = (): (() => void) =>
  proxyD1(() => Promise.reject(new Error("D1_ERROR: SELECT secret FROM internals: the network is gone")));

/** As `failing`, but the next look-up still comes through: a message's files are found, and are not noted as its own. */
function failingOnceFound(): () => void {
  let heal = (): void => {};
  const prototype = prototypeOf(env.DB);
  const find = prototype["batch"] as Run;
  prototype["batch"] = async function (this: unknown, ...args: unknown[]) {
    prototype["batch"] = find;
    const found = await find.apply(this, args);
    heal = failing();
    return found;
  };
  return () => heal();
}

/** Statements wait until `heal` is called, and are run then. */
function hanging(): { heal: () => void; waiting: () => number } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  const restore = proxyD1(() => {
    waiting++;
    return promise;
  });
  const heal = (): void => {
    restore();
    resolve();
  };
  undo.push(heal);
  return { heal, waiting: () => waiting };
}

const texts = (socket: Socket): string[] =>
  socket.events.flatMap((event) => (event.event === "message.created" ? [event.message.text] : []));

describe("D1 that fails for a while", () => {
  it("stops nobody who is connected, refuses all others in plain words, and leaves no hole", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [a, b] = [await ann.socket(chat.id), await bob.socket()];
    await ann.say(chat.id, "before");
    const heal = failing();
    for (const text of ["one", "two"]) expect(await a.do("message.send", { text })).toMatchObject({ ok: true });
    expect(await b.do("read", { chat_id: chat.id })).toMatchObject({ ok: true, unread: 0 });
    expect(await b.do("changes", { chat_id: chat.id, since: 0 })).toMatchObject({ ok: true });
    await b.event("message.created", ({ message }) => message.text === "two");

    const login = { username: ann.username, password: "a password" };
    const refused: Answer[] = [
      await ann.post(`/v1/chats/${chat.id}/messages`, { text: "refused", client_id: "kept by its sender" }),
      await ann.post("/v1/chats", { members: [bob.id], title: "refused" }),
      await ann.get("/v1/chats"),
      await call("POST", "/v1/auth/login", login),
      await call("POST", "/api/auth/login", login),
      await call("POST", "/authentication", { user_name: ann.username, password: "a password" }),
    ];
    for (const { status, body } of refused) {
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toMatch(/D1|SELECT|network|internals/);
    }

    heal();
    const again = { text: "no longer refused", client_id: "kept by its sender" };
    const stored = await ann.post(`/v1/chats/${chat.id}/messages`, again);
    expect([stored.status, stored.body.seq]).toEqual([201, 4]);
    await b.event("message.created", ({ message }) => message.seq === 4);
    expect(texts(b)).toEqual(["before", "one", "two", "no longer refused"]);
    expect((await ann.get("/v1/chats")).body.items.map((one: Body) => one.id)).toEqual([chat.id]);
    expect(await bob.unread(chat.id)).toBe(1);
  });

  it("is told later what was done to a chat meanwhile: its title, who is in it, the files that were sent", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Before", bob, eve);
    const client = await MethodsClient.of(ann);
    const socket = await ann.socket(chat.id);
    const attachment = await file(ann);
    await anHourLater(chat.id);

    const heal = failingOnceFound();
    const sent = await socket.do("message.send", { attachments: [attachment.id] });
    expect(sent.message.attachments[0].id).toBe(attachment.id);
    const renamed = await client.call("update_chat", { chat: chat.id, title: "After" });
    expect(renamed.type).toBe("chat_updated");
    const removed = await client.call("remove_from_chat", { chat: chat.id, users: [eve.id] });
    expect(removed.type).toBe("user_removed_successful");
    heal();

    const directory = async (): Promise<unknown[]> => [
      await env.DB.prepare("SELECT title FROM chats WHERE id = ?").bind(chat.id).first("title"),
      await env.DB.prepare("SELECT count(*) AS n FROM memberships WHERE chat_id = ?").bind(chat.id).first("n"),
      await env.DB.prepare("SELECT chat_id FROM attachments WHERE id = ?").bind(attachment.id).first("chat_id"),
    ];
    expect(await directory()).toEqual(["Before", 3, null]);
    await expect
      .poll(async () => {
        await anHourLater(chat.id);
        return directory();
      })
      .toEqual(["After", 2, chat.id]);
    expect((await bob.get(`/v1/attachments/${attachment.id}`)).status).toBe(200);
  });

  it("is told whose a file is as soon as its chat is read again after a crash, not with an alarm", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const attachment = await file(ann);
    await ann.say(chat.id, "so that the chat is open");
    await anHourLater(chat.id);
    const heal = failingOnceFound();
    const sent = await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [attachment.id] });
    expect(sent.status).toBe(201);
    const object = env.CHAT.getByName(`chat:${chat.id}`);
    await runInDurableObject(object, (_, { storage }) => storage.deleteAlarm());
    await evictDurableObject(object);
    heal();
    const link = `/v1/attachments/${attachment.id}`;
    expect((await bob.get(link)).status).toBe(403);
    expect((await bob.get(`/v1/chats/${chat.id}/messages`)).body.items).toHaveLength(2);
    await expect.poll(async () => (await bob.get(link)).status).toBe(200);
  });

  it("has a file go with one message, though a second chat is asked before it is told of the first", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [chat, other] = [await ann.direct(bob), await ann.direct(eve)];
    const attachment = await file(ann);
    for (const { id } of [chat, other]) {
      await ann.say(id, "so that the chat is open");
      await anHourLater(id);
    }
    const draft = { attachments: [attachment.id] };
    const heal = failingOnceFound();
    expect((await ann.post(`/v1/chats/${chat.id}/messages`, draft)).status).toBe(201);
    heal();
    const second = await ann.post(`/v1/chats/${other.id}/messages`, draft);
    expect(second).toMatchObject({ status: 400, body: { errors: [{ path: "attachments.0" }] } });
    expect((await eve.get(`/v1/chats/${other.id}/messages?after=0`)).body.items).toHaveLength(1);
    await anHourLater(chat.id);
    await expect.poll(async () => (await bob.get(`/v1/attachments/${attachment.id}`)).status).toBe(200);
    expect((await eve.get(`/v1/attachments/${attachment.id}`)).status).toBe(403);
  });

  it("keeps no file that it can't note", async () => {
    const [ann] = await people("ann");
    const stored = async (): Promise<number> => (await env.FILES.list()).objects.length;
    await file(ann);
    const before = await stored();
    const prototype = prototypeOf(env.DB.prepare("SELECT 1"));
    const run = prototype["run"] as Run;
    undo.push(() => (prototype["run"] = run));
    prototype["run"] = () => Promise.reject(new Error("D1_ERROR: the network is gone"));
    const refused = await upload(ann, text("a file that is lost"));
    expect(refused.status).toBe(500);
    expect(await stored()).toBe(before);
    prototype["run"] = run;
    expect((await upload(ann, text("a file that is kept"))).status).toBe(201);
    expect(await stored()).toBe(before + 1);
  });

  it("makes no half of a chat: who tries again has one", async () => {
    const [ann, bob] = await people("ann", "bob");
    await ann.get("/v1/me");
    // The batch that makes the chat is done, and its answer is lost.
    const prototype = prototypeOf(env.DB);
    const batch = prototype["batch"] as Run;
    let lost = 0;
    undo.push(() => {
      prototype["batch"] = batch;
    });
    prototype["batch"] = async function (this: unknown, ...args: unknown[]) {
      const answer = await batch.apply(this, args);
      if (lost++ === 0) throw new Error("D1_ERROR: the answer was lost");
      return answer;
    };
    expect((await ann.post("/v1/chats", { members: [bob.id] })).status).toBe(500);
    const { status, body } = await ann.post("/v1/chats", { members: [bob.id] });
    expect([200, 201]).toContain(status);
    await ann.say(body.id, "hello");
    await expect.poll(() => bob.unread(body.id)).toBe(1);
    for (const who of [ann, bob]) expect((await who.get("/v1/chats")).body.items).toHaveLength(1);
    const count = env.DB.prepare("SELECT count(*) AS n FROM memberships WHERE user_id = ?").bind(bob.id);
    expect(await count.first("n")).toBe(1);
  });

  it("leaves nobody on a connection whose token has ended, though the answer was lost", async () => {
    const [ann] = await people("ann");
    const socket = await ann.socket();
    const prototype = prototypeOf(env.DB.prepare("SELECT 1"));
    const all = prototype["all"] as Run;
    undo.push(() => {
      prototype["all"] = all;
    });
    prototype["all"] = async function (this: unknown, ...args: unknown[]) {
      const answer = (await all.apply(this, args)) as { results: object[] };
      if (answer.results.some((row) => "expires_at" in row)) throw new Error("D1_ERROR: the answer was lost");
      return answer;
    };
    expect((await ann.post("/v1/auth/logout?everywhere=1")).status).toBe(500);
    await socket.until(() => socket.closed !== undefined, "the close");
    expect(socket.closed?.code).toBe(1013);
    await expect.poll(async () => (await ann.get("/v1/me")).status).toBe(401);
    const again = await knock("/v1/socket", { "sec-websocket-protocol": `parlance.v1, bearer.${ann.token}` });
    expect(again.status).toBe(401);
  });
});

describe("D1 that hangs for a while", () => {
  it("keeps waiting those alone who need it, and does what they asked for once", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.direct(bob);
    const [a, b] = [await ann.socket(chat.id), await bob.socket()];
    await ann.say(chat.id, "before");
    const { heal, waiting } = hanging();
    const ends: string[] = [];
    const say = ann
      .post(`/v1/chats/${chat.id}/messages`, { text: "waited", client_id: "once" })
      .finally(() => ends.push("the message"));
    const make = Promise.all(
      [ann, eve].map((one) => one.post("/v1/chats", { members: [one === ann ? eve.id : ann.id] })),
    );
    const open = eve.socket().finally(() => ends.push("the socket"));
    await expect.poll(waiting).toBeGreaterThanOrEqual(4);
    for (let n = 0; n < 20; n++) expect(await a.do("message.send", { text: `m${n}` })).toMatchObject({ ok: true });
    await b.event("message.created", ({ message }) => message.text === "m19");
    expect(ends).toEqual([]);

    heal();
    expect((await say).body.seq).toBe(22);
    const repeated = await ann.post(`/v1/chats/${chat.id}/messages`, { text: "waited", client_id: "once" });
    expect([repeated.status, repeated.body.seq]).toEqual([200, 22]);
    const [one, other] = await make;
    expect(one?.body.id).toBe(other?.body.id);
    const e = await open;
    await ann.say(one?.body.id, "hello eve");
    expect((await e.event("message.created")).message.text).toBe("hello eve");
    expect(texts(b)).toEqual(["before", ...Array.from({ length: 20 }, (_, n) => `m${n}`), "waited"]);
  });
});
