// What a connection of `events` hears: the chats of every user and every chat that it has named, each message once.

import { evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LARGE_CHAT } from "../../src/core/limits.ts";
import { EventsClient, appWithKey } from "../support/events.ts";
import type { Person } from "../support/people.ts";
import { people, person, service } from "../support/people.ts";

/** The texts that were heard of a chat, each as often as it was, on either name. */
function heardOf(client: EventsClient, chat: number | string): string[] {
  const [short, long] = ["new-message", `/chat/${chat}/new-message`].map((name) =>
    client.heard.filter((one) => one.name === name && one.body.chat_id === String(chat)).map(({ body }) => body.msg),
  );
  expect(long).toEqual(short);
  return long ?? [];
}

async function hears(client: EventsClient, chat: number | string, texts: readonly string[]): Promise<void> {
  await expect.poll(() => heardOf(client, chat)).toEqual(texts);
}

/** Says one more thing that the client hears by another way, so that all that was on its way has come. */
async function silence(client: EventsClient, by: Person): Promise<void> {
  const mark = crypto.randomUUID();
  const { id } = await by.group("mark");
  await client.list(id);
  await by.say(id, mark);
  await hears(client, id, [mark]);
}

const named = (client: EventsClient, { id }: Person) => client.call("list-chats", { user: { id } });

/** How many connections listen to this user, or this chat. */
function subscribers(kind: "INBOX" | "CHAT", id: number | string): Promise<number> {
  const stub = env[kind].getByName(`${kind === "INBOX" ? "user" : "chat"}:${id}`);
  return runInDurableObject(stub, (_, { storage }) => storage.sql.exec("SELECT * FROM subscribers").toArray().length);
}

describe("a connection hears", () => {
  it("the chats of a user that it has named, those made later by others too, whatever is spoken there", async () => {
    const [ann, bob] = await people("ann", "bob");
    const before = await ann.group("before", bob);
    const client = await EventsClient.connect();
    await named(client, ann);
    await bob.say(before.id, "in an old chat");
    await hears(client, before.id, ["in an old chat"]);
    const later = await bob.direct(ann);
    await bob.say(later.id, "in a new one");
    await ann.say(later.id, "by oneself");
    await hears(client, later.id, ["in a new one", "by oneself"]);
    const others = await bob.group("without ann");
    await bob.say(others.id, "secret");
    await silence(client, bob);
    expect(heardOf(client, others.id)).toEqual([]);
  });

  it("a chat that it has named, as long as there is one", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("named", bob);
    const client = await EventsClient.connect();
    await client.list(chat.id);
    await ann.say(chat.id, "one");
    await ann.delete(`/v1/chats/${chat.id}/members/${ann.id}`);
    await bob.say(chat.id, "two");
    await hears(client, chat.id, ["one", "two"]);
  });

  it("each message once, though it has named all who are in the chat, and the chat", async () => {
    const all = await people("ann", "bob", "eve");
    const [ann, bob] = all;
    const chat = await ann.group("all", ...all.slice(1));
    const client = await EventsClient.connect();
    for (const one of all) await named(client, one);
    await client.list(chat.id);
    const texts = Array.from({ length: 20 }, (_, n) => `m${n}`);
    for (const [n, text] of texts.entries()) await (n % 2 === 0 ? ann : bob).say(chat.id, text);
    await hears(client, chat.id, texts);
    await silence(client, ann);
    expect(heardOf(client, chat.id)).toEqual(texts);
  });

  it("nothing of a chat that the one whom it has named was removed from", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("leaving", bob);
    const client = await EventsClient.connect();
    await named(client, bob);
    await ann.say(chat.id, "with bob");
    await hears(client, chat.id, ["with bob"]);
    await ann.delete(`/v1/chats/${chat.id}/members/${bob.id}`);
    await ann.say(chat.id, "without bob");
    await ann.put(`/v1/chats/${chat.id}/members/${bob.id}`);
    await ann.say(chat.id, "with bob again");
    await hears(client, chat.id, ["with bob", "with bob again"]);
  });

  it("nothing twice after any object was evicted, and nothing less", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.group("evicted", bob);
    for (const version of [3, 4] as const) {
      const client = await EventsClient.connect({ version });
      for (const one of [ann, bob]) await named(client, one);
      await client.list(chat.id);
      const texts: string[] = [];
      for (let n = 0; n < 5; n++) {
        await evictAllDurableObjects();
        texts.push(`v${version} m${n}`);
        await (n % 2 === 0 ? ann : bob).say(chat.id, `v${version} m${n}`);
        await hears(client, chat.id, texts);
      }
      await evictAllDurableObjects();
      expect(await client.say(String(chat.id), bob.id, "its own")).toMatchObject({ msg: "its own" });
      await hears(client, chat.id, [...texts, "its own"]);
      client.close();
    }
  });

  it("a large chat by somebody in it who is offline", async () => {
    const [ann, bob, late] = await people("ann", "bob", "late");
    const crowd = await people(...Array.from({ length: LARGE_CHAT - 4 }, () => "crowd"));
    const chat = await ann.group("large", bob, late, ...crowd);
    const client = await EventsClient.connect();
    await named(client, bob);
    for (let n = 0; n < 3; n++) await ann.put(`/v1/chats/${chat.id}/members/${(await person("crowd")).id}`);
    expect((await ann.get(`/v1/chats/${chat.id}`)).body.members_count).toBe(LARGE_CHAT + 2);
    await ann.say(chat.id, "it became large");
    const other = await EventsClient.connect();
    await named(other, late);
    await ann.say(chat.id, "it is large");
    await hears(client, chat.id, ["it became large", "it is large"]);
    await hears(other, chat.id, ["it is large"]);
  });

  it("what was sent with a file as an address that opens, and data as JSON", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const client = await EventsClient.connect();
    await named(client, bob);
    const form = new FormData();
    form.append("file", new Blob(["hello"], { type: "text/plain" }), "hello.txt");
    const { body: upload } = await ann.post("/v1/attachments", form);
    await ann.say(chat.id, "look", { attachments: [upload.id] });
    await ann.post(`/v1/chats/${chat.id}/messages`, { type: "location", data: { lat: 1, lng: 2 } });
    await client.until(() => client.messages(chat.id).length === 2);
    const [file, place] = client.messages(chat.id);
    const [text, link] = file.msg.split("\n");
    expect(text).toBe("look");
    expect(link).toMatch(/^http:\/\/parlance\.test\/v1\/attachments\//);
    expect(place).toMatchObject({ msg: '{"lat":1,"lng":2}', type: "location" });
    expect((await client.list(chat.id)).map(({ msg }) => msg)).toEqual([file.msg, place.msg]);
  });

  it("the text of an edited message and none of a deleted one when it lists", async () => {
    const ann = await person("ann");
    const chat = await ann.group("edited");
    const client = await EventsClient.connect();
    const [one, two] = [await ann.say(chat.id, "one"), await ann.say(chat.id, "two")];
    await ann.patch(`/v1/chats/${chat.id}/messages/${one.id}`, { text: "one, edited" });
    await ann.delete(`/v1/chats/${chat.id}/messages/${two.id}`);
    const [shown, ...more] = await client.list(chat.id);
    expect(shown).toMatchObject({ id: String(one.id), msg: "one, edited", created_at: one.created_at });
    expect(Date.parse(shown.modified_at)).toBeGreaterThanOrEqual(Date.parse(one.created_at));
    expect(more).toEqual([]);
  });
});

describe("who is named", () => {
  it("counts as no more online than before", async () => {
    const [ann, bob] = await people("ann", "bob");
    const watcher = await bob.socket();
    expect(await watcher.do("presence.watch", { user_id: ann.id })).toMatchObject({ online: false });
    const client = await EventsClient.connect();
    await named(client, ann);
    const { body } = await bob.get(`/v1/users?q=${ann.username}`);
    expect(body.items).toMatchObject([{ id: ann.id, online: false }]);
    const chat = await bob.direct(ann);
    await bob.say(chat.id, "are you there?");
    await hears(client, chat.id, ["are you there?"]);
    expect(watcher.events.filter(({ event }) => event === "presence")).toEqual([]);
    expect(await ann.unread(chat.id)).toBe(1);
  });

  it("is let go when the connection ends, and so is every chat", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const client = await EventsClient.connect();
    for (const one of [ann, bob]) await named(client, one);
    await client.list(chat.id);
    for (const one of [ann, bob]) expect(await subscribers("INBOX", one.id)).toBe(1);
    expect(await subscribers("CHAT", chat.id)).toBe(1);
    client.close();
    for (const one of [ann, bob]) await expect.poll(() => subscribers("INBOX", one.id)).toBe(0);
    await expect.poll(() => subscribers("CHAT", chat.id)).toBe(0);
  });

  it("may be erased: what listens to them goes on", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const client = await EventsClient.connect();
    await named(client, ann);
    await named(client, bob);
    expect((await ann.delete("/v1/me")).status).toBe(204);
    await expect.poll(async () => (await client.say(String(chat.id), ann.id, "going")).status).toBe("error");
    await bob.say(chat.id, "alone");
    await expect.poll(() => heardOf(client, chat.id).at(-1)).toBe("alone");
  });
});

describe("two apps side by side", () => {
  it("with the same names and ids of their own share nothing", async () => {
    const [mine, theirs] = [await appWithKey("mine"), await appWithKey("theirs")];
    const open = async ({ key }: { key: string }) => {
      const client = await EventsClient.connect({ auth: { key } });
      const [ann, bob] = [await client.user("ann", "Ann"), await client.user("bob", "Bob")];
      return { client, ann, bob, chat: await client.chat("Team", ann, bob) };
    };
    const [here, there] = [await open(mine), await open(theirs)];
    expect(here.ann).not.toBe(there.ann);
    expect(here.chat).not.toBe(there.chat);
    await here.client.say(here.chat, here.ann, "mine");
    await there.client.say(there.chat, there.bob, "theirs");
    await hears(here.client, here.chat, ["mine"]);
    await hears(there.client, there.chat, ["theirs"]);
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      expect(one.client.messages()).toHaveLength(1);
      const refused = async (event: string, body: object): Promise<string> =>
        (await one.client.call(event, body)).error[0].field;
      expect(await refused("list-messages", { chat: { id: other.chat } })).toBe("chat.id");
      expect(await refused("list-chats", { user: { id: other.ann } })).toBe("user.id");
      expect(await refused("create-user", { user: { id: other.ann, name: "Mallory", photo: "" } })).toBe("user.id");
      expect(await refused("create-chat", { chat: { name: "x" }, users: [one.ann, other.ann] })).toBe("users");
      const message = { value: "across" };
      expect(await refused("new-message", { chat: { id: other.chat }, user: { id: one.ann }, message })).toBe(
        "chat.id",
      );
      expect(await refused("new-message", { chat: { id: one.chat }, user: { id: other.ann }, message })).toBe(
        "user.id",
      );
      expect(await one.client.list(one.chat)).toHaveLength(1);
    }
    expect(await service().users.get(mine.id, Number(here.ann) as never)).toMatchObject({ name: "Ann" });
  });
});
