import { describe, expect, it } from "vitest";
import { app } from "../support/apps.ts";
import { expectProblem, expectRefusal } from "../support/contract.ts";
import { file } from "../support/files.ts";
import type { Body, Person } from "../support/people.ts";
import { call, knock, people, person } from "../support/people.ts";

const PASSWORD = "correct horse battery";

/** Ann of the default app talks to Bob there; Zoe is of another. */
async function neighbours(): Promise<{ ann: Person; bob: Person; zoe: Person; chat: Body; message: Body }> {
  const [ann, bob] = await people("ann", "bob");
  const zoe = await person("zoe", (await app("Other")).id);
  const chat = await ann.direct(bob);
  return { ann, bob, zoe, chat, message: await ann.say(chat.id, "ours") };
}

describe("two apps side by side", () => {
  it("take the same username, each for itself, and a token of one is a token of that one", async () => {
    const { uuid } = await app("Other");
    const username = `twin-${Math.random().toString(36).slice(2, 8)}`;
    const register = (headers: Record<string, string>, query = "") =>
      call("POST", `/v1/auth/register${query}`, { username, password: PASSWORD }, headers);
    const [here, there] = [await register({}), await register({ "x-app-id": uuid })];
    expect([here.status, there.status]).toEqual([201, 201]);
    expect(here.body.user.id).not.toBe(there.body.user.id);
    expect((await register({}, `?app=${uuid.toUpperCase()}`)).status).toBe(409);
    const login = await call("POST", `/v1/auth/login?app=${uuid}`, { username, password: PASSWORD });
    expect(login.body.user.id).toBe(there.body.user.id);
    expect((await call("GET", "/v1/config", undefined, { "x-app-id": uuid })).body).toMatchObject({
      app: uuid,
      name: "Other",
      open: false,
    });
    for (const none of ["x", "", "00000000-0000-4000-8000-000000000000", "1"]) {
      expectProblem(await register({ "x-app-id": none }), "not_found");
      expectProblem(
        await call("POST", "/v1/auth/login", { username, password: PASSWORD }, { "x-app-id": none }),
        "not_found",
      );
      expectProblem(await call("GET", `/v1/config?app=${none}`), "not_found");
    }
  });

  it("a header can't take a token over to another app", async () => {
    const { zoe, chat } = await neighbours();
    const config = (await call("GET", "/v1/config")).body;
    expectProblem(await zoe.call("GET", `/v1/chats/${chat.id}`, undefined, { "x-app-id": config.app }), "not_found");
    expect((await zoe.call("GET", "/v1/me", undefined, { "x-app-id": config.app })).body.id).toBe(zoe.id);
  });

  it("people of another app do not exist: not in search, not for a chat, not as a member", async () => {
    const { ann, bob, zoe } = await neighbours();
    expect((await zoe.get(`/v1/users?q=${ann.username}`)).body.items).toEqual([]);
    expect((await zoe.get("/v1/users")).body.items.map((user: Body) => user.id)).toEqual([zoe.id]);
    expectProblem(await zoe.post("/v1/chats", { members: [ann.id] }), "not_found");
    expectProblem(await zoe.post("/v1/chats", { members: [ann.id, bob.id] }), "input.invalid", "members.0");
    const group = (await zoe.post("/v1/chats", { members: [], title: "Ours" })).body;
    expectProblem(await zoe.put(`/v1/chats/${group.id}/members/${ann.id}`), "not_found");
    expect((await ann.get("/v1/chats")).body.items.map((chat: Body) => chat.id)).not.toContain(group.id);
  });

  it("a chat of another app does not exist, on any route", async () => {
    const { zoe, bob, chat, message } = await neighbours();
    const path = `/v1/chats/${chat.id}`;
    const answers = [
      await zoe.get(path),
      await zoe.patch(path, { title: "x" }),
      await zoe.delete(path),
      await zoe.put(`${path}/members/${zoe.id}`),
      await zoe.delete(`${path}/members/${bob.id}`),
      await zoe.get(`${path}/messages`),
      await zoe.post(`${path}/messages`, { text: "theirs" }),
      await zoe.patch(`${path}/messages/${message.id}`, { text: "theirs" }),
      await zoe.delete(`${path}/messages/${message.id}`),
      await zoe.post(`${path}/read`),
      await zoe.get(`${path}/changes?since=0`),
    ];
    const nowhere = await zoe.get("/v1/chats/99999999");
    for (const answer of answers) {
      expectProblem(answer, "not_found");
      expect(answer.body).toEqual(nowhere.body);
    }
    expect((await knock(`${path}/socket`, { authorization: `Bearer ${zoe.token}` })).status).toBe(404);
    expect((await bob.get(path)).body).toMatchObject({ rev: 2, unread: 1, members_count: 2 });
  });

  it("nothing of another app is to be had or heard on a socket", async () => {
    const { ann, zoe, chat, message } = await neighbours();
    const z = await zoe.socket();
    const chat_id = chat.id;
    for (const [command, args] of [
      ["message.send", { chat_id, text: "x" }],
      ["message.list", { chat_id }],
      ["message.edit", { message_id: message.id, text: "x" }],
      ["message.delete", { message_id: message.id }],
      ["read", { chat_id }],
      ["typing", { chat_id, on: true }],
      ["changes", { chat_id, since: 0 }],
      ["chat.join", { chat_id }],
      ["presence.watch", { user_id: ann.id }],
    ] as const) {
      expectRefusal(await z.do(command, args), "not_found");
    }
    const a = await ann.socket();
    await a.do("typing", { chat_id, on: true });
    await a.do("message.send", { chat_id, text: "ours too" });
    await ann.patch("/v1/me", { name: "Ann" });
    await person("newcomer");
    // What zoe hears next is of her own app.
    const own = (await zoe.post("/v1/chats", { members: [zoe.id] })).body;
    await z.event("chat.created");
    expect(z.events.map((event) => event.chat_id)).toEqual([own.id]);
  });

  it("a file of another app does not exist, but for its signed link", async () => {
    const { ann, zoe, chat } = await neighbours();
    const attachment = await file(ann, "a.txt");
    expectProblem(await zoe.get(`/v1/attachments/${attachment.id}`), "not_found");
    await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [attachment.id] });
    expectProblem(await zoe.get(`/v1/attachments/${attachment.id}`), "not_found");
    const own = (await zoe.post("/v1/chats", { members: [zoe.id] })).body;
    const stolen = await zoe.post(`/v1/chats/${own.id}/messages`, { attachments: [attachment.id] });
    expectProblem(stolen, "input.invalid", "attachments.0");
    expect((await call("GET", attachment.url.slice("http://parlance.test".length))).status).toBe(200);
  });
});
