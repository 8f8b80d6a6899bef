// What `methods` says exactly: its shapes field by field, all sockets of a user, and what other dialects do meanwhile.

import { env } from "cloudflare:workers";
import { evictAllDurableObjects } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { colourOf } from "../../src/core/people.ts";
import { app } from "../support/apps.ts";
import { MethodsClient } from "../support/methods.ts";
import type { Person } from "../support/people.ts";
import { people, person } from "../support/people.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const clients: MethodsClient[] = [];
async function client(one: Person): Promise<MethodsClient> {
  const made = await MethodsClient.of(one);
  clients.push(made);
  return made;
}

afterEach(() => {
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

/** Everything that has to come has come: a message of `from` that is sent last is heard last. */
async function settled(one: MethodsClient, from: Person, chat: number): Promise<void> {
  const { id } = await from.say(chat, "last");
  await one.event("new_message", ({ message }) => message.id === id);
}

describe("the shapes", () => {
  it("of a chat, a message, its user and its file have exactly the documented fields", async () => {
    const [ann, bob] = await people("ann", "bob");
    await ann.patch("/v1/me", { name: "Ann van Dyke", photo: "https://example.org/a.png" });
    const a = await client(ann);
    const { chat } = (await a.call("create_chat", { users: [bob.id], title: " Shapes " })).data;
    const me = {
      pk: ann.id,
      email: "",
      first_name: "Ann",
      last_name: "van Dyke",
      photo: "https://example.org/a.png",
      color: colourOf(ann.id),
      role: "Owner",
    };
    const other = {
      pk: bob.id,
      email: "",
      first_name: bob.username,
      last_name: "",
      photo: "",
      color: colourOf(bob.id),
      role: "Member",
    };
    expect(chat).toEqual({
      id: expect.any(Number),
      users: [me, other],
      title: "Shapes",
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    });
    const files = [{ name: "a b.txt", data: btoa("file") }];
    const { message } = (await a.call("send_message", { chat: chat.id, text: "hi", files })).data;
    expect(message).toEqual({
      id: chat.id * 2 ** 24 + 1,
      chat: chat.id,
      user: me,
      attached_files: [
        {
          id: expect.any(Number),
          name: "a b.txt",
          file: expect.stringMatching(/^http:\/\/parlance\.test\//),
          created_at: expect.stringMatching(TIME),
        },
      ],
      text: "hi",
      created_at: expect.stringMatching(TIME),
      updated_at: message.created_at,
      is_read: false,
    });
  });

  it("of a user with an e-mail address and both names say them", async () => {
    const ann = await person("ann");
    const { id } = await storesOf(env).directory.users.create(appId(1), {
      username: `bob-${crypto.randomUUID()}`,
      email: `${crypto.randomUUID()}@example.org`,
      firstName: "Bob",
      lastName: "Roe",
    });
    const a = await client(ann);
    const { chat } = (await a.call("create_chat", { users: [id] })).data;
    expect(chat.users[1]).toMatchObject({
      email: expect.stringContaining("@example.org"),
      first_name: "Bob",
      last_name: "Roe",
    });
  });
});

describe("all sockets of a user", () => {
  it("hear what the user does at another: read, renamed, left", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [a, b, b2] = [await client(ann), await client(bob), await client(bob)];
    const chat = (await ann.group("All", bob, eve)).id;
    await b2.event("new_chat");
    await a.call("send_message", { chat, text: "one" });
    await b2.event("new_message");
    await b.call("read_messages", { chat });
    await b2.event("messages_updated");
    expect(b2.types().slice(-2)).toEqual(["messages_read", "messages_updated"]);
    const renamed = await b.call("update_chat", { chat, title: null });
    expect(renamed.data.chat.title).toBeNull();
    expect(await b2.event("chat_updated")).toEqual({ chat: renamed.data.chat });
    const left = await b.call("remove_from_chat", { chat, users: [String(bob.id), bob.id] });
    expect(left.data.user_ids).toEqual([bob.id]);
    const gone = { chat: left.data.chat };
    expect(await b2.event("chat_removed")).toEqual(gone);
    expect(await b.event("chat_removed")).toEqual(gone);
    expect(await a.event("user_removed")).toEqual({ user_ids: [bob.id], chat: gone.chat });
    for (const one of [b, b2]) expect(one.types().filter((type) => type === "chat_removed")).toHaveLength(1);
  });

  it("hear it once where nobody is left in the chat, the one that asked too", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, a2, b] = [await client(ann), await client(ann), await client(bob)];
    const chat = (await a.call("create_chat", { users: [bob.id], title: "Duo" })).data.chat.id;
    await b.event("new_chat");
    const removed = await a.call("remove_from_chat", { chat, users: [ann.id, bob.id] });
    expect(removed).toMatchObject({ type: "user_removed_successful", data: { user_ids: [ann.id, bob.id] } });
    for (const one of [a, a2, b]) expect(await one.event("chat_removed")).toEqual({ chat: removed.data.chat });
    for (const who of [ann, bob]) {
      await expect.poll(async () => (await who.get("/v1/chats")).body.items).toEqual([]);
      expect((await who.get(`/v1/chats/${chat}`)).status).toBe(404);
    }
    for (const one of [a, a2, b]) expect(one.types().filter((type) => type === "chat_removed")).toHaveLength(1);
  });

  it("of whoever adds hear `user_added`, and of whoever is added `new_chat`, each once", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [a, a2, e, e2] = [await client(ann), await client(ann), await client(eve), await client(eve)];
    const chat = (await ann.group("Add", bob)).id;
    await a.event("chat_created", (data) => data.chat.id === chat);
    const added = await a.call("add_to_chat", { chat, users: [eve.id, String(eve.id)] });
    expect(added.data.user_ids).toEqual([eve.id]);
    expect(await a2.event("user_added")).toEqual({ user_ids: [eve.id], chat: added.data.chat });
    for (const one of [e, e2]) expect(await one.event("new_chat")).toEqual({ chat: added.data.chat });
    await settled(a, bob, chat);
    expect(a.types()).not.toContain("user_added");
    expect(e.types()).not.toContain("user_added");
  });

  it("are told of a removal by an admin, and of nothing after it", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [b, e, e2] = [await client(bob), await client(eve), await client(eve)];
    const chat = (await ann.group("Remove", bob, eve)).id;
    await ann.put(`/v1/chats/${chat}/members/${bob.id}`, { role: "admin" });
    const removed = await b.call("remove_from_chat", { chat, users: [eve.id] });
    for (const one of [e, e2]) expect((await one.event("chat_removed")).chat).toEqual(removed.data.chat);
    await settled(b, ann, chat);
    for (const one of [e, e2]) expect(one.types()).not.toContain("new_message");
    expect((await e.call("send_message", { chat, text: "still here?" })).data.type).toBe("access_error");
    expect((await b.call("remove_from_chat", { chat, users: [ann.id] })).data.type).toBe("access_error");
    expect((await b.call("remove_from_chat", { chat, users: [eve.id] })).data).toMatchObject({ type: "field_error" });
  });
});

describe("with others in the native dialect", () => {
  it("reading the second of three leaves exactly the first and the third unread: nobody says that all is read", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await client(ann), await client(bob)];
    const chat = (await ann.direct(bob)).id;
    const ids: number[] = [];
    for (const text of ["one", "two", "three"]) ids.push((await ann.say(chat, text)).id);
    await b.event("new_message", ({ message }) => message.id === ids[2]);
    expect(b.shown(chat).unread.length).toBe(3);

    await bob.post(`/v1/chats/${chat}/read`, { message_id: ids[1] });
    const second = { updates: [{ id: ids[1], fields: { is_read: true } }] };
    expect(await a.event("messages_updated")).toEqual(second);
    expect(await b.event("messages_updated")).toEqual(second);
    expect([b.shown(chat).unread.length, await bob.unread(chat)]).toEqual([2, 2]);
    expect(b.types()).not.toContain("messages_read");

    await bob.post(`/v1/chats/${chat}/read`, { up_to: ids[1] });
    await b.event("messages_updated", (data) => data.updates[0].id === ids[0]);
    expect(b.types()).not.toContain("messages_read");
    await bob.post(`/v1/chats/${chat}/read`, { up_to: ids[2] });
    await b.event("messages_updated", (data) => data.updates[0].id === ids[2]);
    expect(await b.event("messages_read")).toEqual({ chat, event_response_key: null });
    expect([b.shown(chat).unread.length, await bob.unread(chat)]).toEqual([0, 0]);
    expect(a.types()).not.toContain("messages_read");
  });

  it("a message deleted before it was read is unread no longer; to its author it is not read", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await client(ann), await client(bob)];
    const chat = (await ann.direct(bob)).id;
    const { id } = await ann.say(chat, "a slip");
    await ann.say(chat, "stays");
    await ann.delete(`/v1/chats/${chat}/messages/${id}`);
    const fields = { text: "", attached_files: [] };
    expect(await a.event("messages_updated")).toEqual({ updates: [{ id, fields }] });
    expect(await b.event("messages_updated")).toEqual({ updates: [{ id, fields: { ...fields, is_read: true } }] });
    expect([b.shown(chat).unread.length, await bob.unread(chat)]).toEqual([1, 1]);
  });

  it("an edit comes with its time, and does not touch what is read", async () => {
    const [ann, bob] = await people("ann", "bob");
    const b = await client(bob);
    const chat = (await ann.direct(bob)).id;
    const { id } = await ann.say(chat, "frist");
    const { body } = await ann.patch(`/v1/chats/${chat}/messages/${id}`, { text: "first" });
    const fields = { text: "first", updated_at: body.edited_at };
    expect(await b.event("messages_updated")).toEqual({ updates: [{ id, fields }] });
    expect(b.shown(chat).unread.length).toBe(1);
  });

  it("what is sent, read and renamed here is heard there", async () => {
    const [ann, bob] = await people("ann", "bob");
    const a = await client(ann);
    const socket = await bob.socket();
    const { chat } = (await a.call("create_chat", { users: [bob.id], title: "Mixed" })).data;
    expect((await socket.event("chat.created")).chat).toMatchObject({ id: chat.id, title: "Mixed" });
    const files = [{ name: "x.txt", data: btoa("x") }];
    const { message } = (await a.call("send_message", { chat: String(chat.id), text: "both", files })).data;
    const heard = (await socket.event("message.created")).message;
    expect(heard).toMatchObject({ id: message.id, text: "both", type: "text", attachments: [{ name: "x.txt" }] });
    await bob.say(chat.id, "an answer");
    await a.event("new_message");
    await a.call("read_messages", { chat: chat.id });
    expect(await socket.event("read")).toMatchObject({ chat_id: chat.id, user_id: ann.id });
    await a.call("update_chat", { chat: chat.id, title: "Renamed" });
    expect((await socket.event("chat.updated")).chat.title).toBe("Renamed");
    await a.call("remove_from_chat", { chat: chat.id, users: [bob.id] });
    await socket.event("chat.removed");
  });

  it("a message already read elsewhere, in a group, is read for each viewer by themselves", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [a, e] = [await client(ann), await client(eve)];
    const chat = (await ann.group("Three", bob, eve)).id;
    const { id } = await ann.say(chat, "to both");
    await e.event("new_message");
    await bob.post(`/v1/chats/${chat}/read`, {});
    expect((await a.event("messages_updated")).updates).toEqual([{ id, fields: { is_read: true } }]);
    await settled(e, bob, chat);
    expect([e.shown(chat).unread.length, await eve.unread(chat)]).toEqual([2, 2]);
  });
});

describe("a connection", () => {
  it("goes on, authenticated, after its objects were evicted", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await client(ann), await client(bob)];
    const { chat } = (await a.call("create_chat", { users: [bob.id] })).data;
    await evictAllDurableObjects();
    expect((await a.call("send_message", { chat: chat.id, text: "still here" })).type).toBe("message_created");
    expect((await b.event("new_message")).message.text).toBe("still here");
  });

  it("is closed when its token ends, and what it was told stays its own user's", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await client(ann), await client(bob)];
    await ann.post("/v1/auth/logout");
    await a.socket.until(() => a.socket.closed !== undefined, "the close");
    expect(a.socket.closed?.code).toBe(1008);
    expect((await b.call("auth")).type).toBe("authenticated");
    const again = await MethodsClient.open();
    expect((await again.frame({ method: "auth", access_token: ann.token })).data.type).toBe("authorization_error");
  });

  it("neither sees nor reaches anyone of another app", async () => {
    const ann = await person("ann");
    const { id } = await app("elsewhere");
    const [stranger, friend] = [await person("stranger", id), await person("friend", id)];
    const a = await client(ann);
    const { detail, type } = (await a.call("create_chat", { users: [stranger.id] })).data;
    expect([type, detail]).toEqual(["field_error", "users: is no user"]);
    const chat = (await stranger.direct(friend)).id;
    for (const method of ["send_message", "read_messages", "update_chat", "remove_from_chat"]) {
      const args = { chat, text: "x", title: "x", users: [friend.id] };
      expect((await a.call(method, args)).data).toMatchObject({
        type: "access_error",
        detail: "You do not have access to this chat.",
      });
    }
  });
});
