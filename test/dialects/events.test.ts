// The dialect `events`, event by event, as its document and our decisions have it.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { eventsAnswers } from "../../src/dialects/events/socket-api.ts";
import { EventsClient, appWithKey } from "../support/events.ts";
import { person } from "../support/people.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[1-9]\d*$/;

const name = (prefix: string): string => `${prefix}-${crypto.randomUUID().slice(0, 8)}`;

describe("create-user", () => {
  it("makes a user, and answers on its own name and to the acknowledgement with the same body", async () => {
    const client = await EventsClient.connect();
    const external = name("ext");
    const body = await client.call("create-user", { user: { external_id: external, name: "Ann", photo: "p.png" } });
    expect(body).toEqual({
      status: "ok",
      user: {
        id: expect.stringMatching(ID),
        external_id: external,
        name: "Ann",
        photo: "p.png",
        created_at: expect.stringMatching(ISO),
        modified_at: expect.stringMatching(ISO),
        updated_at: expect.stringMatching(ISO),
      },
    });
    expect(eventsAnswers["create-user"].parse(body)).toEqual(body);
    expect(client.heard).toEqual([{ name: "create-user", body }]);
  });

  it("finds by id or external_id, and brings name and photo up to date", async () => {
    const client = await EventsClient.connect();
    const external = name("ext");
    const { user } = await client.call("create-user", { user: { external_id: external, name: "Ann", photo: "1" } });
    const again = await client.call("create-user", { user: { external_id: external, name: "Ann Lee", photo: "2" } });
    expect(again.user).toMatchObject({ id: user.id, external_id: external, name: "Ann Lee", photo: "2" });
    const byId = await client.call("create-user", { user: { id: Number(user.id), name: "Ann Lee", photo: "" } });
    expect(byId.user).toMatchObject({ id: user.id, external_id: external, name: "Ann Lee", photo: "" });
    expect(Date.parse(byId.user.modified_at)).toBeGreaterThanOrEqual(Date.parse(user.modified_at));
    const same = await client.call("create-user", { user: { id: user.id, name: "Ann Lee", photo: "" } });
    expect(same).toEqual(byId);
  });

  it("takes nothing for an id that is null or empty, and a number for an external id", async () => {
    const client = await EventsClient.connect();
    const external = Math.floor(Math.random() * 1e12);
    const a = await client.call("create-user", { user: { id: null, external_id: external, name: "N", photo: "" } });
    const b = await client.call("create-user", { user: { id: "", external_id: `${external}`, name: "N", photo: "" } });
    expect(a.user.external_id).toBe(String(external));
    expect(b.user.id).toBe(a.user.id);
  });

  it("makes one user of two that are asked for at once", async () => {
    const [one, two] = [await EventsClient.connect(), await EventsClient.connect()];
    const external = name("twin");
    const ids = await Promise.all([one, two, one, two].map((client) => client.user(external)));
    expect(new Set(ids).size).toBe(1);
  });

  it("gives a username made of the external id, with a number behind it where that is taken", async () => {
    const client = await EventsClient.connect();
    const base = name("joe");
    const usernames: string[] = [];
    for (const external of [`${base}@x.org`, `${base} x.org`, `${base}/x.org`]) {
      const id = await client.user(external);
      const row = await env.DB.prepare("SELECT username FROM users WHERE id = ?").bind(Number(id)).first();
      usernames.push(String(row?.["username"]));
    }
    expect(usernames).toEqual([`${base}-x.org`, `${base}-x.org-2`, `${base}-x.org-3`]);
  });

  it("is refused without a name, a photo, or both ids, and for an id that names nobody", async () => {
    const client = await EventsClient.connect();
    const refused = async (user: unknown): Promise<(string | undefined)[]> => {
      const body = await client.call("create-user", { user });
      expect(body).toEqual({ status: "error", error: expect.any(Array) });
      expect(eventsAnswers.error.parse(body)).toEqual(body);
      return body.error.map(({ field }: { field?: string }) => field);
    };
    expect(await refused({ external_id: "x", photo: "" })).toEqual(["user.name"]);
    expect(await refused({ external_id: "x", name: "N" })).toEqual(["user.photo"]);
    expect(await refused({ external_id: "x", name: " ", photo: "" })).toEqual(["user.name"]);
    expect(await refused({ name: "N", photo: "" })).toEqual(["user.external_id"]);
    expect(await refused({ id: "99999999", name: "N", photo: "" })).toEqual(["user.id"]);
    expect(await refused({ id: "99999999", external_id: name("new"), name: "N", photo: "" })).toEqual(["user.id"]);
    expect(await refused({ id: "chat-id", name: "N", photo: "" })).toEqual(["user.id"]);
    expect(await refused(undefined)).toEqual(["user"]);
    expect(await refused({})).toEqual(["user.name", "user.photo"]);
  });
});

describe("create-chat", () => {
  it("takes the users beside the chat, inside it, or both", async () => {
    const client = await EventsClient.connect();
    const [ann, bob, eve] = [await client.user(name("a")), await client.user(name("b")), await client.user(name("e"))];
    const beside = await client.call("create-chat", { chat: { name: "Team" }, users: [ann, bob] });
    expect(beside).toEqual({
      status: "ok",
      chat: {
        id: expect.stringMatching(ID),
        name: "Team",
        users: [ann, bob],
        created_at: expect.stringMatching(ISO),
        modified_at: expect.stringMatching(ISO),
        updated_at: expect.stringMatching(ISO),
      },
    });
    expect(eventsAnswers["create-chat"].parse(beside)).toEqual(beside);
    const inside = await client.call("create-chat", { chat: { name: "Team", users: [ann, Number(bob)] } });
    expect(inside.chat.users).toEqual([ann, bob]);
    expect(inside.chat.id).not.toBe(beside.chat.id);
    const both = await client.call("create-chat", { chat: { name: "Team", users: [bob, eve] }, users: [ann, bob] });
    expect(both.chat.users).toEqual([ann, bob, eve]);
  });

  it("names the users that there are not, and makes nothing", async () => {
    const client = await EventsClient.connect();
    const ann = await client.user(name("a"));
    const stranger = await person("stranger", (await appWithKey()).id);
    const before = await env.DB.prepare("SELECT max(id) AS id FROM chats").first();
    const strange = ["no-such-user", "99999999999999999999", "0"];
    const users = [ann, "99999999", stranger.id, ...strange];
    const body = await client.call("create-chat", { chat: { name: "X" }, users });
    expect(body).toEqual({
      status: "error",
      error: [...strange, "99999999", stranger.id].map((id) => ({
        message: `users: ${id} is no user`,
        field: "users",
      })),
    });
    expect((await client.call("create-chat", { users: [strange[0]] })).error).toEqual(body.error.slice(0, 1));
    expect((await client.call("create-chat", { chat: { name: "X" } })).error).toEqual([
      { message: "users: names nobody", field: "users" },
    ]);
    expect(await env.DB.prepare("SELECT max(id) AS id FROM chats").first()).toEqual(before);
    expect((await client.call("list-chats", { user: { id: ann } })).chats).toEqual([]);
  });
});

describe("list-chats", () => {
  it("has the chats of the user, most recently active first, those of other dialects too", async () => {
    const client = await EventsClient.connect();
    const [ann, bob] = [await client.user(name("a")), await client.user(name("b"), "Bob B.")];
    const first = await client.chat("first", ann, bob);
    const second = await client.chat("second", ann);
    await client.say(first, bob, "newer");
    const names = async (): Promise<string[]> => {
      const body = await client.call("list-chats", { user: { id: ann } });
      expect(eventsAnswers["list-chats"].parse(body)).toEqual(body);
      expect(Object.keys(body)).toEqual(["chats"]);
      return body.chats.map((chat: { name: string; users: string[] }) => `${chat.name}: ${chat.users.join(" ")}`);
    };
    await expect.poll(names).toEqual([`first: ${ann} ${bob}`, `second: ${ann}`]);
    await client.say(second, ann, "newest");
    await expect.poll(names).toEqual([`second: ${ann}`, `first: ${ann} ${bob}`]);

    const eve = await person("eve");
    const direct = await eve.direct({ id: Number(bob) } as typeof eve);
    const { chats } = await client.call("list-chats", { user: { id: eve.id } });
    expect(chats).toMatchObject([{ id: String(direct.id), name: "Bob B.", users: [String(eve.id), bob] }]);
    expect((await client.call("list-chats", { user: { id: "99999999" } })).error).toEqual([
      { message: "user.id: names no user", field: "user.id" },
    ]);
  });
});

describe("new-message and list-messages", () => {
  it("is heard once on each of its two names, by the sender too, whichever it was sent on", async () => {
    const [here, there] = [await EventsClient.connect(), await EventsClient.connect({ version: 3 })];
    const [ann, bob] = [await here.user(name("a")), await here.user(name("b"))];
    const chat = await here.chat("talk", ann, bob);
    await there.call("create-user", { user: { id: bob, name: "Bob", photo: "" } });
    const sent = await here.say(chat, ann, "hello 👋🏽 שלום");
    expect(sent).toEqual({
      id: expect.stringMatching(ID),
      msg: "hello 👋🏽 שלום",
      message: "hello 👋🏽 שלום",
      type: "text",
      user_id: ann,
      chat_id: chat,
      created_at: expect.stringMatching(ISO),
      modified_at: sent.created_at,
      updated_at: sent.created_at,
    });
    expect(eventsAnswers["new-message"].parse(sent)).toEqual(sent);
    const told = (client: EventsClient) => client.heard.filter((one) => one.name.endsWith("new-message"));
    const answer = await there.call(`/chat/${chat}/new-message`, {
      user: { id: bob },
      message: { value: "https://example.com/a.png", type: "img" },
    });
    expect(answer).toMatchObject({ msg: "https://example.com/a.png", type: "img", user_id: bob, chat_id: chat });
    for (const client of [here, there]) {
      await client.until(() => told(client).length === 4);
      expect(told(client)).toEqual(
        [sent, answer].flatMap((body) => [
          { name: "new-message", body },
          { name: `/chat/${chat}/new-message`, body },
        ]),
      );
    }
    expect(await there.list(chat)).toEqual([sent, answer]);
  });

  it("carries every type there and back, and says img for image", async () => {
    const client = await EventsClient.connect();
    const ann = await client.user(name("a"));
    const chat = await client.chat("types", ann);
    const types = { text: "text", img: "img", image: "img", file: "file", audio: "audio", sticker: "sticker" };
    for (const [asked, told] of Object.entries(types)) {
      expect((await client.say(chat, ann, `a ${asked}`, asked)).type).toBe(told);
    }
    const plain = { chat: { id: chat }, user: { id: ann }, message: { value: "untyped" } };
    expect((await client.call("new-message", plain)).type).toBe("text");
    expect((await client.list(chat)).map(({ type }) => type)).toEqual([...Object.values(types), "text"]);
    const body = await client.call("new-message", { ...plain, message: { value: "x", type: "gif" } });
    expect(body.error).toMatchObject([{ field: "message.type" }]);
  });

  it("is refused to who is not in the chat, for a blank text, and where there is no such chat or user", async () => {
    const client = await EventsClient.connect();
    const [ann, bob] = [await client.user(name("a")), await client.user(name("b"))];
    const chat = await client.chat("mine", ann);
    const elsewhere = await EventsClient.connect({ auth: { key: (await appWithKey()).key } });
    const stranger = await elsewhere.user("s");
    const foreign = await elsewhere.chat("theirs", stranger);
    const fields = async (chatId: unknown, user: unknown, value: unknown): Promise<string[]> => {
      const body = await client.call("new-message", {
        chat: { id: chatId },
        user: { id: user },
        message: { value, type: "text" },
      });
      expect(body.status).toBe("error");
      return body.error.map(({ field }: { field: string }) => field);
    };
    expect(await fields(chat, bob, "not mine")).toEqual(["user.id"]);
    expect(await fields(chat, ann, " \n ")).toEqual(["message.value"]);
    expect(await fields(chat, ann, "x".repeat(10_001))).toEqual(["message.value"]);
    expect(await fields(chat, ann, "\ud800")).toEqual(["message.value"]);
    expect(await fields("99999999", ann, "nowhere")).toEqual(["chat.id"]);
    expect(await fields(chat, "99999999", "nobody")).toEqual(["user.id"]);
    expect(await fields(chat, stranger, "from another app")).toEqual(["user.id"]);
    expect(await fields(foreign, ann, "into another app")).toEqual(["chat.id"]);
    const mismatch = { chat: { id: "5" }, user: { id: ann }, message: { value: "x" } };
    expect((await client.call(`/chat/${chat}/new-message`, mismatch)).error).toMatchObject([{ field: "chat.id" }]);
    expect(
      (await client.call("/chat/x/new-message", { user: { id: ann }, message: { value: "x" } })).error,
    ).toMatchObject([{ field: "chat.id" }]);
    expect(await client.list(chat)).toEqual([]);
    expect(client.messages()).toEqual([]);
    expect(await elsewhere.list(foreign)).toEqual([]);
  });

  it("lists between two times, both included, ascending", async () => {
    const client = await EventsClient.connect();
    const ann = await client.user(name("a"));
    const chat = await client.chat("times", ann);
    expect(await client.list(chat)).toEqual([]);
    const sent: { created_at: string; msg: string }[] = [];
    for (let n = 0; n < 6; n++) sent.push(await client.say(chat, ann, `m${n}`));
    const of = (from?: unknown, to?: unknown): Promise<string[]> =>
      client.list(chat, { from, to }).then((all) => all.map(({ msg }) => msg));
    const within = (from: string, to: string): string[] =>
      sent.filter(({ created_at }) => from <= created_at && created_at <= to).map(({ msg }) => msg);
    for (const from of sent) {
      for (const to of sent) {
        expect(await of(from.created_at, to.created_at)).toEqual(within(from.created_at, to.created_at));
      }
    }
    const all = sent.map(({ msg }) => msg);
    expect(await of()).toEqual(all);
    expect(await of(null, "")).toEqual(all);
    expect(await of("2020-01-01")).toEqual(all);
    expect(await of(undefined, "2020-01-01T00:00:00+02:00")).toEqual([]);
    expect(await of(Date.parse(sent[0]?.created_at ?? ""), Date.now())).toEqual(all);
    expect(await of("2999-01-01T00:00:00Z")).toEqual([]);
    const body = await client.call("list-messages", { chat: { id: chat }, query: { from: "yesterday", to: {} } });
    expect(body.error.map(({ field }: { field: string }) => field)).toEqual(["query.from", "query.to"]);
    expect((await client.call("list-messages", { chat: { id: "99999999" } })).error).toEqual([
      { message: "chat.id: names no chat", field: "chat.id" },
    ]);
  });
});
