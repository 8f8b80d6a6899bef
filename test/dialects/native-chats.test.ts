import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import type { Body } from "../support/people.ts";
import { people, person } from "../support/people.ts";
import { soon } from "../support/patience.ts";

const NOWHERE = 99_999_999;

describe("the direct chat of two people", () => {
  it("is made once: 201, then 200 and the same one, from either side", async () => {
    const [ann, bob] = await people("ann", "bob");
    const made = await ann.post("/v1/chats", { members: [bob.id] });
    expect(made.status).toBe(201);
    expectShape("detailedChat", made.body);
    expect(made.body).toMatchObject({ kind: "direct", title: null, members_count: 2, rev: 1, last_seq: 0, unread: 0 });
    expect(made.body).toMatchObject({ last_message: null, peer: { id: bob.id, username: bob.username } });
    const again = await bob.post("/v1/chats", { members: [String(ann.id)] });
    expect(again).toMatchObject({ status: 200, body: { id: made.body.id, peer: { id: ann.id } } });
    // Naming oneself, or the other one twice, makes no difference.
    for (const members of [
      [ann.id, bob.id],
      [bob.id, bob.id],
    ]) {
      expect(await ann.post("/v1/chats", { members })).toMatchObject({ status: 200, body: { id: made.body.id } });
    }
    expect(await ann.post("/v1/chats", { members: [bob.id], title: null })).toMatchObject({ status: 200 });
  });

  it("is made once also when both ask at the same instant, many times", async () => {
    const [ann, bob] = await people("ann", "bob");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? ann : bob).post("/v1/chats", { members: [ann.id, bob.id] })),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    await soon(async () => expect((await bob.get("/v1/chats")).body.items).toHaveLength(1));
  });

  it("has no title, no other members, and nobody leaves it", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const path = `/v1/chats/${(await ann.direct(bob)).id}`;
    expectProblem(await ann.patch(path, { title: "Us" }), "access.denied");
    expectProblem(await ann.put(`${path}/members/${eve.id}`), "access.denied");
    expectProblem(await ann.put(`${path}/members/${bob.id}`, { role: "admin" }), "access.denied");
    expectProblem(await ann.delete(`${path}/members/${bob.id}`), "access.denied");
    expectProblem(await ann.delete(`${path}/members/${ann.id}`), "access.denied");
    expect((await bob.get(path)).body).toMatchObject({ title: null, members_count: 2, rev: 1 });
  });

  it("with oneself has one member, who is one's own peer, and nothing in it is ever unread", async () => {
    const ann = await person("ann");
    const made = await ann.post("/v1/chats", { members: [ann.id] });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ kind: "direct", members_count: 1, peer: { id: ann.id } });
    expect(made.body.members).toHaveLength(1);
    await ann.say(made.body.id, "a note");
    expect(await ann.unread(made.body.id)).toBe(0);
    expect(await ann.post("/v1/chats", { members: [ann.id] })).toMatchObject({
      status: 200,
      body: { id: made.body.id },
    });
  });

  it("either side erases it for both, and the next one of the two is another chat, empty", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "gone soon");
    const [a, b] = [await ann.socket(), await bob.socket()];
    expect(await bob.delete(`/v1/chats/${chat.id}`)).toMatchObject({ status: 204, body: undefined });
    for (const one of [ann, bob]) {
      expectProblem(await one.get(`/v1/chats/${chat.id}`), "not_found");
      expectProblem(await one.get(`/v1/chats/${chat.id}/messages`), "not_found");
    }
    for (const socket of [a, b]) {
      expect(await socket.event("chat.removed")).toEqual({ event: "chat.removed", chat_id: chat.id });
    }
    await soon(async () => expect((await ann.get("/v1/chats")).body.items).toEqual([]));
    const next = await ann.post("/v1/chats", { members: [bob.id] });
    expect(next.status).toBe(201);
    expect(next.body.id).not.toBe(chat.id);
    expect((await bob.get(`/v1/chats/${next.body.id}/messages`)).body.items).toEqual([]);
  });
});

describe("a group", () => {
  it("is made with a title, or of more than two, and is another one each time", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const titled = await ann.post("/v1/chats", { members: [bob.id], title: "  Team  " });
    expect(titled.status).toBe(201);
    expectShape("detailedChat", titled.body);
    expect(titled.body).toMatchObject({ kind: "group", title: "Team", members_count: 2, peer: null, rev: 1 });
    for (const member of titled.body.members) expectShape("member", member);
    expect(titled.body.members.map((one: Body) => [one.user.id, one.role])).toEqual([
      [ann.id, "owner"],
      [bob.id, "member"],
    ]);
    const again = await ann.post("/v1/chats", { members: [bob.id], title: "Team" });
    expect(again.body.id).not.toBe(titled.body.id);
    const three = await ann.post("/v1/chats", { members: [bob.id, eve.id, bob.id] });
    expect(three).toMatchObject({ status: 201, body: { kind: "group", title: null, members_count: 3 } });
    expect(await ann.post("/v1/chats", { members: [] })).toMatchObject({ status: 201, body: { members_count: 1 } });
  });

  it("with people who do not exist is not made, and the answer names them", async () => {
    const [ann, bob] = await people("ann", "bob");
    expectProblem(
      await ann.post("/v1/chats", { members: [bob.id, NOWHERE], title: "x" }),
      "input.invalid",
      "members.1",
    );
    expectProblem(await ann.post("/v1/chats", { members: [NOWHERE] }), "not_found");
    expect((await bob.get("/v1/chats")).body.items).toEqual([]);
  });

  it("is renamed by any member: the answer, the members' lists and everyone's view bear the title", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    const renamed = await bob.patch(`/v1/chats/${chat.id}`, { title: "The team 👍" });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toMatchObject({ title: "The team 👍", rev: 2 });
    expect((await ann.get(`/v1/chats/${chat.id}`)).body.title).toBe("The team 👍");
    expect((await ann.patch(`/v1/chats/${chat.id}`, { title: null })).body).toMatchObject({ title: null, rev: 3 });
    // The same title again is no change.
    expect((await ann.patch(`/v1/chats/${chat.id}`, { title: null })).body.rev).toBe(3);
  });

  it("takes no unfit title", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    for (const title of ["", "  ", "x".repeat(201), 5, ["x"], "\ud83d"]) {
      expectProblem(await ann.patch(`/v1/chats/${chat.id}`, { title }), "input.invalid", "title");
      expectProblem(await ann.post("/v1/chats", { members: [bob.id], title }), "input.invalid", "title");
    }
    expectProblem(await ann.patch(`/v1/chats/${chat.id}`, {}), "input.invalid", "title");
    expect((await ann.get(`/v1/chats/${chat.id}`)).body).toMatchObject({ title: "Team", rev: 1 });
  });

  it("is erased by its owner alone, for all", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    expectProblem(await bob.delete(`/v1/chats/${chat.id}`), "access.denied");
    expect((await ann.delete(`/v1/chats/${chat.id}`)).status).toBe(204);
    expectProblem(await bob.get(`/v1/chats/${chat.id}`), "not_found");
    expectProblem(await ann.delete(`/v1/chats/${chat.id}`), "not_found");
  });
});

describe("a chat that is not one's own", () => {
  it("is denied on every route, and one that does not exist is not found", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.direct(bob);
    const { id: message } = await ann.say(chat.id, "secret");
    for (const [id, code] of [
      [chat.id, "access.denied"],
      [NOWHERE, "not_found"],
    ] as const) {
      const path = `/v1/chats/${id}`;
      expectProblem(await eve.get(path), code);
      expectProblem(await eve.patch(path, { title: "x" }), code);
      expectProblem(await eve.delete(path), code);
      expectProblem(await eve.put(`${path}/members/${eve.id}`), code);
      expectProblem(await eve.delete(`${path}/members/${bob.id}`), code);
      expectProblem(await eve.get(`${path}/messages`), code);
      expectProblem(await eve.post(`${path}/messages`, { text: "x" }), code);
      expectProblem(await eve.patch(`${path}/messages/${message}`, { text: "x" }), code);
      expectProblem(await eve.delete(`${path}/messages/${message}`), code);
      expectProblem(await eve.post(`${path}/read`), code);
      expectProblem(await eve.get(`${path}/changes?since=0`), code);
    }
    expect((await bob.get(`/v1/chats/${chat.id}/messages`)).body.items).toHaveLength(1);
  });
});

describe("the list of one's chats", () => {
  it("is most recently active first, with unread and last message, in pages that neither miss nor repeat one", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chats: number[] = [];
    for (let n = 0; n < 5; n++) chats.push((await ann.group(`g${n}`, bob)).id);
    const sent: Body[] = [];
    for (const n of [2, 0, 4, 1, 3]) sent.push(await ann.say(chats[n] ?? 0, `in ${n}`));
    // Two that were sent in the same millisecond: the newer chat first.
    const latest = sent.toSorted((a, b) => b.created_at.localeCompare(a.created_at) || b.chat_id - a.chat_id);
    const expected = latest.map((message) => message.chat_id);
    await soon(async () => {
      expect((await bob.get("/v1/chats")).body).toMatchObject({
        items: latest.map(({ id }) => ({ last_message: { id } })),
        next: null,
      });
    });
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await bob.get(`/v1/chats?limit=2${query}`);
      for (const chat of body.items) {
        expectShape("chat", chat);
        expectShape("message", chat.last_message);
        expect(chat).toMatchObject({ unread: 1, last_seq: 1, last_message: { chat_id: chat.id, read: false } });
        seen.push(chat.id);
      }
      cursor = body.next;
    }
    expect(seen).toEqual(expected);
  });

  it("shows with unread=1 only those with something unread", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [one, other] = [await ann.group("one", bob), await ann.group("other", bob)];
    await ann.say(one.id, "x");
    const shows = (query: string, ids: number[]) =>
      soon(async () => {
        const { items } = (await bob.get(`/v1/chats${query}`)).body;
        expect(items.map((chat: Body) => chat.id).toSorted()).toEqual(ids);
      });
    await shows("", [one.id, other.id]);
    await shows("?unread=1", [one.id]);
    await shows("?unread=0", [one.id, other.id]);
    expect((await ann.get("/v1/chats?unread=1")).body.items).toEqual([]);
    await bob.post(`/v1/chats/${one.id}/read`);
    await shows("?unread=1", []);
  });

  it("refuses a limit, a cursor or a filter that is none", async () => {
    const [ann, bob] = await people("ann", "bob");
    await ann.direct(bob);
    await soon(async () => expect((await ann.get("/v1/chats")).body.items).toHaveLength(1));
    for (const limit of ["0", "101", "-1", "1.5", "x", "", "1e2"]) {
      expectProblem(await ann.get(`/v1/chats?limit=${limit}`), "input.invalid", "limit");
    }
    for (const cursor of ["x", "", "1.2.3", "9".repeat(60), "1.1%27--"]) {
      expectProblem(await ann.get(`/v1/chats?cursor=${cursor}`), "input.invalid", "cursor");
    }
    expectProblem(await ann.get("/v1/chats?unread=maybe"), "input.invalid", "unread");
  });
});
