import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const ids = (page: Body): number[] => page.items.map((message: Body) => message.id);

async function talk(): Promise<{ ann: Person; bob: Person; chat: Body; path: string }> {
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.direct(bob);
  return { ann, bob, chat, path: `/v1/chats/${chat.id}/messages` };
}

describe("sending", () => {
  it("answers 201 with the message, all fields of the contract in it", async () => {
    const { ann, chat, path } = await talk();
    const { status, body } = await ann.post(path, { text: "hello  \n" });
    expect(status).toBe(201);
    expectShape("message", body);
    expectShape("person", body.user);
    expect(body).toMatchObject({
      id: chat.id * 2 ** 24 + 1,
      chat_id: chat.id,
      seq: 1,
      rev: 2,
      text: "hello",
      type: "text",
    });
    expect(body).toMatchObject({ attachments: [], data: null, reply_to: null, client_id: null, read: false });
    expect(body).toMatchObject({ edited_at: null, deleted_at: null, user: { id: ann.id } });
  });

  it("the same client_id again answers 200 with the same message, and stores nothing", async () => {
    const { ann, bob, path } = await talk();
    const first = await ann.post(path, { text: "once", client_id: "c 1" });
    const again = await ann.post(path, { text: "something else", client_id: "c 1" });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    // Another's id of the same name is another's.
    expect((await bob.post(path, { text: "mine", client_id: "c 1" })).status).toBe(201);
    expect((await ann.get(path)).body.items).toHaveLength(2);
  });

  it("twenty times at the same instant under one client_id stores one message", async () => {
    const { ann, path } = await talk();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ann.post(path, { text: "x", client_id: "c" })));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  });

  it("gives each message the next seq and rev, whoever sends at the same instant", async () => {
    const { ann, bob, chat, path } = await talk();
    await Promise.all(Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? ann : bob).say(chat.id, `m${n}`)));
    const { items } = (await ann.get(`${path}?after=0`)).body;
    expect(items.map((message: Body) => message.seq)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(items.map((message: Body) => message.rev)).toEqual(Array.from({ length: 30 }, (_, n) => n + 2));
  });

  it("bears a type, data and what it replies to", async () => {
    const { ann, path } = await talk();
    const data = { place: [1.5, -2], __proto__: { x: 1 }, nested: { deep: [null, true, "👍"] } };
    const first = await ann.post(
      path,
      `{"type":"location","data":${JSON.stringify(data).replace("{", '{"__proto__":{"x":1},')}}`,
    );
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ type: "location", text: null, data: { place: [1.5, -2] } });
    expect(JSON.stringify(first.body.data)).toContain('"__proto__":{"x":1}');
    const reply = await ann.post(path, { text: "there", reply_to: String(first.body.id) });
    expect(reply.body).toMatchObject({ reply_to: first.body.id, type: "text" });
    expect((await ann.get(path)).body.items).toEqual([reply.body, first.body]);
    expect((await ann.post(path, { text: "x", reply_to: null })).body.reply_to).toBeNull();
    for (const type of ["text", "image", "sticker", "audio", "file", "customize"]) {
      expect((await ann.post(path, { text: "x", type })).body.type).toBe(type);
    }
  });

  it("keeps every character that there is", async () => {
    const { ann, path } = await talk();
    for (const text of ["👍🏽 e\u0301 \u202e", 'a"b\\c', "NUL \u0000 inside", "'; DROP TABLE messages; --", "<b>&amp;"]) {
      const sent = (await ann.post(path, { text })).body;
      expect(sent.text).toBe(text);
      expect((await ann.get(`${path}?limit=1`)).body.items[0]).toEqual(sent);
    }
  });

  it("takes a text of 10,000 emoji and refuses one of 10,001", async () => {
    const { ann, path } = await talk();
    expect((await ann.post(path, { text: "👍".repeat(10_000) })).status).toBe(201);
    expectProblem(await ann.post(path, { text: "👍".repeat(10_001) }), "input.invalid", "text");
    expectProblem(await ann.post(path, { text: "a".repeat(10_001) }), "input.invalid", "text");
    expect((await ann.get(path)).body.items).toHaveLength(1);
  });
});

describe("editing", () => {
  it("changes the text, notes when, and moves the chat's rev", async () => {
    const { ann, bob, path } = await talk();
    const sent = (await ann.post(path, { text: "helo" })).body;
    const { status, body } = await ann.patch(`${path}/${sent.id}`, { text: "hello " });
    expect(status).toBe(200);
    expectShape("message", body);
    expect(body).toMatchObject({ ...sent, text: "hello", rev: 3, edited_at: expect.any(String) });
    expect((await bob.get(path)).body.items).toEqual([body]);
  });

  it("is for the author alone, of a message that is there, with a text that could be sent", async () => {
    const { ann, bob, path } = await talk();
    const sent = (await ann.post(path, { text: "mine" })).body;
    expectProblem(await bob.patch(`${path}/${sent.id}`, { text: "yours" }), "access.denied");
    for (const text of ["", "  ", "x".repeat(10_001), "\ud83d", 5, null, undefined]) {
      expectProblem(await ann.patch(`${path}/${sent.id}`, { text }), "input.invalid", "text");
    }
    expectProblem(await ann.patch(`${path}/${sent.id + 1}`, { text: "x" }), "not_found");
    await ann.delete(`${path}/${sent.id}`);
    expectProblem(await ann.patch(`${path}/${sent.id}`, { text: "back" }), "not_found");
  });
});

describe("deleting", () => {
  it("leaves the place without its content, once, and the chat's rev moves once", async () => {
    const { ann, bob, chat, path } = await talk();
    const first = (await ann.post(path, { text: "secret", data: { a: 1 }, client_id: "c" })).body;
    const reply = (await bob.post(path, { text: "re", reply_to: first.id })).body;
    expect(await ann.delete(`${path}/${first.id}`)).toMatchObject({ status: 204, body: undefined });
    expect((await ann.delete(`${path}/${first.id}`)).status).toBe(204);
    const { items } = (await bob.get(path)).body;
    expect(ids({ items })).toEqual([reply.id, first.id]);
    expectShape("message", items[1]);
    expect(items[1]).toMatchObject({ seq: 1, rev: 4, text: null, data: null, attachments: [], reply_to: null });
    expect(items[1].deleted_at).not.toBeNull();
    expect((await ann.get(`/v1/chats/${chat.id}`)).body.rev).toBe(4);
    // Its client_id still answers with it: nothing is sent again.
    expect(await ann.post(path, { text: "again", client_id: "c" })).toMatchObject({
      status: 200,
      body: { id: first.id },
    });
  });

  it("is for the author; in a group for its owner and admins too", async () => {
    const { ann, bob, path } = await talk();
    const sent = (await bob.post(path, { text: "mine" })).body;
    expectProblem(await ann.delete(`${path}/${sent.id}`), "access.denied");
    const group = await ann.group("Team", bob);
    const [mine, his] = [await ann.say(group.id, "mine"), await bob.say(group.id, "his")];
    expectProblem(await bob.delete(`/v1/chats/${group.id}/messages/${mine.id}`), "access.denied");
    expect((await ann.delete(`/v1/chats/${group.id}/messages/${his.id}`)).status).toBe(204);
  });

  it("of an unread message leaves nothing unread, and the list shows that its content is gone", async () => {
    const { ann, bob, chat, path } = await talk();
    const b = await bob.socket();
    const sent = (await ann.post(path, { text: "oops" })).body;
    await ann.delete(`${path}/${sent.id}`);
    expect(await b.event("unread")).toEqual({ event: "unread", chat_id: chat.id, unread: 0 });
    expect((await bob.get("/v1/chats")).body.items[0]).toMatchObject({
      unread: 0,
      last_message: { id: sent.id, text: null },
    });
  });
});

describe("history", () => {
  it("is newest first, with before going back and after going forth, and next says where to go on", async () => {
    const { ann, bob, chat, path } = await talk();
    const sent: number[] = [];
    for (let n = 0; n < 7; n++) sent.push((await ann.say(chat.id, `m${n}`)).id);
    const newest = sent.toReversed();
    const get = async (query: string) => (await bob.get(`${path}${query}`)).body;
    for (const message of (await get("")).items) expectShape("message", message);
    expect(await get("")).toMatchObject({ items: newest.map((id) => ({ id })), next: null });
    const pages = async (query: string, cursor: string): Promise<number[][]> => {
      const all: number[][] = [];
      let page = await get(query);
      for (;;) {
        all.push(ids(page));
        if (page.next === null) return all;
        page = await get(`?limit=3&${cursor}=${page.next}`);
      }
    };
    expect(await pages("?limit=3", "before")).toEqual([newest.slice(0, 3), newest.slice(3, 6), newest.slice(6)]);
    expect(await pages("?limit=3&after=0", "after")).toEqual([sent.slice(0, 3), sent.slice(3, 6), sent.slice(6)]);
    expect(ids(await get(`?before=${sent[3]}`))).toEqual(newest.slice(4));
    expect(ids(await get(`?after=${sent[3]}`))).toEqual(sent.slice(4));
    expect(await get(`?after=${sent[6]}`)).toEqual({ items: [], next: null });
    expect(await get(`?before=${sent[0]}`)).toEqual({ items: [], next: null });
  });

  it("has 50 on a page, or as many as are asked for up to 100", async () => {
    const { ann, chat, path } = await talk();
    await Promise.all(Array.from({ length: 101 }, (_, n) => ann.say(chat.id, `m${n}`)));
    expect((await ann.get(path)).body.items).toHaveLength(50);
    const page = (await ann.get(`${path}?limit=100`)).body;
    expect(page.items).toHaveLength(100);
    expect((await ann.get(`${path}?before=${page.next}`)).body).toMatchObject({ items: [{ seq: 1 }], next: null });
  });

  it("refuses what is no page", async () => {
    const { ann, bob, path } = await talk();
    const sent = (await ann.post(path, { text: "x" })).body;
    const other = await ann.say((await ann.group("g", bob)).id, "elsewhere");
    for (const limit of ["0", "101", "x", "1.5", "-3"]) {
      expectProblem(await ann.get(`${path}?limit=${limit}`), "input.invalid", "limit");
    }
    for (const cursor of ["before", "after"]) {
      for (const id of ["x", "-1", "1.5", "", "17", String(other.id), "9".repeat(17)]) {
        expectProblem(await ann.get(`${path}?${cursor}=${id}`), "input.invalid", cursor);
      }
    }
    expectProblem(await ann.get(`${path}?before=${sent.id}&after=${sent.id}`), "input.invalid");
  });
});
