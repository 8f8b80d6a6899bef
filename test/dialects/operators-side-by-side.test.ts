// Two apps with the same users, tokens, rooms and chats: nothing of one is ever seen, heard or changed by the other.

import { afterEach, describe, expect, it } from "vitest";
import type { Tenant } from "../support/operators.ts";
import { operator, tenant } from "../support/operators.ts";
import type { Body } from "../support/people.ts";
import { RoomsClient } from "../support/rooms.ts";

const clients: RoomsClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Side extends Tenant {
  readonly ann: Body;
  readonly bob: Body;
  readonly room: Body;
}

/** An app with Ann (1) and Bob (2) in the room "lobby". The tokens are the same in each app that is made so. */
async function side(): Promise<Side> {
  const made = await tenant(await operator());
  const [ann, bob] = [await made.user(1, "token of ann"), await made.user(2, "token of bob")];
  const { body: room } = await made.server.post("/room", { room: "lobby", users: [1, 2], extra: { of: made.app.id } });
  return { ...made, ann, bob, room };
}

async function enter({ app }: Side, token: string): Promise<RoomsClient> {
  const client = await RoomsClient.open(token, { query: `&app=${app.applicationId}` });
  clients.push(client);
  await client.until(() => client.id !== "", "CONNECT");
  return client;
}

describe("two apps side by side", () => {
  it("the same token speaks in each app for that app's user, and for nobody where the app is not named", async () => {
    const [here, there] = [await side(), await side()];
    expect(here.ann.id).not.toBe(there.ann.id);
    for (const one of [here, there]) {
      const info = await (await enter(one, "token of ann")).join("lobby");
      expect(info).toMatchObject({ id: one.room.id, appId: one.app.id, extra: { of: one.app.id } });
      expect(info.users.map((user: Body) => user.id)).toEqual([one.ann.id, one.bob.id]);
    }
    const lost = await RoomsClient.open("token of ann");
    clients.push(lost);
    expect(await lost.refusal()).toEqual({ message: "token key mismatch" });
  });

  it("who speaks in a room of one app is not heard in the room of that name in the other", async () => {
    const [here, there] = [await side(), await side()];
    const [a, z] = [await enter(here, "token of ann"), await enter(there, "token of ann")];
    const [b, y] = [await enter(here, "token of bob"), await enter(there, "token of bob")];
    for (const one of [a, z, b, y]) await one.join("lobby");
    await a.say("ours");
    await a.ask("is_typing", "typing", true);
    a.emit("seen");
    await a.event("seen_by");
    a.emit("leave");
    await b.event("info", (text) => text === `${here.ann.id} has left`);
    // What is heard next over there is of over there.
    await z.say("theirs");
    for (const one of [z, y]) {
      await one.event("message");
      expect(one.texts()).toEqual(["theirs"]);
      expect(one.names()).not.toContain("is_typing");
      expect(one.names()).not.toContain("seen_by");
      expect(one.all("info").filter((text) => text.includes("left"))).toEqual([]);
    }
    expect(await y.ask("load_more", "load_more")).toHaveLength(1);
  });

  it("what one tenant changes, deletes or rotates stays as it was for the other", async () => {
    const [here, there] = [await side(), await side()];
    const z = await enter(there, "token of ann");
    const before = [
      (await there.server.get("/user/" + there.app.id)).body,
      (await there.server.get("/room/lobby")).body,
    ];
    await here.user(1, "another token", { firstName: "Changed" });
    await here.server.delete(`/user/${here.bob.id}`);
    await here.server.put("/room/remove", { room: "lobby", users: [1] });
    await here.server.delete(`/room/${here.room.id}`);
    for (const foreign of [there.ann.id, there.bob.id]) {
      expect((await here.server.delete(`/user/${foreign}`)).status).toBe(404);
    }
    expect((await here.server.delete(`/room/${there.room.id}`)).status).toBe(404);
    const named = { appId: there.app.applicationId };
    expect((await here.server.post("/room", { room: "x", users: [], ...named })).status).toBe(404);
    expect((await here.server.get("/room", named)).status).toBe(404);
    const after = [
      (await there.server.get("/user/" + there.app.id)).body,
      (await there.server.get("/room/lobby")).body,
    ];
    expect(after).toEqual(before);
    expect((await z.join("lobby")).users).toHaveLength(2);
  });
});
