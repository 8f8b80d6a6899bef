// Rooms by REST: statuses and texts as the clients of `rooms` know them.

import { describe, expect, it } from "vitest";
import type { Tenant } from "../support/operators.ts";
import { operator, tenant } from "../support/operators.ts";
import type { Body } from "../support/people.ts";

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const says = (status: number, message: string) => ({ status, body: { status, message } });

async function shop(): Promise<Tenant> {
  const made = await tenant(await operator());
  for (const id of [1, 2, "three"]) await made.user(id);
  return made;
}

const members = (room: Body) => room.users.map((user: Body) => user.appUserId);

describe("/room", () => {
  it("makes rooms of registered users, lists them, shows one, and deletes it", async () => {
    const { app, server } = await shop();
    const extra = { order: 12, tags: ["a"] };
    const made = await server.post("/room", { room: "usr-1-2", appId: app.applicationId, users: [1, "three"], extra });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({ id: expect.any(Number), appId: app.id, room: "usr-1-2", extra });
    expect(members(made.body)).toEqual([1, "three"]);
    const { users: _, ...row } = made.body;
    expect(row).toEqual({ ...row, createdAt: TIME, updatedAt: TIME, deletedAt: null });
    await server.post("/room", { room: "ünïcode / 2?", users: [] });
    const list = await server.get("/room", { appId: app.applicationId });
    expect(list.body.map((one: Body) => one.room)).toEqual(["ünïcode / 2?", "usr-1-2"]);
    expect(list.body[1]).toEqual(row);
    expect((await server.get(`/room/usr-1-2?appId=${app.applicationId}`)).body).toEqual(made.body);
    expect((await server.get(`/room/${encodeURIComponent("ünïcode / 2?")}`)).body.users).toEqual([]);
    expect(await server.delete(`/room/${made.body.id}`)).toMatchObject({ status: 200, body: { message: "deleted" } });
    expect(await server.get("/room/usr-1-2")).toMatchObject(says(404, "Room Not Found"));
    expect(await server.delete(`/room/${made.body.id}`)).toMatchObject(says(404, "Room Not Found"));
  });

  it("puts users in and takes them out", async () => {
    const { app, server } = await shop();
    await server.post("/room", { room: "r", users: [1] });
    const change = async (way: string, users: unknown) =>
      server.put(`/room/${way}`, { room: "r", appId: app.applicationId, users });
    const who = async () => members((await server.get("/room/r")).body);
    expect(await change("add", [2, "three", 1])).toMatchObject({ status: 200, body: { message: "updated" } });
    expect(await who()).toEqual([1, 2, "three"]);
    expect(await change("remove", ["1", 2])).toMatchObject({ status: 200, body: { message: "updated" } });
    expect(await who()).toEqual(["three"]);
    expect(await change("remove", [1])).toMatchObject({ status: 200, body: { message: "updated" } });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await server.call("PUT", "/room/add", "room=r&users=1&users=2", form)).status).toBe(200);
    expect((await server.call("PUT", "/room/remove", "room=r&users%5B%5D=1", form)).status).toBe(200);
    expect(await who()).toEqual(["three", 2]);
  });

  it("refuses a name that is taken, users that are none, and a room that is not there", async () => {
    const { server } = await shop();
    await server.post("/room", { room: "r", users: [1] });
    expect(await server.post("/room", { room: "r", users: [2] })).toMatchObject(says(409, "Room Already Exists"));
    expect(await server.post("/room", { room: "s", users: [1, 9] })).toMatchObject(says(422, "Users 9 not registered"));
    expect(await server.post("/room", { room: "s", users: [9, 1, "x"] })).toMatchObject(
      says(422, "Users 9,x not registered"),
    );
    for (const way of ["add", "remove"]) {
      expect(await server.put(`/room/${way}`, { room: "r", users: [9] })).toMatchObject(
        says(422, "Users 9 not registered"),
      );
      expect(await server.put(`/room/${way}`, { room: "s", users: [9] })).toMatchObject(says(404, "Room Not Found"));
    }
    expect(await server.get("/room/s")).toMatchObject(says(404, "Room Not Found"));
    for (const id of ["x", "0", "99999999", "999999999999999"]) {
      expect(await server.delete(`/room/${id}`)).toMatchObject(says(404, "Room Not Found"));
    }
    expect((await server.get("/room")).body).toHaveLength(1);
  });

  it.each([
    [{ room: "" }],
    [{ room: "x".repeat(201) }],
    [{ room: 7 }],
    [{ users: undefined }],
    [{ users: { 0: 1 } }],
    [{ users: Array.from({ length: 101 }, () => 1) }],
    [{ extra: "x".repeat(20_000) }],
  ])("refuses %j", async (wrong) => {
    const { server } = await shop();
    expect(await server.post("/room", { room: "r", users: [1], ...wrong })).toMatchObject({
      status: 422,
      body: { status: 422 },
    });
    expect((await server.get("/room")).body).toEqual([]);
  });

  it("is an operator's as far as their own apps go", async () => {
    const [olga, otto] = [await operator("olga"), await operator("otto")];
    const { app, user } = await tenant(olga);
    await user(1);
    const named = { appId: app.applicationId };
    const made = await olga.post("/room", { room: "r", users: [1], ...named });
    expect(made.status).toBe(200);
    expect((await olga.get("/room", named)).body).toHaveLength(1);
    expect(await olga.get("/room")).toMatchObject(says(422, "appId: is missing"));
    for (const answer of [
      await otto.get("/room", named),
      await otto.get("/room/r", named),
      await otto.post("/room", { room: "s", users: [], ...named }),
      await otto.put("/room/add", { room: "r", users: [1], ...named }),
    ]) {
      expect(answer).toMatchObject(says(404, "App Not Found"));
    }
    expect(await otto.delete(`/room/${made.body.id}`)).toMatchObject(says(404, "Room Not Found"));
    expect((await olga.delete(`/room/${made.body.id}`)).status).toBe(200);
  });
});
