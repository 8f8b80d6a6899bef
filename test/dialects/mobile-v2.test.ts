// `/chats_v2`: reading is consuming.

import { describe, expect, it } from "vitest";
import { mobilePair } from "../support/mobile.ts";
import type { Body } from "../support/people.ts";

const texts = (messages: Body[]): string[] => messages.map((message) => message.message);

describe("/chats_v2", () => {
  it("hands out what was sent to me and not fetched, oldest first, fifty at a time, and says what is left", async () => {
    const [ann, bob] = await mobilePair();
    let chat = 0;
    for (let n = 0; n < 120; n++) chat = await ann.write(bob, `m${n}`, "/chats_v2");
    const own = await ann.get(`/chats_v2/${chat}`);
    expect([own.body, own.headers.get("unread_count")]).toEqual([[], "0"]);
    const got: string[] = [];
    for (const left of ["70", "20", "0"]) {
      const { body, headers } = await bob.get(`/chats_v2/${chat}`);
      got.push(...texts(body));
      expect([headers.get("unread_count"), headers.get("unread-count")]).toEqual([left, left]);
      expect((await bob.get("/sync")).body.chat).toBe(Number(left));
    }
    expect(got).toEqual(Array.from({ length: 120 }, (_, n) => `m${n}`));
    expect((await bob.get(`/chats_v2/${chat}`)).body).toEqual([]);
    expect((await bob.get("/chats_v2/unread")).body).toEqual([]);
  });

  it("deletes from the store what was sent through it, once it is fetched, and nothing else", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "through v2", "/chats_v2");
    await ann.write(bob, "through v1");
    await ann.person.say(chat, "through native");
    const native = await ann.person.socket();
    const [first] = (await bob.get("/chats_v2/unread")).body;
    expect(first).toMatchObject({ chat_id: chat, unread_count: 3, last_message: "through native" });
    const { body } = await bob.get(`/chats_v2/${bob.id}/${ann.id}`);
    expect(body[0]).toEqual({
      chat_id: chat,
      message: "through v2",
      message_sender_id: ann.id,
      message_sender_name: ann.person.username,
      message_timestamp: expect.any(String),
      message_type: "text",
      server_sent_timestamp: expect.any(String),
      receiver_id: bob.id,
      type: "text",
    });
    expect(texts(body)).toEqual(["through v2", "through v1", "through native"]);
    expect(texts((await bob.get(`/chats/${chat}`)).body)).toEqual(["through native", "through v1"]);
    const { items } = (await ann.person.get(`/v1/chats/${chat}/messages`)).body;
    expect(items.map((message: Body) => [message.text, message.deleted_at !== null])).toEqual([
      ["through native", false],
      ["through v1", false],
      [null, true],
    ]);
    expect(await native.event("read")).toMatchObject({ user_id: bob.id });
    expect(await native.event("message.deleted")).toMatchObject({ chat_id: chat });
    expect(JSON.stringify((await ann.person.get(`/v1/chats/${chat}/changes?since=0`)).body)).not.toContain(
      "through v2",
    );
  });

  it("wraps the answer for those who accept its own media type", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "wrapped", "/chats_v2");
    const { body, headers } = await bob.get(`/chats_v2/${chat}`, { accept: "application/x.faeapp.v1+json" });
    expect(body).toMatchObject({ unread_count: 0, messages: [{ message: "wrapped" }] });
    expect(headers.get("content-type")).toContain("application/x.faeapp.v1+json");
    expect((await ann.get(`/chats_v2/users/${ann.id}/${bob.id}`)).body).toEqual({ chat_id: chat });
    expect((await ann.delete(`/chats_v2/${chat}`)).status).toBe(204);
    expect((await bob.get(`/chats_v2/${chat}`)).status).toBe(404);
  });
});
