import { describe, expect, it } from "vitest";
import { expectShape } from "../support/contract.ts";
import type { Body } from "../support/people.ts";
import { people, person } from "../support/people.ts";

describe("/v1/socket: one user, all their chats", () => {
  it("answers every command with what it was asked under, whatever that is", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const a = await ann.socket();
    for (const id of [7, "x", null, { a: [1] }, ["b"], true, 1.5, ""]) {
      a.send(JSON.stringify({ id, do: "read", chat_id: chat.id }));
    }
    a.send(JSON.stringify({ do: "read", chat_id: String(chat.id) }));
    await a.until(() => a.frames.length === 9);
    expect(a.frames.map((frame) => JSON.parse(frame))).toEqual(
      [7, "x", null, { a: [1] }, ["b"], true, 1.5, "", null].map((re) => ({ re, ok: true, unread: 0 })),
    );
  });

  it("does all that can be done with a message, as REST does", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat_id } = await ann.direct(bob);
    const a = await ann.socket();
    const sent = await a.do("message.send", { chat_id, text: "helo", client_id: "c", data: { a: 1 } });
    expect(Object.keys(sent)).toEqual(["re", "ok", "message"]);
    expectShape("message", sent.message);
    expect(sent.message).toMatchObject({ text: "helo", client_id: "c", data: { a: 1 }, user: { id: ann.id } });
    expect((await a.do("message.send", { chat_id, text: "helo", client_id: "c" })).message).toEqual(sent.message);
    // A message's id names its chat: edit and delete need no more.
    const edited = await a.do("message.edit", { message_id: sent.message.id, text: "hello" });
    expect(Object.keys(edited)).toEqual(["re", "ok", "message"]);
    expect(edited.message).toMatchObject({ text: "hello", edited_at: expect.any(String) });
    expect(await a.do("message.edit", { chat_id, message_id: String(sent.message.id), text: "hello!" })).toMatchObject({
      ok: true,
    });
    const reply = (await a.do("message.send", { chat_id, text: "re", reply_to: sent.message.id })).message;
    const page = await a.do("message.list", { chat_id, limit: 1 });
    expect(page).toMatchObject({ ok: true, items: [{ id: reply.id }], next: reply.id });
    expectShape("message", page.items[0]);
    expect((await a.do("message.list", { chat_id, after: 0 })).items).toHaveLength(2);
    expect((await a.do("message.list", { chat_id, before: reply.id })).items).toHaveLength(1);
    expect(await a.do("message.delete", { message_id: reply.id })).toEqual({
      re: "c9",
      ok: true,
      message_id: reply.id,
    });
    const changes = await a.do("changes", { chat_id, since: 0 });
    expect(Object.keys(changes)).toEqual(["re", "ok", "rev", "messages", "members", "chat"]);
    expect(changes).toEqual({ re: "c10", ok: true, ...(await ann.get(`/v1/chats/${chat_id}/changes?since=0`)).body });
    expect(await a.do("typing", { chat_id, on: true })).toEqual({ re: "c11", ok: true });
    expect(await a.do("chat.join", { chat_id })).toEqual({ re: "c12", ok: true });
    expect(await a.do("chat.leave", { chat_id })).toEqual({ re: "c13", ok: true });
    expect(await a.do("presence.watch", { user_id: String(bob.id) })).toEqual({ re: "c14", ok: true, online: false });
    expect(await a.do("presence.unwatch", { user_id: bob.id })).toEqual({ re: "c15", ok: true });
  });

  it("answers the commands of a connection in their order", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat_id } = await ann.direct(bob);
    const a = await ann.socket();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        a.do(n % 3 === 0 ? "message.list" : "message.send", { chat_id, text: `m${n}` }),
      ),
    );
    expect(answers.every((answer) => answer.ok)).toBe(true);
    const order = a.frames.map((frame) => JSON.parse(frame)).filter((frame) => "re" in frame);
    expect(order.map((answer: Body) => answer.re)).toEqual(answers.map((answer) => answer.re));
    const seqs = answers.flatMap((answer) => answer.message?.seq ?? []);
    expect(seqs).toEqual(seqs.toSorted((one: number, other: number) => one - other));
  });

  it("hears every event of every chat with the fields of the contract, each durable one with the next rev", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const b = await bob.socket();
    const group = await ann.group("Team", bob);
    const path = `/v1/chats/${group.id}`;
    const sent = await ann.say(group.id, "helo");
    const edited = (await ann.patch(`${path}/messages/${sent.id}`, { text: "hello" })).body;
    await ann.delete(`${path}/messages/${sent.id}`);
    await ann.patch(path, { title: "The team" });
    await ann.put(`${path}/members/${eve.id}`);
    await ann.delete(`${path}/members/${eve.id}`);
    await ann.delete(path);
    await b.event("chat.removed");
    const [created, first, update, deletion, unread, renamed, added, removed, gone] = b.events;
    const chat_id = group.id;
    expect(Object.keys(created)).toEqual(["event", "chat_id", "rev", "chat"]);
    expectShape("detailedChat", created.chat);
    expect(created).toMatchObject({
      event: "chat.created",
      chat_id,
      rev: 1,
      chat: { title: "Team", members_count: 2 },
    });
    expectShape("message", first.message);
    expect(first).toEqual({ event: "message.created", chat_id, rev: 2, message: sent, unread: 1 });
    expect(update).toEqual({ event: "message.updated", chat_id, rev: 3, message: edited, unread: 1 });
    expect(deletion).toEqual({ event: "message.deleted", chat_id, rev: 4, message_id: sent.id, unread: 0 });
    expect(unread).toEqual({ event: "unread", chat_id, unread: 0 });
    expect(Object.keys(renamed)).toEqual(["event", "chat_id", "rev", "chat"]);
    expect(renamed).toMatchObject({ event: "chat.updated", chat_id, rev: 5, chat: { title: "The team" } });
    expect(added).toMatchObject({ event: "member.added", chat_id, rev: 6, user: { id: eve.id }, role: "member" });
    expect(removed).toEqual({ event: "member.removed", chat_id, rev: 7, user_id: eve.id });
    expect(gone).toEqual({ event: "chat.removed", chat_id });
    expect(b.events).toHaveLength(9);
  });

  it("the sender's own socket gets the answer, their other sockets the event", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat_id } = await ann.direct(bob);
    const [own, other, onChat, b] = [
      await ann.socket(),
      await ann.socket(),
      await ann.socket(chat_id),
      await bob.socket(),
    ];
    const { message } = await own.do("message.send", { chat_id, text: "one" });
    expect(await other.event("message.created")).toEqual({
      event: "message.created",
      chat_id,
      rev: 2,
      message,
      unread: 0,
    });
    expect(await onChat.event("message.created")).toEqual({ event: "message.created", chat_id, rev: 2, message });
    expect(await b.event("message.created")).toMatchObject({ message: { id: message.id, read: false }, unread: 1 });
    await onChat.do("message.edit", { message_id: message.id, text: "two" });
    for (const socket of [own, other]) expect((await socket.event("message.updated")).message.text).toBe("two");
    await other.do("message.delete", { message_id: message.id });
    for (const socket of [own, onChat]) expect((await socket.event("message.deleted")).message_id).toBe(message.id);
    expect(own.events.map((event) => event.event)).toEqual(["message.updated", "message.deleted"]);
    expect(other.events.map((event) => event.event)).toEqual(["message.created", "message.updated"]);
    expect(onChat.events.map((event) => event.event)).toEqual(["message.created", "message.deleted"]);
  });

  it("each of many sockets of one user hears what the others send, and nothing that it sent itself", async () => {
    const ann = await person("ann");
    const { id: chat_id } = (await ann.post("/v1/chats", { members: [ann.id] })).body;
    // More than there are Gateways to choose from: some share one.
    const all = await Promise.all(Array.from({ length: 6 }, () => ann.socket()));
    const sent: number[] = [];
    for (const socket of all) sent.push((await socket.do("message.send", { chat_id, text: "x" })).message.id);
    await ann.say(chat_id, "last");
    for (const [at, socket] of all.entries()) {
      await socket.event("message.created", (event) => event.message.text === "last");
      const heard = socket.events.filter((event) => event.event === "message.created").map((event) => event.message.id);
      expect(heard.slice(0, -1)).toEqual(sent.filter((_, index) => index !== at));
    }
  });

  it("what REST does reaches all sockets of the one who did it", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [one, two] = [await ann.socket(), await ann.socket()];
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "x");
    for (const socket of [one, two]) {
      expect((await socket.event("chat.created")).chat.id).toBe(chat.id);
      expect((await socket.event("message.created")).message.text).toBe("x");
    }
  });

  it("hears typing only in chats that it has joined, until it leaves them", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat_id } = await ann.direct(bob);
    const [a, b] = [await ann.socket(), await bob.socket()];
    await a.do("typing", { chat_id, on: true });
    await b.do("chat.join", { chat_id });
    await a.do("typing", { chat_id, on: false });
    expect(await b.event("typing")).toEqual({ event: "typing", chat_id, user_id: ann.id, on: false });
    await b.do("chat.leave", { chat_id });
    await a.do("typing", { chat_id, on: true });
    await a.do("message.send", { chat_id, text: "x" });
    await b.event("message.created");
    expect(b.events.filter((event) => event.event === "typing")).toHaveLength(1);
    expect(a.events).toEqual([]);
  });

  it("answers ping with pong, the bare texts", async () => {
    const [ann] = await people("ann");
    const a = await ann.socket();
    a.send("ping");
    await a.until(() => a.frames.length > 0);
    expect(a.frames).toEqual(["pong"]);
  });
});

describe("/v1/chats/{id}/socket: one chat, the shortest way there is", () => {
  it("does and hears in its chat what the other socket does, without chat_id", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat_id } = await ann.direct(bob);
    const [a, b] = [await ann.socket(chat_id), await bob.socket(chat_id)];
    const { message } = await a.do("message.send", { text: "helo" });
    expectShape("message", message);
    expect(await b.event("message.created")).toEqual({ event: "message.created", chat_id, rev: 2, message });
    const edited = await a.do("message.edit", { message_id: message.id, text: "hello" });
    expect(await b.event("message.updated")).toEqual({
      event: "message.updated",
      chat_id,
      rev: 3,
      message: edited.message,
    });
    expect(await b.do("message.list")).toEqual({ re: "c1", ok: true, items: [edited.message], next: null });
    expect(await b.do("read")).toEqual({ re: "c2", ok: true, unread: 0 });
    expect(await a.event("read")).toEqual({ event: "read", chat_id, user_id: bob.id, up_to: message.id });
    expect(await b.do("typing", { on: true })).toEqual({ re: "c3", ok: true });
    expect(await a.event("typing")).toEqual({ event: "typing", chat_id, user_id: bob.id, on: true });
    expect(await a.do("message.delete", { message_id: message.id })).toEqual({
      re: "c3",
      ok: true,
      message_id: message.id,
    });
    expect(await b.event("message.deleted")).toEqual({
      event: "message.deleted",
      chat_id,
      rev: 4,
      message_id: message.id,
    });
    expect(await a.do("changes", { since: 3 })).toMatchObject({
      ok: true,
      rev: 4,
      messages: [{ id: message.id, text: null }],
    });
    a.send("ping");
    await a.until(() => a.frames.at(-1) === "pong");
  });

  it("an edit of a message that was read shows it as read to each who has read it", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const { id: chat_id } = await ann.group("Team", bob, eve);
    const all = [await ann.socket(chat_id), await bob.socket(chat_id), await eve.socket(chat_id)] as const;
    const everywhere = [await ann.socket(), await bob.socket(), await eve.socket()] as const;
    const sent = await ann.say(chat_id, "x");
    await bob.post(`/v1/chats/${chat_id}/read`);
    await ann.patch(`/v1/chats/${chat_id}/messages/${sent.id}`, { text: "y" });
    for (const [ofAnn, ofBob, ofEve] of [all, everywhere]) {
      expect((await ofAnn.event("message.updated")).message.read).toBe(true);
      expect((await ofBob.event("message.updated")).message.read).toBe(true);
      expect((await ofEve.event("message.updated")).message.read).toBe(false);
    }
  });

  it("is closed when the chat is erased", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    const b = await bob.socket(id);
    await ann.delete(`/v1/chats/${id}`);
    await b.until(() => b.closed !== undefined, "the end");
    expect(b.closed?.code).toBe(1008);
  });
});
