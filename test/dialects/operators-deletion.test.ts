// Deleting an app: it is gone for everyone at once, and everything that was its own goes.

import { describe, expect, it } from "vitest";
import { ANY, full, isThere, left, letAlarmsRun, NOTHING } from "../support/full-app.ts";
import { patch } from "../support/meter.ts";
import { call, knock } from "../support/people.ts";
import { RoomsClient } from "../support/rooms.ts";

describe("deleting an app", () => {
  it("takes everything that is its own, and nothing of another's", async () => {
    const [gone, stays] = [await full(), await full()];
    const before = await left(stays);
    expect(await gone.operator.delete(`/app/${gone.app.applicationId}`)).toMatchObject({ status: 200 });
    await expect.poll(() => left(gone)).toEqual(NOTHING);
    expect(await left(stays)).toEqual(before);
    expect(before).toMatchObject({ apps: 1, users: 4, chats: 3, tenantTokens: 2, attachments: 2, bucket: 2 });
    expect((await stays.ann.get("/v1/chats")).body.items).toHaveLength(2);
  });

  it("refuses its tokens, its key and its id from the first moment, and closes what they opened", async () => {
    const gone = await full();
    const { app, ann, bob, token, operator: by, server } = gone;
    const sockets = [await ann.socket(), await ann.socket(gone.chats[1]), await bob.socket()];
    const zoe = await RoomsClient.open(token);
    await zoe.until(() => zoe.id !== "", "CONNECT");
    // Nothing but the mark: whatever comes after it fails.
    const goOn = await patch("CHAT", ANY.CHAT, ["eraseWithApp"], () => () => Promise.reject(new Error("cut off")));
    expect((await by.delete(`/app/${app.id}`)).status).toBe(200);
    await Promise.all(sockets.map((socket) => socket.until(() => socket.closed !== undefined, "the close")));
    await zoe.until(() => zoe.socket.closed !== undefined, "the close");
    expect((await ann.get("/v1/me")).status).toBe(401);
    expect((await knock("/v1/socket", { authorization: `Bearer ${ann.token}` })).status).toBe(401);
    const late = await RoomsClient.open(token);
    expect(await late.refusal()).toEqual({ message: "token key mismatch" });
    late.close();
    expect((await server.get("/room")).body).toEqual({ status: 401, message: "Invalid key" });
    expect((await by.get(`/app/${app.id}`)).body).toEqual({ status: 404, message: "App Not Found" });
    const register = { username: "late", password: "a password" };
    expect((await call("POST", "/v1/auth/register", register, { "x-app-id": app.applicationId })).status).toBe(404);
    goOn();
    for (let round = 0; round < 20 && (await letAlarmsRun(gone)) && (await isThere(gone)); round++);
    await expect.poll(() => left(gone)).toEqual(NOTHING);
  });
});
