// Rooms that belong to an app: their names, who is put in and taken out, and that they are nobody's else.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { THE_APP } from "../../src/core/people.ts";
import { appId, chatId } from "../../src/core/ids.ts";
import { app } from "../support/apps.ts";
import { people, person, service } from "../support/people.ts";

const DEFAULT = appId(1);
let made = 0;
const newName = (): string => `room-${++made}-${crypto.randomUUID().slice(0, 8)}`;

describe("a room of an app", () => {
  it("is found by its name, has the people that it was made with, and no owner", async () => {
    const [ann, bob] = await people("ann", "bob");
    const name = newName();
    const room = await service().rooms.create(DEFAULT, { name, users: [ann.id, bob.id, ann.id], extra: { a: [1] } });
    expect(room).toMatchObject({ name, title: name, kind: "room", createdBy: THE_APP, props: { extra: { a: [1] } } });
    expect(room.members.map(({ user, role }) => [user.id, role])).toEqual([
      [ann.id, "member"],
      [bob.id, "member"],
    ]);
    expect((await service().rooms.find(DEFAULT, name)).id).toBe(room.id);
    expect(await service().rooms.get(DEFAULT, name)).toEqual(room);
    expect((await service().rooms.list(DEFAULT))[0]).toEqual({
      id: room.id,
      appId: DEFAULT,
      name,
      props: { extra: { a: [1] } },
      createdAt: room.createdAt,
    });
    expect(await ann.unread(room.id)).toBe(0);
  });

  it("has a name that is unique in its app, also when two are made at the same instant", async () => {
    const name = newName();
    const other = await app("elsewhere");
    const tries = await Promise.allSettled([1, 2, 3].map(() => service().rooms.create(DEFAULT, { name, users: [] })));
    expect(tries.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const one of tries)
      if (one.status === "rejected") expect(one.reason.failure).toMatchObject({ code: "conflict", subject: "chat" });
    const there = await service().rooms.create(other.id, { name, users: [] });
    expect((await service().rooms.find(DEFAULT, name)).id).not.toBe(there.id);
    expect((await service().rooms.list(other.id)).map(({ id }) => id)).toEqual([there.id]);
  });

  it("whose making was cut off is there for its members once somebody tries again", async () => {
    const ann = await person("ann");
    const name = newName();
    const id = await storesOf(env).directory.rooms.create({ appId: DEFAULT, name, members: [ann.id], props: {} });
    await expect(service().rooms.create(DEFAULT, { name, users: [ann.id] })).rejects.toThrow();
    await expect.poll(() => ann.unread(id)).toBe(0);
  });

  it("takes nobody of another app, and no name that is none", async () => {
    const stranger = await person("eve", (await app("elsewhere")).id);
    const name = newName();
    await expect(service().rooms.create(DEFAULT, { name, users: [stranger.id] })).rejects.toMatchObject({
      failure: { code: "input.invalid", errors: [{ path: "users.0" }] },
    });
    await expect(service().rooms.find(DEFAULT, name)).rejects.toMatchObject({ failure: { code: "not_found" } });
    for (const wrong of ["", "x".repeat(201), "\ud800"])
      await expect(service().rooms.create(DEFAULT, { name: wrong, users: [] })).rejects.toMatchObject({
        failure: { code: "input.invalid" },
      });
  });

  it("stays when the last has left, and takes others in", async () => {
    const [ann, bob] = await people("ann", "bob");
    const name = newName();
    const { id } = await service().rooms.create(DEFAULT, { name, users: [ann.id] });
    await ann.say(id, "hello");
    expect((await service().rooms.removeMembers(DEFAULT, name, [ann.id, bob.id])).members).toEqual([]);
    await expect.poll(() => ann.unread(id)).toBeUndefined();
    const again = await service().rooms.addMembers(DEFAULT, name, [bob.id, bob.id]);
    expect(again.members.map(({ user, role }) => [user.id, role])).toEqual([[bob.id, "member"]]);
    expect((await bob.get(`/v1/chats/${id}/messages`)).body.items).toHaveLength(1);
    expect(await service().rooms.addMembers(DEFAULT, name, [bob.id])).toEqual(again);
  });

  it("is entered by invitation alone, whatever the dialect", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await service().rooms.create(DEFAULT, { name: newName(), users: [ann.id] });
    expect((await bob.get(`/chat_rooms/${id}`)).status).not.toBe(200);
    expect((await bob.post(`/chat_rooms/${id}/message`, { message: "let me in" })).status).toBe(403);
    expect((await ann.get(`/v1/chats/${id}/messages`)).body.items).toEqual([]);
  });

  it("is nobody's to erase but the app's, and then gone for all", async () => {
    const ann = await person("ann");
    const other = await app("elsewhere");
    const name = newName();
    const { id } = await service().rooms.create(DEFAULT, { name, users: [ann.id] });
    expect((await ann.delete(`/v1/chats/${id}`)).status).toBe(403);
    await expect(service().rooms.remove(other.id, id)).rejects.toMatchObject({ failure: { code: "not_found" } });
    await service().rooms.remove(DEFAULT, id);
    await expect.poll(() => ann.unread(id)).toBeUndefined();
    await expect(service().rooms.get(DEFAULT, name)).rejects.toMatchObject({ failure: { code: "not_found" } });
    // The name is free again.
    await service().rooms.create(DEFAULT, { name, users: [] });
    // A chat of people is no room of the app's.
    const { id: group } = await ann.group("A group");
    await expect(service().rooms.remove(DEFAULT, chatId(group))).rejects.toMatchObject({
      failure: { code: "not_found" },
    });
  });
});
