// The seven methods and fifteen events of `methods`: who hears what, and exactly what it looks like.

import { afterEach, describe, expect, it } from "vitest";
import { MethodsClient } from "../support/methods.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const clients: MethodsClient[] = [];
async function client(person: Person): Promise<MethodsClient> {
  const one = await MethodsClient.of(person);
  clients.push(one);
  return one;
}

afterEach(() => {
  // Whatever a test was about: no connection heard a frame that is not documented.
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

async function three(): Promise<[Person, Person, Person]> {
  const [ann, bob, eve] = await people("ann", "bob", "eve");
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
  return [ann, bob, eve];
}

const count = (one: MethodsClient, type: string): number => one.types().filter((other) => other === type).length;

describe("auth", () => {
  it("answers, gives the key back, and lets later frames go without a token", async () => {
    const [ann] = await three();
    const one = await MethodsClient.open("/ws/chat");
    clients.push(one);
    const key = { any: ["json", 1, null] };
    expect(await one.frame({ method: "auth", access_token: ann.token, args: { event_response_key: key } })).toEqual({
      type: "authenticated",
      data: { event_response_key: key },
    });
    expect(await one.frame({ method: "auth", access_token: "garbage, not looked at any more" })).toEqual({
      type: "authenticated",
      data: { event_response_key: null },
    });
  });

  it("may be left out: the first method brings the token", async () => {
    const [ann, bob] = await three();
    const one = await MethodsClient.open();
    clients.push(one);
    const made = await one.frame({ method: "create_chat", access_token: ann.token, args: { users: [bob.id] } });
    expect(made.type).toBe("chat_created");
  });
});

describe("create_chat", () => {
  it("makes a direct chat once: its maker has `chat_created`, everyone else `new_chat`, and again it is a duplicate", async () => {
    const [ann, bob] = await three();
    const [a, b] = [await client(ann), await client(bob)];
    const second = await client(ann);
    const { type, data } = await a.call("create_chat", { users: [bob.id] });
    expect(type).toBe("chat_created");
    expect(data.chat).toMatchObject({
      title: null,
      users: [
        { pk: ann.id, role: "Member" },
        { pk: bob.id, role: "Member" },
      ],
    });
    expect((await b.event("new_chat")).chat).toEqual(data.chat);
    expect(await second.event("chat_created")).toEqual({ chat: data.chat, event_response_key: null });
    const again = await b.call("create_chat", { users: [String(ann.id), bob.id] });
    expect(again.data).toMatchObject({ type: "chat_duplication_error", chat_id: data.chat.id });
    expect([count(a, "chat_created"), count(a, "new_chat"), count(b, "new_chat")]).toEqual([1, 0, 1]);
  });

  it("makes a group with a title, or with several, whose owner is its maker", async () => {
    const [ann, bob, eve] = await three();
    const a = await client(ann);
    const titled = await a.call("create_chat", { users: [bob.id], title: "Two and a title" });
    expect(titled.data.chat).toMatchObject({
      title: "Two and a title",
      users: [{ role: "Owner" }, { role: "Member" }],
    });
    const several = await a.call("create_chat", { users: [bob.id, eve.id, bob.id] });
    expect(several.data.chat.users.map((user: Body) => user.pk)).toEqual([ann.id, bob.id, eve.id]);
  });

  it("with somebody who is none is refused by naming the argument", async () => {
    const [ann] = await three();
    const a = await client(ann);
    const { data } = await a.call("create_chat", { users: [999_999_999], title: "x" });
    expect(data).toMatchObject({ type: "field_error" });
    expect(data.detail).toMatch(/users|members/);
  });
});

describe("send_message", () => {
  it("answers the connection that asked, and tells all others of everyone in the chat", async () => {
    const [ann, bob] = await three();
    const [a, a2, b] = [await client(ann), await client(ann), await client(bob)];
    const chat = (await a.call("create_chat", { users: [bob.id] })).data.chat.id;
    const { type, data } = await a.call("send_message", { chat: String(chat), text: "hello  " });
    expect(type).toBe("message_created");
    expect(data.message).toMatchObject({
      chat,
      text: "hello",
      attached_files: [],
      is_read: false,
      user: { pk: ann.id },
    });
    for (const one of [a2, b]) expect((await one.event("new_message")).message).toEqual(data.message);
    await b.call("send_message", { chat, text: "after" });
    await a.event("new_message");
    expect([count(a, "message_created"), count(a, "new_message"), count(b, "new_message")]).toEqual([1, 1, 1]);
  });

  it("takes files as data URLs and as bare base64, which open by their address", async () => {
    const [ann, bob] = await three();
    const [a, b] = [await client(ann), await client(bob)];
    const chat = (await a.call("create_chat", { users: [bob.id] })).data.chat.id;
    const { data } = await a.call("send_message", {
      chat,
      files: [
        { name: "a.txt", data: `data:text/plain;base64,${btoa("first")}` },
        { name: "../b.txt", data: btoa("second") },
      ],
    });
    expect(data.message).toMatchObject({ text: "", attached_files: [{ name: "a.txt" }, { name: "b.txt" }] });
    const heard = (await b.event("new_message")).message;
    expect(heard).toEqual(data.message);
    const [first] = heard.attached_files;
    const opened = await bob.call("GET", new URL(first.file).pathname + new URL(first.file).search, undefined, {
      authorization: "",
    });
    expect([opened.status, opened.body]).toEqual([200, "first"]);
  });

  it.each([
    ["nothing", {}],
    ["blank text", { text: " \n " }],
    ["a text that is too long", { text: "x".repeat(10_001) }],
    ["eleven files", { files: Array.from({ length: 11 }, () => ({ name: "x", data: btoa("x") })) }],
    ["what is no base64", { files: [{ name: "x", data: "***" }] }],
    ["an empty file", { files: [{ name: "x", data: "" }] }],
    ["a text that is a number", { text: 5 }],
    ["files that are none", { files: "x" }],
  ])("refuses %s, and stores nothing", async (_, args) => {
    const [ann, bob] = await three();
    const a = await client(ann);
    const chat = (await a.call("create_chat", { users: [bob.id] })).data.chat.id;
    expect((await a.call("send_message", { chat, ...args })).data).toMatchObject({ type: "field_error" });
    expect((await ann.get(`/v1/chats/${chat}/messages`)).body.items).toEqual([]);
    expect((await a.call("send_message", { chat, text: "alive" })).type).toBe("message_created");
  });

  it("to a chat of others and to one that is none is refused alike", async () => {
    const [ann, bob, eve] = await three();
    const chat = (await ann.direct(bob)).id;
    const e = await client(eve);
    for (const method of ["send_message", "read_messages", "update_chat", "add_to_chat", "remove_from_chat"]) {
      const args = { text: "x", title: "x", users: [ann.id] };
      const [others, none] = [
        await e.call(method, { chat, ...args }),
        await e.call(method, { chat: 99_999_999, ...args }),
      ];
      expect(others.data.type).toBe("access_error");
      expect({ ...others.data, event_response_key: 0 }).toEqual({ ...none.data, event_response_key: 0 });
    }
  });
});

describe("read_messages", () => {
  it("tells the reader's connections, and the author exactly what changed", async () => {
    const [ann, bob] = await three();
    const [a, b, b2] = [await client(ann), await client(bob), await client(bob)];
    const chat = (await a.call("create_chat", { users: [bob.id] })).data.chat.id;
    const ids: number[] = [];
    for (const text of ["one", "two", "three"])
      ids.push((await a.call("send_message", { chat, text })).data.message.id);
    await bob.post(`/v1/chats/${chat}/read`, { message_id: ids[1] });
    expect(await a.event("messages_updated")).toEqual({ updates: [{ id: ids[1], fields: { is_read: true } }] });

    expect((await b.call("read_messages", { chat })).type).toBe("messages_read");
    const rest = { updates: [ids[0], ids[2]].map((id) => ({ id, fields: { is_read: true } })) };
    expect(await a.event("messages_updated", (data) => data.updates.length === 2)).toEqual(rest);
    expect(await b.event("messages_updated", (data) => data.updates.length === 2)).toEqual(rest);
    expect(await b2.event("messages_read", (data) => data.chat === chat)).toMatchObject({
      chat,
      event_response_key: null,
    });
    expect(await b2.event("messages_updated", (data) => data.updates.length === 2)).toEqual(rest);

    const before = b.events.length;
    expect((await b.call("read_messages", { chat })).type).toBe("messages_read");
    expect(b.types().slice(before)).toEqual(["messages_read"]);
    expect(count(a, "messages_read")).toBe(0);
  });

  it("in a group: an author's `is_read` follows the first reader, everyone else's their own", async () => {
    const [ann, bob, eve] = await three();
    const [a, b, e] = [await client(ann), await client(bob), await client(eve)];
    const chat = (await a.call("create_chat", { users: [bob.id, eve.id], title: "Three" })).data.chat.id;
    const { message } = (await a.call("send_message", { chat, text: "to all" })).data;
    await e.event("new_message");
    await b.call("read_messages", { chat });
    expect((await a.event("messages_updated")).updates).toEqual([{ id: message.id, fields: { is_read: true } }]);
    await e.call("send_message", { chat, text: "eve has not read" });
    expect(count(e, "messages_updated")).toBe(0);
  });
});

describe("update_chat, add_to_chat and remove_from_chat", () => {
  it("tell everyone with the chat as it is afterwards", async () => {
    const [ann, bob, eve] = await three();
    const [a, b, e] = [await client(ann), await client(bob), await client(eve)];
    const chat = (await a.call("create_chat", { users: [bob.id], title: "Team" })).data.chat.id;
    const renamed = await b.call("update_chat", { chat, title: "The team" });
    expect(renamed).toMatchObject({ type: "chat_updated", data: { chat: { title: "The team" } } });
    expect((await a.event("chat_updated")).chat).toEqual(renamed.data.chat);

    const added = await b.call("add_to_chat", { chat, users: [eve.id] });
    expect(added).toMatchObject({ type: "user_added_successful", data: { user_ids: [eve.id] } });
    expect(added.data.chat.users).toHaveLength(3);
    expect(await a.event("user_added")).toEqual({ user_ids: [eve.id], chat: added.data.chat });
    expect((await e.event("new_chat")).chat).toEqual(added.data.chat);

    expect((await b.call("remove_from_chat", { chat, users: [eve.id] })).data.type).toBe("access_error");
    const removed = await a.call("remove_from_chat", { chat, users: [eve.id] });
    expect(removed).toMatchObject({ type: "user_removed_successful", data: { user_ids: [eve.id] } });
    expect(await b.event("user_removed")).toEqual({ user_ids: [eve.id], chat: removed.data.chat });
    expect((await e.event("chat_removed")).chat.id).toBe(chat);
    await a.call("send_message", { chat, text: "without eve" });
    await b.event("new_message");
    expect(count(e, "new_message")).toBe(0);

    const left = await b.call("remove_from_chat", { chat, users: [bob.id] });
    expect(left.data.chat.users.map((user: Body) => user.pk)).toEqual([ann.id]);
    expect((await a.event("user_removed", (data) => data.user_ids[0] === bob.id)).chat.users).toHaveLength(1);
  });

  it("are not for direct chats", async () => {
    const [ann, bob, eve] = await three();
    const a = await client(ann);
    const chat = (await a.call("create_chat", { users: [bob.id] })).data.chat.id;
    for (const [method, args] of [
      ["update_chat", { title: "x" }],
      ["add_to_chat", { users: [eve.id] }],
      ["remove_from_chat", { users: [bob.id] }],
    ] as const) {
      expect((await a.call(method, { chat, ...args })).data.type).toBe("access_error");
    }
  });
});

describe("what is done in another dialect", () => {
  it("is heard: edits and deletions as updates of fields, roles as a chat that changed, erasing as a chat that is gone", async () => {
    const [ann, bob] = await three();
    const b = await client(bob);
    const chat = (await ann.group("Mixed", bob)).id;
    await b.event("new_chat");
    const message = await ann.say(chat, "first");
    await ann.patch(`/v1/chats/${chat}/messages/${message.id}`, { text: "edited" });
    expect((await b.event("messages_updated")).updates).toMatchObject([{ id: message.id, fields: { text: "edited" } }]);
    await ann.delete(`/v1/chats/${chat}/messages/${message.id}`);
    expect(await b.event("messages_updated", (data) => data.updates[0].fields.text === "")).toBeDefined();
    await ann.put(`/v1/chats/${chat}/members/${bob.id}`, { role: "admin" });
    expect((await b.event("chat_updated")).chat.users[1]).toMatchObject({ pk: bob.id, role: "Admin" });
    await ann.delete(`/v1/chats/${chat}`);
    expect((await b.event("chat_removed")).chat.id).toBe(chat);
  });
});
