import { describe, expect, it } from "vitest";
import { people } from "../support/people.ts";

describe("two people talk", () => {
  it("a message reaches the other's socket with the unread count, and reading it empties the count", async () => {
    const [ann, bob] = await people("ann", "bob");
    if (ann === undefined || bob === undefined) throw new Error("no people");
    const chat = await ann.direct(bob);
    const [a, b] = [await ann.socket(), await bob.socket()];
    const sent = await a.do("message.send", { chat_id: chat.id, text: "hello" });
    expect(sent).toMatchObject({ ok: true, message: { text: "hello", seq: 1, rev: 2, read: false } });
    const heard = await b.event("message.created");
    expect(heard).toMatchObject({
      chat_id: chat.id,
      rev: 2,
      unread: 1,
      message: { id: sent.message.id, user: { id: ann.id } },
    });
    expect(await bob.unread(chat.id)).toBe(1);
    expect(await b.do("read", { chat_id: chat.id })).toMatchObject({ ok: true, unread: 0 });
    expect(await a.event("read")).toMatchObject({ user_id: bob.id, up_to: sent.message.id });
    expect(await bob.unread(chat.id)).toBe(0);
    expect((await ann.get(`/v1/chats/${chat.id}/messages`)).body.items[0].read).toBe(true);
    expect(a.events.filter((event) => event.event === "message.created")).toEqual([]);
  });

  it("a chat's own socket hears messages, typing and reading, and answers commands", async () => {
    const [ann, bob] = await people("ann", "bob");
    if (ann === undefined || bob === undefined) throw new Error("no people");
    const chat = await ann.direct(bob);
    const [a, b] = [await ann.socket(chat.id), await bob.socket(chat.id)];
    await a.do("typing", { on: true });
    expect(await b.event("typing")).toMatchObject({ user_id: ann.id, on: true });
    const sent = await a.do("message.send", { text: "hi" });
    expect((await b.event("message.created")).message.id).toBe(sent.message.id);
    expect(await b.do("read", { message_id: sent.message.id })).toMatchObject({ ok: true, unread: 0 });
    expect(await a.event("read")).toMatchObject({ user_id: bob.id, message_ids: [sent.message.id] });
  });

  it("the other learns of a new group, a new member, a new title, and of being removed", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
    const [b, e] = [await bob.socket(), await eve.socket()];
    const chat = await ann.group("Team", bob);
    expect((await b.event("chat.created")).chat).toMatchObject({ id: chat.id, title: "Team", kind: "group" });
    expect((await ann.put(`/v1/chats/${chat.id}/members/${eve.id}`)).status).toBe(200);
    expect((await b.event("member.added")).user.id).toBe(eve.id);
    expect((await e.event("chat.created")).chat.members).toHaveLength(3);
    await bob.patch(`/v1/chats/${chat.id}`, { title: "The team" });
    expect((await e.event("chat.updated")).chat.title).toBe("The team");
    expect((await ann.delete(`/v1/chats/${chat.id}/members/${eve.id}`)).status).toBe(204);
    expect(await e.event("chat.removed")).toEqual({ event: "chat.removed", chat_id: chat.id });
    expect((await b.event("member.removed")).user_id).toBe(eve.id);
    expect((await eve.get(`/v1/chats/${chat.id}`)).status).toBe(403);
    expect((await eve.get("/v1/chats")).body.items).toEqual([]);
    await ann.say(chat.id, "without eve");
    await b.event("message.created");
    expect(e.events.some((event) => event.event === "message.created")).toBe(false);
  });
});
