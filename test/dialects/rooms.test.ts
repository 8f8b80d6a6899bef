// The dialect `rooms`: who may connect, the events of its document to the letter, and who hears them.

import { afterEach, describe, expect, it } from "vitest";
import { REFUSED } from "../../src/dialects/rooms/errors.ts";
import type { Body, Person } from "../support/people.ts";
import { people, person, service } from "../support/people.ts";
import type { Opening } from "../support/rooms.ts";
import { RoomsClient, appRoom, textOf } from "../support/rooms.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const clients: RoomsClient[] = [];
const keep = (client: RoomsClient): RoomsClient => {
  clients.push(client);
  return client;
};
const client = async (one: Person, opening?: Opening) => keep(await RoomsClient.of(one, opening));
const within = async (room: { name: string }, one: Person, opening?: Opening) =>
  keep(await RoomsClient.in(room.name, one, opening));

afterEach(() => {
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

/** Everything that has to come has come: what `speaker` says last is heard last. */
async function settled(listener: RoomsClient, speaker: RoomsClient): Promise<void> {
  const { id } = await speaker.say(`last ${crypto.randomUUID()}`);
  await listener.event("message", (message) => message.id === id);
}

describe("connecting", () => {
  it("needs a token that stands", async () => {
    const ann = await person("ann");
    expect(await keep(await RoomsClient.open("")).refusal()).toEqual({ message: REFUSED.noToken });
    for (const wrong of ["x", "null", `${ann.token}x`, "a.b.c", "🙂", "'; DROP TABLE users"])
      expect(await keep(await RoomsClient.open(wrong)).refusal()).toEqual({ message: REFUSED.badToken });
    await service().auth.logout((await service().auth.authenticate(ann.token)).session);
    expect(await keep(await RoomsClient.open(ann.token)).refusal()).toEqual({ message: REFUSED.badToken });
    expect(REFUSED).toEqual({ noToken: "No token key found", badToken: "token key mismatch" });
  });

  it("ends at once with its token", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await service().auth.logout((await service().auth.authenticate(ann.token)).session);
    await a.until(() => a.socket.closed !== undefined, "the end");
    await expect.poll(() => b.present()).toEqual([b.id]);
    expect(b.all("info").at(-1)).toBe(`${ann.id} has left`);
  });
});

describe("join", () => {
  it("tells the caller, then the others, then all who is there", async () => {
    const [ann, bob] = await people("ann", "bob");
    await ann.patch("/v1/me", { name: "Ann van Dyke" });
    const room = await appRoom([ann, bob]);
    const a = await within(room, ann);
    expect(a.heard.map(({ event }) => event)).toEqual(["info", "room_info", "roomData"]);
    expect(a.all("info")).toEqual(["You have joind the room"]);
    const user = (one: Person, firstName: string) => ({
      id: one.id,
      appId: 1,
      appUserId: null,
      firstName,
      middleName: null,
      lastName: null,
      createdAt: expect.stringMatching(TIME),
      updatedAt: expect.stringMatching(TIME),
      deletedAt: null,
    });
    expect(a.all("room_info")).toEqual([
      {
        id: room.id,
        appId: 1,
        room: room.name,
        name: room.name,
        extra: null,
        users: [user(ann, "Ann van Dyke"), user(bob, bob.username)],
        createdAt: expect.stringMatching(TIME),
        updatedAt: expect.stringMatching(TIME),
        deletedAt: null,
      },
    ]);
    const b = await within(room, bob);
    const line = (one: Person, client: RoomsClient) => ({
      appId: 1,
      room: room.name,
      roomId: room.id,
      sender: one.id,
      id: client.id,
    });
    await a.event("roomData", ({ users }) => users.length === 2);
    expect(b.heard.map(({ event }) => event)).toEqual(["info", "room_info", "roomData"]);
    expect(b.all("roomData")).toEqual([{ room: room.name, users: [line(ann, a), line(bob, b)] }]);
    expect(a.heard.slice(3)).toEqual([
      { event: "info", args: [`${bob.id} has joined!`] },
      { event: "roomData", args: b.all("roomData") },
    ]);
  });

  it("names the room as each has joined it, also where it is none of the app's", async () => {
    const [ann, bob] = await people("ann", "bob");
    const names = [`usr-${ann.id}-${bob.id}`, `chat-${(await ann.direct(bob)).id}`] as const;
    const [a, b] = [await RoomsClient.in(names[0], ann), await RoomsClient.in(names[1], bob)];
    await a.event("roomData", ({ users }) => users.length === 2);
    for (const [at, one] of [a, b].entries()) {
      const last = one.all("roomData").at(-1);
      expect(one.all("room_info")[0].room).toBe(names[at]);
      expect([last.room, ...last.users.map(({ room }: Body) => room)]).toEqual([names[at], names[at], names[at]]);
      expect(one.present()).toEqual([a.id, b.id]);
    }
  });

  it("refuses what is no room of the caller's", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([bob]);
    const a = await client(ann);
    for (const name of [room.name, "nowhere", String(room.id), "__proto__", room.name.toUpperCase()])
      expect(await a.ask("err", "join", name)).toBe("Invalid room name");
    for (const name of ["", "  ", null, undefined]) expect(await a.ask("err", "join", name)).toBe("Input room name");
    a.emit("join");
    await expect.poll(() => a.all("err").length).toBe(10);
    expect(a.all("err").at(-1)).toBe("Input room name");
    expect(a.names().filter((name) => name !== "err")).toEqual([]);
    const b = await within(room, bob);
    expect(b.present()).toEqual([b.id]);
  });

  it("marks the room seen", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const b = await within(room, bob);
    await b.say("one");
    await b.say("two");
    expect(await ann.unread(room.id)).toBe(2);
    await within(room, ann);
    await expect.poll(() => ann.unread(room.id)).toBe(0);
    expect((await b.event("seen_by")).id).toBe(ann.id);
  });

  it("of a second room leaves the first", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [first, second] = [await appRoom([ann, bob]), await appRoom([ann, bob])];
    const b = await within(first, bob);
    const a = await within(first, ann);
    await a.join(second.name);
    await expect.poll(() => b.all("info").at(-1)).toBe(`${ann.id} has left`);
    await expect.poll(() => b.present()).toEqual([b.id]);
    await b.say("to the first");
    expect(a.present()).toEqual([a.id]);
    await settled(a, a);
    expect(a.texts()).not.toContain("to the first");
    // A name that is none leaves one where one is.
    expect(await a.ask("err", "join", "nowhere")).toBe("Invalid room name");
    await a.say("still here");
  });

  it("of the same room again disturbs nobody", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await a.event("info", (text) => text === `${bob.id} has joined!`);
    await b.join(room.name);
    await settled(a, b);
    expect(a.all("info")).toEqual(["You have joind the room", `${bob.id} has joined!`]);
    expect(a.present()).toEqual([a.id, b.id]);
  });
});

describe("a message", () => {
  it("reaches the whole room, the sender included, as base64 of UTF-8", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    const text = "Hey, you there 👋🏽 — שלום, привет, 你好\n“x”";
    await a.say(text);
    const heard = await b.event("message");
    expect(heard).toEqual({
      id: room.id * 2 ** 24 + 1,
      roomId: room.id,
      message: Buffer.from(text, "utf8").toString("base64"),
      userId: ann.id,
      updatedAt: expect.stringMatching(TIME),
      createdAt: heard.updatedAt,
      deletedAt: null,
      user: expect.objectContaining({ id: ann.id, appId: 1, deletedAt: null }),
      type: "text",
      attachments: [],
      data: null,
    });
    expect(a.all("message")).toEqual([heard]);
    expect(JSON.stringify([...a.heard, ...b.heard])).not.toContain("token");
  });

  it("may come as an object, and is heard by all of a user's connections that are in the room alone", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, outside, b] = [await within(room, ann), await client(ann), await within(room, bob)];
    const second = await within(room, ann);
    a.emit("send_message", { message: "wrapped  \n" });
    for (const one of [a, second, b]) expect(textOf(await one.event("message"))).toBe("wrapped");
    expect(outside.heard).toEqual([]);
    expect(await bob.unread(room.id)).toBe(1);
    expect(await ann.unread(room.id)).toBe(0);
  });

  it("that is none is refused, and so is one from whoever has not joined", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    const a = await client(ann);
    expect(await a.ask("err", "send_message", "hello")).toBe("No message or sender");
    await a.join(room.name);
    for (const none of ["", " \n", null, undefined, {}, { message: "" }, { message: 5 }, 5, true, [], ["x"]])
      expect(await a.ask("err", "send_message", none)).toBe("No message or sender");
    expect(await a.ask("err", "send_message", "x".repeat(10_001))).toMatch(/10000 characters/);
    await a.say("x".repeat(10_000));
    expect(a.all("message")).toHaveLength(1);
  });
});

describe("load_more", () => {
  it("pages from the newest on", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    for (let n = 1; n <= 45; n++) await ann.say(room.id, `m${n}`);
    await ann.delete(`/v1/chats/${room.id}/messages/${room.id * 2 ** 24 + 44}`);
    const a = await within(room, ann);
    const page = async (...args: unknown[]): Promise<string[]> =>
      (await a.ask("load_more", "load_more", ...args)).map(textOf);
    const all = Array.from({ length: 45 }, (_, n) => `m${45 - n}`).filter((text) => text !== "m44");
    expect(await page()).toEqual(all.slice(0, 20));
    expect(await page(null)).toEqual(all.slice(0, 20));
    expect(await page({})).toEqual(all.slice(0, 20));
    expect(await page({ page: 2 })).toEqual(all.slice(20, 40));
    expect(await page({ page: "3", limit: "20" })).toEqual(all.slice(40));
    expect(await page({ page: 2, limit: 7 })).toEqual(all.slice(7, 14));
    expect(await page({ page: 1, limit: 5_000 })).toEqual(all);
    expect(await page({ page: 4 })).toEqual([]);
    expect(await page({ page: 2 ** 24, limit: 100 })).toEqual([]);
    for (const wrong of [{ page: 0 }, { page: -1 }, { page: 1.5 }, { limit: 0 }, { limit: "x" }, 5, "x", [1], true])
      expect(await a.ask("err", "load_more", wrong)).toBe("Invalid pagination");
  });

  it("needs a room", async () => {
    const a = await client(await person("ann"));
    for (const event of ["load_more", "typing", "seen"]) expect(await a.ask("err", event)).toBe("Join a room first");
  });
});

describe("typing and seeing", () => {
  it("typing is heard by the whole room, with the same value", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    for (const said of [true, "true", false, 1, null]) {
      const [mine, theirs] = [a.all("is_typing").length, b.all("is_typing").length];
      a.emit("typing", said);
      await expect.poll(() => [a.all("is_typing").length, b.all("is_typing").length]).toEqual([mine + 1, theirs + 1]);
      expect(b.all("is_typing").at(-1)).toEqual({ data: expect.objectContaining({ id: ann.id }), typing: said });
    }
    for (const wrong of [{ a: 1 }, ["x"], "x".repeat(65)])
      expect(await a.ask("err", "typing", wrong)).toBe("Invalid typing");
  });

  it("seen reads everything and is heard by the whole room, also where nothing was unread", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await a.say("one");
    await b.event("message");
    expect(await bob.unread(room.id)).toBe(1);
    b.emit("seen");
    for (const one of [a, b]) expect((await one.event("seen_by")).id).toBe(bob.id);
    await expect.poll(() => bob.unread(room.id)).toBe(0);
    b.emit("seen");
    await expect.poll(() => a.all("seen_by").length).toBe(2);
    await expect.poll(() => b.all("seen_by").length).toBe(2);
  });
});

describe("leaving", () => {
  it("is told to those who stay, whether by word or by going", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const a = await within(room, ann);
    const b = await within(room, bob);
    b.emit("leave");
    await a.event("info", (text) => text === `${bob.id} has left`);
    await expect.poll(() => a.present()).toEqual([a.id]);
    expect(await b.ask("err", "send_message", "hello")).toBe("No message or sender");
    await b.join(room.name);
    await expect.poll(() => a.present()).toEqual([a.id, b.id]);
    b.close();
    await expect.poll(() => a.present()).toEqual([a.id]);
    expect(a.all("info").filter((text) => text === `${bob.id} has left`)).toHaveLength(2);
    // By leaving the namespace alone.
    const third = await within(room, bob);
    third.socket.send("41");
    await expect.poll(() => a.present()).toEqual([a.id]);
  });

  it("a member who is removed hears nothing more and is not among those present", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await service().rooms.removeMembers(1 as Body, room.name, [bob.id]);
    await a.event("info", (text) => text === `${bob.id} has left`);
    await expect.poll(() => a.present()).toEqual([a.id]);
    const heard = b.heard.length;
    await a.say("without bob");
    a.emit("typing", true);
    await a.event("is_typing");
    expect(b.heard.slice(heard)).toEqual([]);
    expect(await b.ask("err", "send_message", "I am gone")).toBe("No message or sender");
    expect(await b.ask("err", "join", room.name)).toBe("Invalid room name");
    expect(await b.ask("err", "load_more")).toBe("Join a room first");
  });
});
