// Chat rooms of `mobile`: made, found, joined by writing, left alone where they are full or far.

import { describe, expect, it } from "vitest";
import { MobileClient, mobilePair } from "../support/mobile.ts";
import type { Body } from "../support/people.ts";
import { person } from "../support/people.ts";

const PLACE = { title: "The square", geo_latitude: 50.087, geo_longitude: 14.421 };
const make = async (who: MobileClient, more: Record<string, string | number> = {}): Promise<number> =>
  (await who.post("/chat_rooms", { ...PLACE, ...more })).body.chat_room_id;

describe("/chat_rooms", () => {
  it("is made with a place, read by anyone, and joined by writing; everyone else in it has one more unread", async () => {
    const [ann, bob] = await mobilePair();
    const eve = new MobileClient(await person("eve"));
    const room = await make(ann, { interaction_radius: 500, description: "For all", capacity: 3 });
    expect((await bob.get(`/chat_rooms/${room}`)).body).toMatchObject({
      chat_room_id: room,
      title: "The square",
      user_id: ann.id,
      geolocation: { latitude: 50.087, longitude: 14.421 },
      interaction_radius: 500,
      description: "For all",
      capacity: 3,
    });
    expect((await bob.get("/chat_rooms")).body).toEqual([]);
    for (const who of [bob, eve]) {
      const sent = await who.post(`/chat_rooms/${room}/message`, { message: `from ${who.id}`, type: "text" });
      expect([sent.status, sent.body]).toEqual([201, undefined]);
    }
    expect((await ann.get("/chat_rooms/message/unread")).body).toEqual([
      {
        chat_room_id: room,
        title: "The square",
        user_id: ann.id,
        geolocation: { latitude: 50.087, longitude: 14.421 },
        last_message: `from ${eve.id}`,
        last_message_sender_id: eve.id,
        last_message_sender_name: eve.person.username,
        last_message_type: "text",
        last_message_timestamp: expect.any(String),
        unread_count: 2,
        created_at: expect.any(String),
        server_sent_timestamp: expect.any(String),
      },
    ]);
    await expect.poll(async () => (await bob.get("/chat_rooms")).body[0]?.unread_count).toBe(1);
    expect((await ann.get("/sync")).body.chat_room).toBe(2);
    const users = (await ann.get(`/chat_rooms/${room}/users`)).body;
    expect(users.map((user: Body) => user.user_id)).toEqual([ann.id, bob.id, eve.id]);
    expect(users[0]).toEqual({
      chat_room_id: room,
      user_id: ann.id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    });

    for (const path of ["read", "message/read"])
      expect((await ann.post(`/chat_rooms/${room}/${path}`)).status).toBe(201);
    expect((await ann.get("/chat_rooms/message/unread")).body).toEqual([]);

    const zoe = new MobileClient(await person("zoe"));
    const full = await zoe.post(`/chat_rooms/${room}/message`, { message: "too late", type: "text" });
    expect(full).toMatchObject({ status: 400, body: { error_code: "400-4" } });
    expect((await ann.get(`/chat_rooms/${room}/users`)).body).toHaveLength(3);
  });

  it("with a radius refuses who says that they are outside it, and nobody else", async () => {
    const [ann, bob] = await mobilePair();
    const room = await make(ann, { interaction_radius: 1_000 });
    const write = (where: Record<string, number>) =>
      bob.post(`/chat_rooms/${room}/message`, { message: "hi", type: "text", ...where });
    expect(await write({ geo_latitude: 48.2, geo_longitude: 16.37 })).toMatchObject({
      status: 403,
      body: { error_code: "403-3" },
    });
    expect((await ann.get(`/chat_rooms/${room}/users`)).body).toHaveLength(1);
    expect((await write({ geo_latitude: 50.088, geo_longitude: 14.42 })).status).toBe(201);
    expect((await write({})).status).toBe(201);
    const anywhere = await make(ann);
    const far = await bob.post(`/chat_rooms/${anywhere}/message`, {
      message: "hi",
      type: "text",
      geo_latitude: -33,
      geo_longitude: 151,
    });
    expect(far.status).toBe(201);
  });

  it("shows groups that were made elsewhere to their members, and to nobody else", async () => {
    const [ann, bob] = await mobilePair();
    const eve = await person("eve");
    const group = (await eve.group("From native", ann.person)).id;
    await eve.say(group, "hello");
    await expect.poll(async () => (await ann.get("/chat_rooms")).body[0]?.unread_count).toBe(1);
    expect((await ann.post(`/chat_rooms/${group}/message`, { message: "hi eve", type: "text" })).status).toBe(201);
    expect(await eve.unread(group)).toBe(1);
    const stranger = await bob.post(`/chat_rooms/${group}/message`, { message: "me too", type: "text" });
    expect(stranger).toMatchObject({ status: 403, body: { error_code: "403-1" } });
  });

  it.each([
    ["GET", "/chat_rooms/abc", undefined, 400, "400-3"],
    ["GET", "/chat_rooms/99999999", undefined, 404, "404-5"],
    ["GET", "/chat_rooms/99999999/users", undefined, 404, "404-5"],
    ["GET", "/chat_rooms/ROOM/users", undefined, 404, "404-8"],
    ["POST", "/chat_rooms/ROOM/read", {}, 404, "404-8"],
    ["POST", "/chat_rooms/ROOM/message/read", {}, 404, "404-8"],
    ["POST", "/chat_rooms/99999999/message", { message: "x", type: "text" }, 404, "404-5"],
    ["POST", "/chat_rooms/ROOM/message", { type: "text" }, 422, undefined],
    ["POST", "/chat_rooms/DIRECT/message", { message: "x", type: "text" }, 404, "404-5"],
    ["POST", "/chat_rooms", { title: "x" }, 422, undefined],
    ["POST", "/chat_rooms", { ...PLACE, geo_latitude: 91 }, 422, undefined],
    ["POST", "/chat_rooms", { ...PLACE, title: " " }, 422, undefined],
    ["POST", "/chat_rooms", { ...PLACE, capacity: 0 }, 422, undefined],
  ] as const)("%s %s %j is %i %s", async (method, path, body, status, code) => {
    const [ann, bob] = await mobilePair();
    const eve = await person("eve");
    const places: Record<string, string> = {
      ROOM: String(await make(ann)),
      DIRECT: String((await ann.person.direct(eve)).id),
    };
    const answer = await bob.call(
      method,
      path.replaceAll(/ROOM|DIRECT/g, (name) => places[name] ?? name),
      body,
    );
    expect([answer.status, answer.body.error_code, answer.body.status_code]).toEqual([status, code, status]);
  });
});
