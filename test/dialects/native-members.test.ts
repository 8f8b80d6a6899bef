import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const NOWHERE = 99_999_999;
const roles = (chat: Body): [number, string][] => chat.members.map((one: Body) => [one.user.id, one.role]);
const at = (chat: Body, who: Person): string => `/v1/chats/${chat.id}/members/${who.id}`;

describe("members", () => {
  it("are added by any member, as members, and adding one who is there changes nothing", async () => {
    const [ann, bob, eve, dan] = await people("ann", "bob", "eve", "dan");
    const chat = await ann.group("Team", bob);
    await ann.say(chat.id, "before eve");
    const added = await bob.put(at(chat, eve));
    expect(added.status).toBe(200);
    expectShape("detailedChat", added.body);
    expect(added.body).toMatchObject({ members_count: 3, rev: 3 });
    expect(roles(added.body)).toEqual([
      [ann.id, "owner"],
      [bob.id, "member"],
      [eve.id, "member"],
    ]);
    expect((await bob.put(at(chat, eve))).body).toMatchObject({ members_count: 3, rev: 3 });
    // History is there for who comes later, and none of it is unread.
    expect((await eve.get(`/v1/chats/${chat.id}`)).body).toMatchObject({
      unread: 0,
      last_message: { text: "before eve" },
    });
    expect((await eve.get(`/v1/chats/${chat.id}/messages`)).body.items[0].text).toBe("before eve");
    // The body may be missing altogether.
    expect((await bob.call("PUT", at(chat, dan))).status).toBe(200);
  });

  it("get roles from the owner alone", async () => {
    const [ann, bob, eve, dan] = await people("ann", "bob", "eve", "dan");
    const chat = await ann.group("Team", bob, eve);
    expectProblem(await bob.put(at(chat, eve), { role: "admin" }), "access.denied");
    expectProblem(await bob.put(at(chat, dan), { role: "admin" }), "access.denied");
    expect((await ann.put(at(chat, bob), { role: "admin" })).body.members[1]).toMatchObject({ role: "admin" });
    expectProblem(await bob.put(at(chat, eve), { role: "admin" }), "access.denied");
    expect((await ann.put(at(chat, dan), { role: "admin" })).body.members[3]).toMatchObject({ role: "admin" });
    expect((await ann.put(at(chat, bob), { role: "member" })).body.members[1]).toMatchObject({ role: "member" });
    for (const role of ["king", "", 1, null, ["admin"]]) {
      expectProblem(await ann.put(at(chat, bob), { role }), "input.invalid", "role");
    }
  });

  it("have exactly one owner: who hands the role over becomes an admin, and nobody is added as an owner", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob);
    expectProblem(await ann.put(at(chat, eve), { role: "owner" }), "access.denied");
    expectProblem(await ann.put(at(chat, ann), { role: "member" }), "input.invalid", "role");
    const { body } = await ann.put(at(chat, bob), { role: "owner" });
    expect(roles(body)).toEqual([
      [ann.id, "admin"],
      [bob.id, "owner"],
    ]);
    expectProblem(await ann.delete(`/v1/chats/${chat.id}`), "access.denied");
    expect((await bob.delete(`/v1/chats/${chat.id}`)).status).toBe(204);
  });

  it("are removed by those above them, and leave by themselves", async () => {
    const [ann, bob, eve, dan] = await people("ann", "bob", "eve", "dan");
    const chat = await ann.group("Team", bob, eve, dan);
    await ann.put(at(chat, bob), { role: "admin" });
    expectProblem(await eve.delete(at(chat, dan)), "access.denied");
    expectProblem(await bob.delete(at(chat, ann)), "access.denied");
    expect(await bob.delete(at(chat, eve))).toMatchObject({ status: 204, body: undefined });
    expectProblem(await eve.get(`/v1/chats/${chat.id}`), "access.denied");
    expect((await dan.delete(at(chat, dan))).status).toBe(204);
    expectProblem(await dan.post(`/v1/chats/${chat.id}/messages`, { text: "still?" }), "access.denied");
    expectProblem(await ann.delete(at(chat, eve)), "not_found");
    expect((await ann.get(`/v1/chats/${chat.id}`)).body).toMatchObject({ members_count: 2 });
  });

  it("when the owner leaves the first admin owns the chat, else the first member, and the last one takes it with them", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob, eve);
    await ann.put(at(chat, eve), { role: "admin" });
    const sockets = [await bob.socket(), await bob.socket(chat.id), await eve.socket()];
    await ann.delete(at(chat, ann));
    for (const socket of sockets) {
      const { rev } = await socket.event("member.removed", ({ user_id }) => user_id === ann.id);
      const now = await socket.event("member.added", ({ role }) => role === "owner");
      expect(now).toMatchObject({ chat_id: chat.id, rev: rev + 1, user: { id: eve.id } });
    }
    expect(roles((await bob.get(`/v1/chats/${chat.id}`)).body)).toEqual([
      [bob.id, "member"],
      [eve.id, "owner"],
    ]);
    await eve.delete(at(chat, eve));
    expect(roles((await bob.get(`/v1/chats/${chat.id}`)).body)).toEqual([[bob.id, "owner"]]);
    await bob.delete(at(chat, bob));
    expectProblem(await bob.get(`/v1/chats/${chat.id}`), "not_found");
  });

  it("who comes back is a plain member again, with nothing unread", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    await ann.put(at(chat, bob), { role: "admin" });
    await bob.delete(at(chat, bob));
    await ann.say(chat.id, "bob is away");
    const { body } = await ann.put(at(chat, bob));
    expect(body.members[1]).toMatchObject({ user: { id: bob.id }, role: "member", read_seq: 1 });
    expect((await bob.get(`/v1/chats/${chat.id}`)).body.unread).toBe(0);
  });

  it("who does not exist is not found", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    expectProblem(await ann.put(`/v1/chats/${chat.id}/members/${NOWHERE}`), "not_found");
    expectProblem(await ann.delete(`/v1/chats/${chat.id}/members/${NOWHERE}`), "not_found");
    for (const id of ["x", "0", "-1", "1.5", "9".repeat(20), "me"]) {
      expectProblem(await ann.put(`/v1/chats/${chat.id}/members/${id}`), "input.invalid", "user");
    }
    expect((await ann.get(`/v1/chats/${chat.id}`)).body).toMatchObject({ members_count: 2, rev: 1 });
  });
});

describe("what members hear of each other", () => {
  it("a new role is told to all, with the role", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("Team", bob);
    const [a, b] = [await ann.socket(), await bob.socket(chat.id)];
    await ann.put(at(chat, bob), { role: "owner" });
    for (const socket of [a, b]) {
      const roleOf = async (who: Person) =>
        (await socket.event("member.added", (event) => event.user.id === who.id)).role;
      expect(await roleOf(bob)).toBe("owner");
      expect(await roleOf(ann)).toBe("admin");
    }
  });

  it("member.added and member.removed have the fields of the contract, and one rev each", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob);
    const sockets = [await bob.socket(), await bob.socket(chat.id)];
    await ann.put(at(chat, eve));
    await ann.delete(at(chat, eve));
    for (const socket of sockets) {
      const added = await socket.event("member.added");
      expect(Object.keys(added)).toEqual(["event", "chat_id", "rev", "user", "role"]);
      expectShape("person", added.user);
      expect(added).toMatchObject({ chat_id: chat.id, rev: 2, role: "member", user: { id: eve.id } });
      expect(await socket.event("member.removed")).toEqual({
        event: "member.removed",
        chat_id: chat.id,
        rev: 3,
        user_id: eve.id,
      });
    }
  });

  it("who is removed in mid-conversation hears no more: their socket on the chat closes, and commands are denied", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.group("Team", bob, eve);
    const [own, all] = [await eve.socket(chat.id), await eve.socket()];
    await all.do("chat.join", { chat_id: chat.id });
    const b = await bob.socket(chat.id);
    await ann.delete(at(chat, eve));
    await own.until(() => own.closed !== undefined, "the end");
    expect(own.closed?.code).toBe(1008);
    expect(await all.event("chat.removed")).toEqual({ event: "chat.removed", chat_id: chat.id });
    for (const [command, args] of [
      ["message.send", { text: "x" }],
      ["read", {}],
      ["typing", { on: true }],
      ["changes", { since: 0 }],
      ["message.list", {}],
      ["chat.join", {}],
    ] as const) {
      const answer = await all.do(command, { chat_id: chat.id, ...args });
      expect(answer, command).toMatchObject({ ok: false, error: { code: "access.denied" } });
    }
    await b.do("typing", { on: true });
    await b.do("message.send", { text: "without eve" });
    // What comes later in another chat is the next thing that eve hears.
    const other = await bob.direct(eve);
    await bob.say(other.id, "bye");
    await all.event("message.created", (event) => event.chat_id === other.id);
    const after = all.events.slice(all.events.findIndex((event) => event.event === "chat.removed") + 1);
    expect(after.filter((event) => event.chat_id === chat.id)).toEqual([]);
  });
});
