// `rooms` and everything around it: other dialects in the same room, several Gateways, several apps, evictions and crashes.

import { env } from "cloudflare:workers";
import { evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { appId } from "../../src/core/ids.ts";
import { gatewayStub } from "../../src/objects/rpc.ts";
import { app } from "../support/apps.ts";
import type { Body, Person } from "../support/people.ts";
import { silence } from "../support/patience.ts";
import { people, person, service } from "../support/people.ts";
import type { Opening } from "../support/rooms.ts";
import { RoomsClient, appRoom, textOf } from "../support/rooms.ts";

const DEFAULT = appId(1);

const clients: RoomsClient[] = [];
const within = async (room: { name: string }, one: Person, opening?: Opening): Promise<RoomsClient> => {
  const client = await RoomsClient.in(room.name, one, opening);
  clients.push(client);
  return client;
};

afterEach(() => {
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

/** Ends a Gateway as a crash does: its sockets are gone without a word. */
async function crash(gateway: number): Promise<void> {
  const stub = env.GATEWAY.getByName(`rooms/local/${gateway}`);
  await runInDurableObject(stub, (_, state) => state.abort("crashed")).catch(() => undefined);
}

describe("other dialects in the room", () => {
  it("messages, edits, deletions, files and reading come as they are done", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const a = await within(room, ann);
    const first = await bob.say(room.id, "from elsewhere");
    expect(textOf(await a.event("message"))).toBe("from elsewhere");

    await bob.patch(`/v1/chats/${room.id}/messages/${first.id}`, { text: "edited" });
    const updated = await a.event("message_updated");
    expect([updated.id, textOf(updated), updated.updatedAt > updated.createdAt]).toEqual([first.id, "edited", true]);

    const { body: upload } = await bob.call("POST", "/v1/attachments?name=a.txt", new TextEncoder().encode("file"), {
      "content-type": "text/plain",
    });
    await bob.say(room.id, "", { attachments: [upload.id] });
    const file = await a.event("message", ({ attachments }) => attachments.length === 1);
    expect([file.message, file.type]).toEqual(["", "file"]);
    expect(file.attachments[0]).toMatchObject({ id: upload.id, name: "a.txt", size: 4 });
    const { pathname, search } = new URL(file.attachments[0].url);
    expect((await bob.call("GET", pathname + search, undefined, { authorization: "" })).body).toBe("file");

    await bob.delete(`/v1/chats/${room.id}/messages/${first.id}`);
    const gone = await a.event("message_deleted");
    expect(gone).toEqual({ id: first.id, roomId: room.id, userId: bob.id, deletedAt: expect.any(String) });
    expect((await a.ask("load_more", "load_more")).map(({ id }: Body) => id)).toEqual([file.id]);
    expect(await ann.unread(room.id)).toBe(1);
  });

  it("reading elsewhere is seen here, and seeing here is read elsewhere", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await bob.socket()];
    const { id } = await a.say("read me");
    await bob.post(`/v1/chats/${room.id}/read`, {});
    expect((await a.event("seen_by")).id).toBe(bob.id);
    await bob.say(room.id, "and me");
    await a.event("message", (message) => message.id > id);
    a.emit("seen");
    expect(await b.event("read", (event) => event.user_id === ann.id)).toMatchObject({ chat_id: room.id });
    await expect.poll(() => ann.unread(room.id)).toBe(0);
  });

  it("typing goes both ways", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await bob.socket()];
    await b.do("chat.join", { chat_id: room.id });
    await b.do("typing", { chat_id: room.id, on: true });
    expect(await a.event("is_typing")).toMatchObject({ data: { id: bob.id }, typing: true });
    a.emit("typing", "false");
    expect(await b.event("typing")).toMatchObject({ user_id: ann.id, on: false });
    // Who only listens elsewhere is not among those in the room.
    expect(a.present()).toEqual([a.id]);
  });

  it("a chat that is no room of the app's is never heard here", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const a = await within(room, ann);
    const { id: group } = await ann.group("A group", bob);
    await bob.say(group, "in the group");
    await bob.say((await bob.direct(ann)).id, "to ann alone");
    await a.say("in the room");
    expect(a.texts()).toEqual(["in the room"]);
    expect(await a.ask("err", "join", "A group")).toBe("Invalid room name");
  });

  it("somebody who is taken out and put in again hears nothing before they join", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await service().rooms.removeMembers(DEFAULT, room.name, [bob.id]);
    await expect.poll(() => a.present()).toEqual([a.id]);
    await service().rooms.addMembers(DEFAULT, room.name, [bob.id]);
    await a.say("not joined yet");
    expect(await b.ask("err", "seen")).toBe("Join a room first");
    expect(b.texts()).toEqual([]);
    await b.join(room.name);
    await a.say("welcome back");
    await b.event("message");
    expect(b.texts()).toEqual(["welcome back"]);
    expect(b.present()).toEqual([a.id, b.id]);
  });

  it("somebody whose account is gone is out of the room, and their messages stay under nobody's name", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [await within(room, ann), await within(room, bob)];
    await b.say("farewell");
    await bob.delete("/v1/me");
    await expect.poll(() => a.present()).toEqual([a.id]);
    await expect
      .poll(async () => (await a.ask("load_more", "load_more"))[0].user)
      .toMatchObject({ id: bob.id, appUserId: null, firstName: "Deleted user", deletedAt: expect.any(String) });
  });

  it("a room that its app erases is gone for those in it", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const a = await within(room, ann);
    await service().rooms.remove(DEFAULT, room.id);
    expect(await a.ask("err", "send_message", "hello?")).toBe("No message or sender");
    expect(await a.ask("err", "join", room.name)).toBe("Invalid room name");
    const again = await appRoom([ann, bob], DEFAULT, room.name);
    await a.join(room.name);
    expect((await a.say("anew")).roomId).toBe(again.id);
  });

  it("in a room of more than 100 people all who joined hear, online or not before", async () => {
    const [ann, bob, ...crowd] = await people("ann", "bob", ...Array.from({ length: 99 }, () => "crowd"));
    if (ann === undefined || bob === undefined) throw new Error("no people");
    const early = await person("early");
    const room = await appRoom([early, ...crowd]);
    const e = await within(room, early);
    await service().rooms.addMembers(DEFAULT, room.name, [ann.id, bob.id]);
    const [a, b] = [await within(room, ann, { gateway: 1 }), await within(room, bob, { gateway: 2 })];
    await a.say("to the crowd");
    for (const one of [e, b]) expect(textOf(await one.event("message"))).toBe("to the crowd");
    expect(e.present()).toEqual([e.id, a.id, b.id]);
    expect(a.all("room_info")[0].users).toHaveLength(102);
  });
});

describe("several Gateways", () => {
  it("make one room: who is there, messages and typing", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const room = await appRoom([ann, bob, eve]);
    const a = await within(room, ann, { gateway: 1 });
    const b = await within(room, bob, { gateway: 2 });
    const e = await within(room, eve, { gateway: 3 });
    expect(new Set([a, b, e].map((one) => one.sid.split("-")[1]))).toEqual(new Set(["1", "2", "3"]));
    for (const one of [a, b, e]) await expect.poll(() => one.present()).toEqual([a.id, b.id, e.id]);
    await b.say("hello");
    for (const one of [a, e]) await one.event("message");
    e.emit("typing", true);
    for (const one of [a, b, e]) expect((await one.event("is_typing")).data.id).toBe(eve.id);
    b.close();
    for (const one of [a, e]) await expect.poll(() => one.present()).toEqual([a.id, e.id]);
  });

  it("when one has crashed, those whom it held are not in the room any more", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const room = await appRoom([ann, bob, eve]);
    const a = await within(room, ann, { gateway: 61 });
    await within(room, bob, { gateway: 62 });
    await expect.poll(() => a.present()).toHaveLength(2);
    await crash(62);
    // Whatever is told next finds out.
    a.emit("typing", true);
    await a.event("info", (text) => text === `${bob.id} has left`);
    await expect.poll(() => a.present()).toEqual([a.id]);
    // And so does whoever comes.
    await within(room, bob, { gateway: 62 });
    await expect.poll(() => a.present()).toHaveLength(2);
    await crash(62);
    const e = await within(room, eve, { gateway: 61 });
    for (const one of [a, e]) await expect.poll(() => one.present()).toEqual([a.id, e.id]);
  });

  it("a Gateway that has crashed answers the first who asks", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    const a = await within(room, ann, { gateway: 63 });
    await crash(63);
    // By the name under which the room knows the connection.
    const connection = `rooms/local/63#${a.sid}`;
    expect(await gatewayStub(env, "rooms/local/63").alive([connection])).toEqual([]);
  });

  it("people who come and go at the same time leave everyone with the same list", async () => {
    const crowd = await people(...Array.from({ length: 8 }, (_, n) => `crowd${n}`));
    const room = await appRoom(crowd);
    const all = await Promise.all(crowd.map((one, n) => within(room, one, { gateway: n % 3 })));
    const staying = all.filter((_, n) => n % 2 === 0);
    for (const one of all) if (!staying.includes(one)) one.emit("leave");
    const ids = staying.map((one) => one.id).toSorted();
    for (const one of staying) await expect.poll(() => one.present().toSorted()).toEqual(ids);
  });
});

describe("two apps with rooms of the same names", () => {
  it("share nothing", async () => {
    const other = await app("other");
    const [ann, bob] = await people("ann", "bob");
    const eve = await person("eve", other.id);
    const room = await appRoom([ann, bob]);
    const theirs = await appRoom([eve], other.id, room.name);
    const [a, e] = [await within(room, ann, { gateway: 1 }), await within(room, eve, { gateway: 1 })];
    const b = await within(room, bob, { gateway: 1 });
    await a.say("ours");
    a.emit("typing", true);
    a.emit("seen");
    await a.event("seen_by");
    await e.say("theirs");
    await a.say("the end");
    await b.event("message", (message) => textOf(message) === "the end");
    expect(e.names()).toEqual(["info", "room_info", "roomData", "message"]);
    expect(e.all("room_info")[0]).toMatchObject({
      id: theirs.id,
      appId: other.id,
      users: [{ id: eve.id, appId: other.id }],
    });
    expect(e.present()).toEqual([e.id]);
    expect(a.texts()).toEqual(["ours", "the end"]);
    expect(a.present()).toEqual([a.id, b.id]);
    expect((await e.ask("load_more", "load_more")).map(textOf)).toEqual(["theirs"]);
  });
});

describe("eviction", () => {
  // Ids count from 1 for people and for chats: these keep the two apart in a transcript.
  beforeAll(() => people(...Array.from({ length: 40 }, () => "extra")));

  /** Plays a conversation; `between` runs before each step. What each of the two heard, without what differs from run to run. */
  async function play(between: () => Promise<void>): Promise<string> {
    const [ann, bob] = await people("ann", "bob");
    const [room, second] = [await appRoom([ann, bob]), await appRoom([ann])];
    const [a, b] = [await RoomsClient.of(ann, { gateway: 1 }), await RoomsClient.of(bob, { gateway: 2 })];
    const heard = (): number => a.heard.length + b.heard.length;
    /** Heard by nobody, since nobody else is there. */
    const leaveAlone = (): void => a.emit("leave");
    const steps: (() => void)[] = [
      () => a.emit("join", room.name),
      () => b.emit("join", room.name),
      () => a.emit("send_message", "one"),
      () => b.emit("typing", true),
      () => b.emit("seen"),
      () => b.emit("send_message", { message: "two" }),
      () => a.emit("load_more", { limit: 1 }),
      () => a.emit("join", second.name),
      () => b.emit("send_message", "without ann"),
      leaveAlone,
      () => a.emit("send_message", "nowhere"),
      () => a.emit("join", room.name),
      () => b.emit("leave"),
      () => a.emit("seen"),
      () => a.emit("load_more"),
    ];
    for (const step of steps) {
      await between();
      const before = heard();
      step();
      if (step !== leaveAlone) await expect.poll(() => heard() > before).toBe(true);
      await silence(heard);
    }
    let text = JSON.stringify([a.heard, b.heard]);
    for (const [n, one] of [ann, bob].entries()) {
      text = text
        .replaceAll(one.username, `name${n}`)
        .replaceAll(new RegExp(`("(?:id|sender|userId)":)${one.id}\\b`, "g"), `$1person${n}`)
        .replaceAll(new RegExp(`"${one.id} has`, "g"), `"person${n} has`);
    }
    for (const [n, one] of [a, b].entries()) text = text.replaceAll(one.id, `socket${n}`);
    for (const [n, one] of [room, second].entries()) {
      text = text
        .replaceAll(one.name, `room${n}`)
        .replaceAll(new RegExp(`("(?:id|roomId)":)${one.id}\\b`, "g"), `$1chat${n}`);
      for (let seq = 1; seq < 5; seq++) text = text.replaceAll(String(one.id * 2 ** 24 + seq), `message${n}.${seq}`);
    }
    for (const one of [a, b]) one.close();
    return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time");
  }

  it("of every object between any two steps changes nothing for anyone", async () => {
    const straight = await play(() => Promise.resolve());
    expect(straight).toContain("No message or sender");
    expect(await play(() => evictAllDurableObjects())).toBe(straight);
  });
});
