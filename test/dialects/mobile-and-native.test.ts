// `mobile` beside `native`: what one does the other sees, live and in lists, and each answer has its documented shape.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  chatIdOutput,
  chatsOutput,
  envelopeOutput,
  fetchedOutput,
  loginOutput,
  messagesOutput,
  participantsOutput,
  roomIdOutput,
  roomOutput,
  roomsOutput,
  syncOutput,
  unreadChatsOutput,
} from "../../src/dialects/mobile/schemas.ts";
import { chatId } from "../../src/core/ids.ts";
import { PNG, upload } from "../support/files.ts";
import { mobilePair } from "../support/mobile.ts";
import type { Body } from "../support/people.ts";
import { call, people, service } from "../support/people.ts";

const AT = { geo_latitude: 50.087, geo_longitude: 14.421 };

describe("live", () => {
  it("what is sent, read, fetched and erased by mobile is heard on native sockets, counts included", async () => {
    const [ann, bob] = await mobilePair();
    const socket = await bob.person.socket();
    const chat = await ann.write(bob, "first");
    expect(await socket.event("message.created")).toMatchObject({
      chat_id: chat,
      unread: 1,
      message: { text: "first" },
    });
    await ann.write(bob, "second", "/chats_v2");
    expect(await socket.event("message.created", (event) => event.unread === 2)).toMatchObject({
      message: { text: "second" },
    });
    expect(await bob.person.unread(chat)).toBe(2);

    const anns = await ann.person.socket();
    await bob.post("/chats/read", { chat_id: chat });
    expect(await anns.event("read")).toMatchObject({ chat_id: chat, user_id: bob.id });
    await socket.event("unread", (event) => event.unread === 0);
    expect(await bob.person.unread(chat)).toBe(0);

    await ann.write(bob, "third", "/chats_v2");
    await bob.get(`/chats_v2/${chat}`);
    expect(await anns.event("message.deleted")).toMatchObject({ chat_id: chat });
    await socket.event("message.deleted");
    expect(await bob.person.unread(chat)).toBe(0);

    await bob.delete(`/chats/${chat}`);
    for (const one of [anns, socket]) expect(await one.event("chat.removed")).toMatchObject({ chat_id: chat });
  });

  it("reading one of three on native leaves two unread on mobile; a v2 fetch hands out those two", async () => {
    const [ann, bob] = await mobilePair();
    let chat = 0;
    for (const text of ["one", "two", "three"]) chat = await ann.write(bob, text, "/chats_v2");
    const { items } = (await bob.person.get(`/v1/chats/${chat}/messages`)).body;
    await bob.person.post(`/v1/chats/${chat}/read`, { message_id: items[1].id });
    await expect.poll(async () => (await bob.get("/chats/unread")).body[0]?.unread_count).toBe(2);
    expect((await bob.get("/sync")).body).toEqual({ friend_request: 0, chat: 2, chat_room: 0 });
    const { body, headers } = await bob.get(`/chats_v2/${chat}`);
    expect([body.map((one: Body) => one.message), headers.get("unread_count")]).toEqual([["one", "three"], "0"]);
    // What was read elsewhere was not fetched, so it stays.
    expect((await bob.get(`/chats/${chat}`)).body.map((one: Body) => one.message)).toEqual(["two"]);
  });

  it("two who fetch at the same instant share the messages, none twice and none lost", async () => {
    const [ann, bob] = await mobilePair();
    let chat = 0;
    for (let n = 0; n < 60; n++) chat = await ann.write(bob, `m${n}`, "/chats_v2");
    const fetched = await Promise.all([1, 2, 3].map(() => bob.get(`/chats_v2/${chat}`)));
    const texts = fetched.flatMap(({ body }) => body.map((one: Body) => one.message));
    expect(texts).toHaveLength(60);
    expect(new Set(texts)).toEqual(new Set(Array.from({ length: 60 }, (_, n) => `m${n}`)));
    expect((await bob.get(`/chats/${chat}`)).body).toEqual([]);
    const { items } = (await ann.person.get(`/v1/chats/${chat}/messages?limit=100`)).body;
    expect(items.filter((one: Body) => one.deleted_at === null)).toEqual([]);
  });

  it("the last message, once it is deleted, is shown without its text, and the chat keeps its place", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "gone soon", "/chats_v2");
    await bob.get(`/chats_v2/${chat}`);
    await expect.poll(async () => (await ann.get("/chats")).body[0].last_message).toBe("");
    const [listed] = (await ann.get("/chats")).body;
    expect(listed).toMatchObject({
      chat_id: chat,
      last_message_sender_id: ann.id,
      last_message_timestamp: expect.any(String),
      unread_count: 0,
    });
  });
});

describe("messages of other dialects", () => {
  it("a picture without a text is shown as an address that opens it; with a text, as the text", async () => {
    const [ann, bob] = await mobilePair();
    const chat = (await bob.person.direct(ann.person)).id;
    const send = async (more: object): Promise<void> => {
      const { id } = (await upload(bob.person, PNG, "p.png", "image/png")).body;
      await bob.person.post(`/v1/chats/${chat}/messages`, { attachments: [id], ...more });
    };
    await send({});
    await send({ text: "with words" });
    const [words, picture] = (await ann.get(`/chats/${chat}`)).body;
    expect([words.message, words.message_type]).toEqual(["with words", "text"]);
    expect(picture.message_type).toBe("image");
    const url = new URL(picture.message);
    const opened = await call("GET", url.pathname + url.search);
    expect([opened.status, opened.headers.get("content-type")]).toEqual([200, "image/png"]);
    await bob.person.post(`/v1/chats/${chat}/messages`, { type: "location", data: { lat: 1 } });
    expect((await ann.get(`/chats/${chat}?count=1`)).body[0]).toMatchObject({
      message: '{"lat":1}',
      message_type: "location",
    });
  });

  it("a file of a message that is consumed is erased with it", async () => {
    const [ann, bob] = await mobilePair();
    const chat = (await ann.person.direct(bob.person)).id;
    const { id } = (await upload(ann.person, PNG, "p.png", "image/png")).body;
    const session = (await service().auth.authenticate(ann.person.token)).session;
    const draft = { attachments: [id], consumable: true };
    await service().chats.command<"message.send">(session, chatId(chat), { do: "message.send", draft });
    const [{ message }] = (await bob.get(`/chats_v2/${chat}`)).body;
    const url = new URL(message);
    await expect.poll(async () => (await call("GET", url.pathname + url.search)).status).toBe(404);
    await expect.poll(async () => (await env.FILES.list({ prefix: `1/${id}` })).objects).toEqual([]);
  });
});

describe("kinds of chats", () => {
  it("a group or a room is none of /chats, a direct chat none of /chat_rooms, not even to its members", async () => {
    const [ann, bob] = await mobilePair();
    const direct = await ann.write(bob, "between us");
    const group = (await ann.person.group("Group", bob.person)).id;
    const room = (await ann.post("/chat_rooms", { title: "Room", ...AT })).body.chat_room_id;
    for (const id of [group, room]) {
      for (const path of ["/chats", "/chats_v2"]) {
        expect((await ann.get(`${path}/${id}`)).body.error_code).toBe("404-2");
        expect((await ann.delete(`${path}/${id}`)).body.error_code).toBe("404-2");
      }
      expect((await ann.post("/chats/read", { chat_id: id })).body.error_code).toBe("404-2");
    }
    for (const path of ["", "/users"])
      expect((await bob.get(`/chat_rooms/${direct}${path}`)).body.error_code).toBe("404-5");
    for (const path of ["message", "read", "message/read"]) {
      const answer = await bob.post(`/chat_rooms/${direct}/${path}`, { message: "x" });
      expect(answer.body.error_code, path).toBe("404-5");
    }
    expect(await bob.person.unread(direct)).toBe(1);
    expect((await ann.person.get(`/v1/chats/${group}`)).status).toBe(200);
  });

  it("a chat with oneself is refused, by writing and by naming oneself twice", async () => {
    const [ann] = await mobilePair();
    for (const path of ["/chats", "/chats_v2"]) {
      expect((await ann.post(path, { receiver_id: ann.id, message: "x" })).body.error_code).toBe("400-2");
      expect((await ann.get(`${path}/${ann.id}/${ann.id}`)).body.error_code).toBe("400-2");
      expect((await ann.get(`${path}/users/${ann.id}/${ann.id}`)).body.error_code).toBe("400-2");
    }
  });
});

describe("joining a room", () => {
  it("takes a message that can be sent: a refused one leaves its writer outside", async () => {
    const [ann, bob] = await mobilePair();
    const room = (await ann.post("/chat_rooms", { title: "Room", ...AT })).body.chat_room_id;
    for (const message of [" ", "x".repeat(10_001)]) {
      const refused = await bob.post(`/chat_rooms/${room}/message`, { message, type: "text" });
      expect([refused.status, Object.keys(refused.body.errors)]).toEqual([422, ["message"]]);
    }
    expect((await ann.get(`/chat_rooms/${room}/users`)).body).toHaveLength(1);
    expect(
      (await bob.post(`/chat_rooms/${room}/message`, { message: "x", geo_latitude: "", geo_longitude: "" })).status,
    ).toBe(201);
    expect((await ann.get(`/chat_rooms/${room}/users`)).body).toHaveLength(2);
  });

  it("at the same instant lets in as many as there are places", async () => {
    const [ann, bob] = await mobilePair();
    const crowd = await people("c1", "c2", "c3", "c4", "c5");
    const room = (await ann.post("/chat_rooms", { title: "Room", capacity: 3, ...AT })).body.chat_room_id;
    const answers = await Promise.all(
      [bob.person, ...crowd].map((one) => one.post(`/chat_rooms/${room}/message`, { message: "me", type: "text" })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => `${status} ${body.error_code}`)).toEqual(Array(4).fill("400 400-4"));
    expect((await ann.get(`/chat_rooms/${room}/users`)).body).toHaveLength(3);
    await expect.poll(async () => (await ann.get("/sync")).body.chat_room).toBe(2);
  });

  it("from outside its radius, or of a group, is refused whatever else the request says", async () => {
    const [ann, bob] = await mobilePair();
    const room = (await ann.post("/chat_rooms", { title: "Room", interaction_radius: 100, ...AT })).body.chat_room_id;
    const far = await bob.post(`/chat_rooms/${room}/message?geo_latitude=0&geo_longitude=0`, { message: "x" });
    expect([far.status, far.body.error_code]).toEqual([403, "403-3"]);
    const group = (await ann.person.group("Group")).id;
    const stranger = await bob.post(`/chat_rooms/${group}/message`, { message: "x", ...AT });
    expect([stranger.status, stranger.body.error_code]).toEqual([403, "403-1"]);
    const unread = await bob.post(`/chat_rooms/${room}/message`, { message: "x", geo_latitude: 91, geo_longitude: 0 });
    expect([unread.status, Object.keys(unread.body.errors)]).toEqual([422, ["geo_latitude"]]);
  });

  it("where the app says so, who has unread messages in the room reads first", async () => {
    const [ann, bob] = await mobilePair();
    const room = (await ann.post("/chat_rooms", { title: "Room", ...AT })).body.chat_room_id;
    await env.DB.prepare(`UPDATE apps SET settings = '{"read_before_send":true}' WHERE id = 1`).run();
    try {
      expect((await bob.post(`/chat_rooms/${room}/message`, { message: "joins" })).status).toBe(201);
      const refused = await ann.post(`/chat_rooms/${room}/message`, { message: "no" });
      expect([refused.status, refused.body.error_code]).toEqual([400, "400-1"]);
      await ann.post(`/chat_rooms/${room}/message/read`);
      expect((await ann.post(`/chat_rooms/${room}/message`, { message: "yes" })).status).toBe(201);
    } finally {
      await env.DB.prepare("UPDATE apps SET settings = '{}' WHERE id = 1").run();
    }
  });
});

describe("shapes", () => {
  it("every answer has exactly the fields that its schema names", async () => {
    const [ann, bob] = await mobilePair();
    const exactly = (schema: z.ZodType, body: Body): Body => {
      // The schema strips what it does not know.
      expect(schema.parse(body)).toEqual(body);
      return body;
    };
    const login = { user_name: `mo-${crypto.randomUUID().slice(0, 8)}`, password: "a password" };
    await ann.post("/users", login);
    exactly(loginOutput, (await ann.post("/authentication", login)).body);

    const { chat_id: chat } = exactly(
      chatIdOutput,
      (await ann.post("/chats_v2", { receiver_id: bob.id, message: "x" })).body,
    );
    await bob.person.direct((await people("zoe"))[0]);
    await expect.poll(async () => (await bob.get("/chats")).body.length).toBe(2);
    const { chat_room_id: room } = exactly(
      roomIdOutput,
      (await ann.post("/chat_rooms", { title: "Room", ...AT })).body,
    );
    await bob.post(`/chat_rooms/${room}/message`, { message: "x" });
    await ann.person.group("Group");

    for (const path of ["/chats/unread", "/chats_v2/unread"]) exactly(unreadChatsOutput, (await bob.get(path)).body);
    exactly(chatsOutput, (await bob.get("/chats")).body);
    exactly(messagesOutput, (await bob.get(`/chats/${chat}`)).body);
    exactly(chatIdOutput, (await bob.get(`/chats/users/${ann.id}/${bob.id}`)).body);
    await expect.poll(async () => (await ann.get("/chat_rooms")).body.length).toBe(2);
    for (const path of ["/chat_rooms", "/chat_rooms/message/unread"]) exactly(roomsOutput, (await ann.get(path)).body);
    exactly(roomOutput, (await ann.get(`/chat_rooms/${room}`)).body);
    exactly(participantsOutput, (await ann.get(`/chat_rooms/${room}/users`)).body);
    exactly(syncOutput, (await ann.get("/sync")).body);
    expect(exactly(fetchedOutput, (await bob.get(`/chats_v2/${chat}`)).body)).toHaveLength(1);
    exactly(envelopeOutput, (await bob.get(`/chats_v2/${chat}`, { accept: "application/x.faeapp.v1+json" })).body);
  });

  it("stand in the OpenAPI document, with who may ask and how an error looks", async () => {
    const { paths } = (await call("GET", "/openapi.json")).body;
    const operations = Object.entries<Body>(paths).flatMap(([path, methods]) =>
      Object.entries<Body>(methods).flatMap(([method, operation]) =>
        operation.tags?.includes("mobile") === true ? [[`${method.toUpperCase()} ${path}`, operation] as const] : [],
      ),
    );
    expect(operations).toHaveLength(26);
    const open = operations.filter(([, { security }]) => security.length === 0).map(([name]) => name);
    expect(new Set(open)).toEqual(new Set(["POST /users", "POST /authentication"]));
    for (const [name, { responses, security, requestBody }] of operations) {
      if (security.length > 0) expect(Object.keys(responses), name).toContain("401");
      if (name.startsWith("GET")) expect(responses["200"].content["application/json"].schema, name).toBeDefined();
      for (const status of Object.keys(responses).filter((one) => Number(one) >= 400)) {
        const { schema } = responses[status].content["application/json"];
        expect(schema, `${name} ${status}`).toEqual({ $ref: "#/components/schemas/MobileError" });
      }
      const types = Object.keys(requestBody?.content ?? {});
      if (types.length > 0) expect(types, name).toEqual(["application/x-www-form-urlencoded", "application/json"]);
    }
    const history = operations.find(([name]) => name === "GET /chats/{chat_id}")?.[1];
    expect(history.parameters.map((one: Body) => one.name)).toEqual(
      expect.arrayContaining(["chat_id", "count", "offset"]),
    );
  });
});
