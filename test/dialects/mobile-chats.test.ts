// Direct chats of `mobile`: routes, bodies, codes and times as its document has them.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MobileClient, mobilePair } from "../support/mobile.ts";
import type { Body } from "../support/people.ts";
import { person } from "../support/people.ts";

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
const time = expect.stringMatching(TIME);

describe("accounts", () => {
  it("are made by a form, log in by name and by address, and log out at once", async () => {
    const anyone = new MobileClient(await person());
    const name = `mo-${crypto.randomUUID().slice(0, 8)}`;
    const made = await anyone.post("/users", {
      user_name: name,
      password: "a password",
      email: `${name}@example.org`,
      first_name: "Mo",
      last_name: "Bile",
    });
    expect([made.status, made.body]).toEqual([201, undefined]);
    for (const login of [{ user_name: name.toUpperCase() }, { email: `${name}@example.org` }]) {
      const { status, body } = await anyone.post("/authentication", { ...login, password: "a password" });
      expect(status).toBe(201);
      expect(Object.keys(body).toSorted()).toEqual(["last_login_at", "session_id", "token", "user_id"]);
      expect(body.last_login_at).toMatch(TIME);
      const fae = `FAE ${btoa(`${body.user_id}:${body.token}:${body.session_id}`)}`;
      expect((await anyone.get("/sync", { authorization: fae })).body).toEqual({
        friend_request: 0,
        chat: 0,
        chat_room: 0,
      });
      expect((await anyone.get("/sync", { authorization: `Bearer ${body.token}` })).status).toBe(200);
      const other = `FAE ${btoa(`${body.user_id + 1}:${body.token}:${body.session_id}`)}`;
      expect((await anyone.get("/sync", { authorization: other })).status).toBe(401);
      expect((await anyone.call("DELETE", "/authentication", undefined, { authorization: fae })).status).toBe(204);
      expect((await anyone.get("/sync", { authorization: fae })).status).toBe(401);
    }
    const again = await anyone.post("/users", { user_name: name, password: "short" });
    expect(again).toMatchObject({
      status: 422,
      body: { status_code: 422, errors: { password: [expect.any(String)] } },
    });
    expect(
      (await anyone.post("/users", { user_name: name, password: "a password" })).body.errors.user_name,
    ).toHaveLength(1);
    expect(await anyone.post("/authentication", { user_name: name, password: "wrong password" })).toMatchObject({
      status: 401,
      body: { status_code: 401, message: expect.any(String) },
    });
  });

  it.each([undefined, "FAE", "FAE !!!", `FAE ${btoa("1:2")}`, `FAE ${btoa("a:b:c")}`, "Basic x", "Bearer x"])(
    "%s is 401",
    async (authorization) => {
      const anyone = new MobileClient(await person());
      const { status, body } = await anyone.get("/chats", { authorization: authorization ?? "" });
      expect([status, body.status_code, Object.keys(body).toSorted()]).toEqual([401, 401, ["message", "status_code"]]);
    },
  );
});

describe("/chats", () => {
  it("a message makes the chat; lists, history and unread show it, by form and by JSON", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "one");
    expect(await ann.write(bob, "two")).toBe(chat);
    expect(await bob.write(ann, "three")).toBe(chat);

    const unread = (await bob.get("/chats/unread")).body;
    expect(unread).toEqual([
      {
        chat_id: chat,
        last_message: "three",
        last_message_sender_id: bob.id,
        last_message_sender_name: bob.person.username,
        last_message_timestamp: time,
        last_message_type: "text",
        unread_count: 2,
        server_sent_timestamp: time,
      },
    ]);
    expect((await ann.get("/chats")).body).toEqual([
      {
        ...unread[0],
        unread_count: 1,
        with_user_id: bob.id,
        with_user_name: bob.person.username,
        with_nick_name: bob.person.username,
      },
    ]);
    const history = (await bob.get(`/chats/${chat}`)).body;
    expect(history.map((message: Body) => message.message)).toEqual(["three", "two", "one"]);
    expect(history[2]).toEqual({
      chat_id: chat,
      message: "one",
      message_sender_id: ann.id,
      message_sender_name: ann.person.username,
      message_timestamp: time,
      message_type: "text",
      server_sent_timestamp: time,
    });
    expect((await bob.get(`/chats/${chat}?count=1&offset=2`)).body.map((message: Body) => message.message)).toEqual([
      "two",
    ]);
    for (const path of [`/chats/${ann.id}/${bob.id}`, `/chats/${bob.id}/${ann.id}`])
      expect((await ann.get(path)).body).toEqual(history);
    expect((await ann.get(`/chats/users/${bob.id}/${ann.id}`)).body).toEqual({ chat_id: chat });
    expect((await bob.get("/sync")).body).toEqual({ friend_request: 0, chat: 2, chat_room: 0 });

    const read = await bob.post("/chats/read", { chat_id: String(chat) });
    expect([read.status, read.body]).toEqual([201, undefined]);
    expect((await bob.get("/chats/unread")).body).toEqual([]);
    expect((await bob.get("/chats")).body[0].unread_count).toBe(0);
  });

  it("a body may be a form in parts; one that is broken is refused", async () => {
    const [ann, bob] = await mobilePair();
    const send = (text: string) =>
      ann.person.call("POST", "/chats", text, {
        authorization: ann.authorization,
        "content-type": "multipart/form-data; boundary=cut",
      });
    const part = (name: string, value: string | number) =>
      `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    expect((await send(`${part("receiver_id", bob.id)}${part("message", "in parts")}--cut--\r\n`)).status).toBe(201);
    for (const broken of ["{}", part("receiver_id", bob.id), ""]) expect((await send(broken)).status).toBe(422);
    expect((await bob.get("/chats/unread")).body).toMatchObject([{ last_message: "in parts", unread_count: 1 }]);
  });

  it("lists are by the last message, newest first, and a chat without one has nulls", async () => {
    const [ann, bob] = await mobilePair();
    const eve = new MobileClient(await person("eve"));
    const zoe = new MobileClient(await person("zoe"));
    const empty = (await zoe.person.direct(ann.person)).id;
    const first = await ann.write(bob, "first");
    const second = await ann.write(eve, "second");
    await expect.poll(async () => (await ann.get("/chats")).body.length).toBe(3);
    const listed = (await ann.get("/chats")).body;
    expect(listed.map((chat: Body) => chat.chat_id)).toEqual([second, first, empty]);
    expect(listed[2]).toMatchObject({
      last_message: null,
      last_message_sender_id: null,
      last_message_timestamp: null,
      unread_count: 0,
    });
  });

  it("either side deletes the chat for both; who is in neither does not", async () => {
    const [ann, bob] = await mobilePair();
    const eve = new MobileClient(await person("eve"));
    const chat = await ann.write(bob, "to go");
    expect((await eve.delete(`/chats/${chat}`)).status).toBe(401);
    expect((await bob.delete(`/chats/${chat}`)).status).toBe(204);
    await expect.poll(async () => (await ann.get("/chats")).body).toEqual([]);
    expect(await ann.write(bob, "anew")).not.toBe(chat);
    expect((await ann.get(`/chats/${chat}`)).body).toMatchObject({ error_code: "404-2", status_code: 404 });
  });

  it("both writing first at the same instant write in one chat", async () => {
    const [ann, bob] = await mobilePair();
    const ids = await Promise.all([ann.write(bob, "a"), bob.write(ann, "b"), ann.write(bob, "c"), bob.write(ann, "d")]);
    expect(new Set(ids).size).toBe(1);
    expect((await ann.get(`/chats/${ids[0]}`)).body).toHaveLength(4);
  });

  it("where the app says so, who has unread messages reads first", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "read me");
    await env.DB.prepare(`UPDATE apps SET settings = '{"read_before_send":true}' WHERE id = 1`).run();
    try {
      const refused = await bob.post("/chats", { receiver_id: ann.id, message: "no", type: "text" });
      expect(refused).toMatchObject({ status: 400, body: { error_code: "400-1", status_code: 400 } });
      await bob.post("/chats/read", { chat_id: chat });
      expect(await bob.write(ann, "yes")).toBe(chat);
    } finally {
      await env.DB.prepare("UPDATE apps SET settings = '{}' WHERE id = 1").run();
    }
  });
});

describe("what is wrong", () => {
  it.each([
    ["POST", "/chats", {}, 422, undefined, ["message", "receiver_id"]],
    ["POST", "/chats", { receiver_id: "x", message: "y" }, 422, undefined, ["receiver_id"]],
    ["POST", "/chats", { receiver_id: 999_999_999, message: "y" }, 422, undefined, ["receiver_id"]],
    ["POST", "/chats", { receiver_id: "OTHER", message: " " }, 422, undefined, ["message"]],
    ["POST", "/chats", { receiver_id: "OTHER", message: "x".repeat(10_001) }, 422, undefined, ["message"]],
    ["POST", "/chats", { receiver_id: "OTHER", message: "x", type: "smell" }, 422, undefined, ["type"]],
    ["POST", "/chats", { receiver_id: "SELF", message: "x" }, 400, "400-2", undefined],
    ["POST", "/chats/read", { chat_id: "x" }, 422, undefined, ["chat_id"]],
    ["POST", "/chats/read", { chat_id: 99_999_999 }, 404, "404-2", undefined],
    ["GET", "/chats/abc", undefined, 400, "400-3", undefined],
    ["GET", "/chats/1.5", undefined, 400, "400-3", undefined],
    ["GET", "/chats/-1", undefined, 400, "400-3", undefined],
    ["GET", "/chats/1/abc", undefined, 400, "400-3", undefined],
    ["GET", "/chats/99999999", undefined, 404, "404-2", undefined],
    ["GET", "/chats/users/1/2", undefined, 403, "403-1", undefined],
    ["GET", "/chats/OTHERS", undefined, 403, "403-1", undefined],
    ["GET", "/chats/CHAT?count=0", undefined, 422, undefined, ["count"]],
    ["GET", "/chats/CHAT?count=101", undefined, 422, undefined, ["count"]],
    ["GET", "/chats/CHAT?offset=0", undefined, 422, undefined, ["offset"]],
    ["DELETE", "/chats/abc", undefined, 400, "400-3", undefined],
    ["DELETE", "/chats/99999999", undefined, 404, "404-2", undefined],
    ["PUT", "/chats/1", undefined, 404, undefined, undefined],
    ["GET", "/chats_v2/abc", undefined, 400, "400-3", undefined],
    ["GET", "/chats_v2/99999999", undefined, 404, "404-2", undefined],
  ] as const)("%s %s %j is %i %s", async (method, path, body, status, code, fields) => {
    const [ann, bob] = await mobilePair();
    const eve = await person("eve");
    const places: Record<string, string> = {
      OTHERS: String((await bob.person.direct(eve)).id),
      OTHER: String(bob.id),
      SELF: String(ann.id),
      CHAT: String(await ann.write(bob, "there")),
    };
    const fill = (text: string): string => text.replaceAll(/OTHERS|OTHER|SELF|CHAT/g, (name) => places[name] ?? name);
    const filled = body && Object.fromEntries(Object.entries(body).map(([name, value]) => [name, fill(String(value))]));
    const answer = await ann.call(method, fill(path), filled);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ message: expect.any(String), status_code: status });
    expect(answer.body.error_code).toBe(code);
    expect(answer.body.errors === undefined ? undefined : Object.keys(answer.body.errors).toSorted()).toEqual(fields);
    expect((await bob.get("/chats/unread")).body.map((chat: Body) => chat.unread_count)).toEqual([1]);
  });
});
