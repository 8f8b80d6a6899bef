import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";
import { soon } from "../support/patience.ts";

/** Ann has sent three messages to Bob. */
async function threeUnread(): Promise<{ ann: Person; bob: Person; chat: Body; path: string; ids: number[] }> {
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.direct(bob);
  const ids: number[] = [];
  for (const text of ["one", "two", "three"]) ids.push((await ann.say(chat.id, text)).id);
  return { ann, bob, chat, path: `/v1/chats/${chat.id}`, ids };
}

/** `read` of each message, oldest first, as `who` sees it. */
const reads = async (who: Person, path: string): Promise<boolean[]> =>
  (await who.get(`${path}/messages?after=0`)).body.items.map((message: Body) => message.read);

const listed = (who: Person, unread: number) =>
  soon(async () => expect((await who.get("/v1/chats")).body.items[0].unread).toBe(unread));

describe("reading", () => {
  it("message 2 of 3 leaves 1 and 3 unread, to the reader and to the author", async () => {
    const { ann, bob, path, ids } = await threeUnread();
    expect(await bob.post(`${path}/read`, { message_id: ids[1] })).toMatchObject({ status: 200, body: { unread: 2 } });
    expect(await reads(bob, path)).toEqual([false, true, false]);
    expect(await reads(ann, path)).toEqual([false, true, false]);
    await listed(bob, 2);
    expect((await bob.get(path)).body).toMatchObject({
      unread: 2,
      members: [{}, { user: { id: bob.id }, read_seq: 0 }],
    });
  });

  it("up to 2 of 3 leaves 3, and all leaves none", async () => {
    const { bob, path, ids } = await threeUnread();
    expect((await bob.post(`${path}/read`, { up_to: String(ids[1]) })).body).toEqual({ unread: 1 });
    expect(await reads(bob, path)).toEqual([true, true, false]);
    expect((await bob.post(`${path}/read`, {})).body).toEqual({ unread: 0 });
    expect(await reads(bob, path)).toEqual([true, true, true]);
    await listed(bob, 0);
  });

  it("goes without a body, and is never taken back", async () => {
    const { bob, path, ids } = await threeUnread();
    expect((await bob.call("POST", `${path}/read`)).body).toEqual({ unread: 0 });
    expect((await bob.post(`${path}/read`, { up_to: ids[0] })).body).toEqual({ unread: 0 });
    expect((await bob.post(`${path}/read`, { message_id: ids[0] })).body).toEqual({ unread: 0 });
    expect(await reads(bob, path)).toEqual([true, true, true]);
  });

  it("one's own messages need no reading, and reading them is no receipt", async () => {
    const { ann, path, ids } = await threeUnread();
    expect((await ann.post(`${path}/read`, { message_id: ids[2] })).body).toEqual({ unread: 0 });
    expect(await reads(ann, path)).toEqual([false, false, false]);
  });

  it("in a group is a receipt to the author as soon as one other has read", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob, eve);
    const path = `/v1/chats/${chat.id}`;
    await ann.say(chat.id, "hello");
    await bob.post(`${path}/read`);
    expect([await reads(ann, path), await reads(bob, path), await reads(eve, path)]).toEqual([[true], [true], [false]]);
    // Who has read stays a reader when they leave.
    await bob.delete(`${path}/members/${bob.id}`);
    expect(await reads(ann, path)).toEqual([true]);
  });

  it("an unread message that is deleted counts no more; one that was read alone does not count twice", async () => {
    const { ann, bob, path, ids } = await threeUnread();
    await bob.post(`${path}/read`, { message_id: ids[1] });
    await ann.delete(`${path}/messages/${ids[1]}`);
    await listed(bob, 2);
    await ann.delete(`${path}/messages/${ids[0]}`);
    await listed(bob, 1);
    expect((await bob.post(`${path}/read`, { message_id: ids[2] })).body).toEqual({ unread: 0 });
  });

  it("refuses what is no message of this chat, and both at once", async () => {
    const { ann, bob, path, ids } = await threeUnread();
    const other = await ann.say((await ann.group("g", bob)).id, "elsewhere");
    for (const key of ["message_id", "up_to"]) {
      for (const id of [other.id, (ids[2] ?? 0) + 1, 1]) {
        expectProblem(await bob.post(`${path}/read`, { [key]: id }), "not_found");
      }
      for (const id of ["x", -1, 0, 1.5, 1e300, null, [], {}, true, ""]) {
        expectProblem(await bob.post(`${path}/read`, { [key]: id }), "input.invalid", key);
      }
    }
    expectProblem(await bob.post(`${path}/read`, { message_id: ids[0], up_to: ids[0] }), "input.invalid");
    expect(await reads(bob, path)).toEqual([false, false, false]);
  });
});

describe("the news of reading", () => {
  it("reaches the author as read, and the reader's other sockets as read and unread", async () => {
    const { ann, bob, chat, ids } = await threeUnread();
    const [a, here, there] = [await ann.socket(), await bob.socket(), await bob.socket(chat.id)];
    expect(await here.do("read", { chat_id: chat.id, message_id: ids[1] })).toEqual({ re: "c1", ok: true, unread: 2 });
    const told = { event: "read", chat_id: chat.id, user_id: bob.id };
    for (const socket of [a, there]) expect(await socket.event("read")).toEqual({ ...told, message_ids: [ids[1]] });
    expect(await there.event("unread")).toEqual({ event: "unread", chat_id: chat.id, unread: 2 });
    expect(await there.do("read", { up_to: ids[2] })).toEqual({ re: "c1", ok: true, unread: 0 });
    for (const socket of [a, here]) {
      expect(await socket.event("read", (event) => "up_to" in event)).toEqual({ ...told, up_to: ids[2] });
    }
    expect(await here.event("unread", (event) => event.unread === 0)).toBeDefined();
    // Each has its own answer, and not the event that follows from it.
    expect(here.events.filter((event) => event.event === "read")).toHaveLength(1);
    expect(a.events.filter((event) => event.event === "unread")).toEqual([]);
  });

  it("nothing is told where nothing was unread", async () => {
    const { ann, bob, chat } = await threeUnread();
    const [a, b] = [await ann.socket(), await bob.socket()];
    await b.do("read", { chat_id: chat.id });
    await b.do("read", { chat_id: chat.id });
    await bob.say(chat.id, "done");
    await a.event("message.created");
    expect(a.events.filter((event) => event.event === "read")).toHaveLength(1);
  });
});

describe("changes", () => {
  it("tell all that happened since a rev, edits, deletions and members included", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob);
    const path = `/v1/chats/${chat.id}`;
    const [kept, edited, gone] = [
      await ann.say(chat.id, "kept"),
      await ann.say(chat.id, "edit"),
      await ann.say(chat.id, "x"),
    ];
    const since = async (rev: number): Promise<Body> => {
      const { status, body } = await bob.get(`${path}/changes?since=${rev}`);
      expect(status).toBe(200);
      expectShape("changes", body);
      expectShape("chat", body.chat);
      for (const message of body.messages) expectShape("message", message);
      for (const member of body.members) expectShape("member", member);
      return body;
    };
    expect(await since(4)).toMatchObject({ rev: 4, messages: [], members: [], chat: { rev: 4, unread: 3 } });
    expect(await since(1)).toMatchObject({
      rev: 4,
      messages: [{ id: kept.id }, { id: edited.id }, { id: gone.id }],
      members: [],
    });
    await ann.patch(`${path}/messages/${edited.id}`, { text: "edited" });
    await ann.delete(`${path}/messages/${gone.id}`);
    expect(await since(4)).toMatchObject({
      rev: 6,
      messages: [
        { id: edited.id, text: "edited", rev: 5 },
        { id: gone.id, text: null, rev: 6 },
      ],
      members: [],
    });
    await ann.put(`${path}/members/${eve.id}`);
    await ann.patch(path, { title: "The team" });
    const last = await since(6);
    expect(last).toMatchObject({ rev: 8, messages: [], chat: { title: "The team", members_count: 3 } });
    expect(last.members).toHaveLength(3);
    expect((await since(0)).members).toHaveLength(3);
    expect(await since(99)).toMatchObject({ messages: [], members: [], chat: { rev: 8 } });
  });

  it("come in pieces of 500, and asking on from each rev gives every message once", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const a = await ann.socket(chat.id);
    for (let sent = 0; sent < 520; sent += 20) {
      await Promise.all(Array.from({ length: 20 }, () => ann.say(chat.id, "x")));
    }
    const seqs: number[] = [];
    let rev = 0;
    let pieces = 0;
    for (;;) {
      const piece = await a.do("changes", { since: rev });
      expect(piece.ok).toBe(true);
      pieces++;
      seqs.push(...piece.messages.map((message: Body) => message.seq));
      rev = piece.rev;
      if (rev === piece.chat.rev) break;
      expect(rev).toBe(500);
    }
    expect([pieces, rev]).toEqual([2, 521]);
    expect(seqs).toEqual(Array.from({ length: 520 }, (_, n) => n + 1));
    a.close();
  });

  it("refuse what is no rev", async () => {
    const [ann, bob] = await people("ann", "bob");
    const path = `/v1/chats/${(await ann.direct(bob)).id}/changes`;
    for (const query of [
      "",
      "?since=",
      "?since=x",
      "?since=-1",
      "?since=1.5",
      "?since=1e3",
      `?since=${"9".repeat(17)}`,
    ]) {
      expectProblem(await bob.get(`${path}${query}`), "input.invalid", "since");
    }
  });
});
