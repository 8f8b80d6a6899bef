import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { expectProblem, expectRefusal, expectShape } from "../support/contract.ts";
import { file } from "../support/files.ts";
import type { Body, Person } from "../support/people.ts";
import { people, person } from "../support/people.ts";

/** What the alarm of `who`'s Inbox would do in `ms` happens now. */
async function alarmIn(ms: number, who: Person): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  try {
    await runDurableObjectAlarm(env.INBOX.getByName(`user:${who.id}`));
  } finally {
    vi.useRealTimers();
  }
}

describe("GET /v1/users", () => {
  it("finds people by the beginning of username or name, in any case, page by page", async () => {
    const prefix = `zz${Math.random().toString(36).slice(2, 8)}`;
    const found = await Promise.all(["a", "b", "c", "d", "e"].map((letter) => person(`${prefix}${letter}`)));
    const named = await person("named");
    await named.patch("/v1/me", { name: `${prefix.toUpperCase()} Lee` });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body } = await named.get(`/v1/users?q=${prefix.toUpperCase()}&limit=2${from}`);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(["items", "next"]);
      for (const user of body.items) {
        expectShape("listedUser", user);
        seen.push(user.username);
      }
      cursor = body.next;
    }
    expect(seen).toEqual([...found, named].map((who) => who.username).toSorted());
    for (const q of [`${prefix}%25`, `${prefix}_`, "%25", `${prefix}'`, "%00", "%F0%9F%91%8D"]) {
      expect(await named.get(`/v1/users?q=${q}`), q).toMatchObject({ status: 200, body: { items: [], next: null } });
    }
  });

  it("says who is online: while a socket of any kind is open, and for a moment after the last has closed", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const online = async (): Promise<boolean> => (await ann.get(`/v1/users?q=${bob.username}`)).body.items[0].online;
    expect(await online()).toBe(false);
    const socket = await bob.socket(chat.id);
    await vi.waitFor(async () => expect(await online()).toBe(true));
    socket.close(1000);
    await socket.until(() => socket.closed !== undefined);
    expect(await online()).toBe(true);
    // The end of the socket may be noticed only after a try, and the grace then runs from there.
    let later = 0;
    await vi.waitFor(async () => {
      later += 11_000;
      await alarmIn(later, bob);
      expect(await online()).toBe(false);
    });
  });

  it("refuses what is no page", async () => {
    const ann = await person("ann");
    for (const limit of ["0", "101", "x"])
      expectProblem(await ann.get(`/v1/users?limit=${limit}`), "input.invalid", "limit");
    expectProblem(await ann.get(`/v1/users?q=${"x".repeat(201)}`), "input.invalid", "q");
  });
});

describe("presence", () => {
  it("is told to those who watch, until they no longer do", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const [a, e] = [await ann.socket(), await eve.socket()];
    expect(await a.do("presence.watch", { user_id: bob.id })).toEqual({ re: "c1", ok: true, online: false });
    const b = await bob.socket();
    expect(await a.event("presence")).toEqual({ event: "presence", user_id: bob.id, online: true });
    expect(await e.do("presence.watch", { user_id: bob.id })).toMatchObject({ ok: true, online: true });
    await e.do("presence.unwatch", { user_id: bob.id });
    await bob.post("/v1/auth/logout");
    await b.until(() => b.closed !== undefined);
    // A token that was ended gives no grace.
    expect(await a.event("presence", (event) => !event.online)).toEqual({
      event: "presence",
      user_id: bob.id,
      online: false,
    });
    expect(e.events).toEqual([]);
  });

  it("does not flicker when one of two sockets closes, nor when the last one comes back in time", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, one, two] = [await ann.socket(), await bob.socket(), await bob.socket()];
    await a.do("presence.watch", { user_id: bob.id });
    for (const socket of [one, two]) {
      socket.close(1000);
      await socket.until(() => socket.closed !== undefined);
    }
    await bob.socket();
    await bob.say((await bob.direct(ann)).id, "back");
    await a.event("message.created");
    expect(a.events.filter((event) => event.event === "presence")).toEqual([]);
  });

  it("says when somebody was last connected, once nobody is", async () => {
    const [ann, bob] = await people("ann", "bob");
    const seen = async () => (await ann.get(`/v1/users/${bob.id}`)).body;
    expect(await seen()).toEqual({
      id: bob.id,
      username: bob.username,
      name: bob.username,
      photo: null,
      online: false,
      last_seen: null,
    });
    const before = Date.now();
    const [one, two] = [await bob.socket(), await bob.socket()];
    await vi.waitFor(async () => expect(await seen()).toMatchObject({ online: true, last_seen: null }));
    one.close(1000);
    await one.until(() => one.closed !== undefined);
    expect(await seen()).toMatchObject({ online: true, last_seen: null });
    await bob.post("/v1/auth/logout");
    await two.until(() => two.closed !== undefined);
    await vi.waitFor(async () => expect(await seen()).toMatchObject({ online: false }));
    const at = Date.parse((await seen()).last_seen);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });

  it("of nobody is not found", async () => {
    const ann = await person("ann");
    const a = await ann.socket();
    expectProblem(await ann.get("/v1/users/99999999"), "not_found");
    expectProblem(await ann.get("/v1/users/nobody"), "input.invalid", "id");
    expectRefusal(await a.do("presence.watch", { user_id: 99_999_999 }), "not_found");
    expectRefusal(await a.do("presence.watch", {}), "input.invalid", "user_id");
  });
});

describe("an account that is deleted", () => {
  it("is gone at once: token, sockets, search; its messages stay as those of a deleted user", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [direct, group] = [await ann.direct(bob), await ann.group("Team", bob)];
    const sent = await ann.say(direct.id, "remember me");
    await ann.say(group.id, "and me");
    const unsent = await file(ann);
    const a = await ann.socket();
    expect(await ann.delete("/v1/me")).toMatchObject({ status: 204, body: undefined });
    expectProblem(await ann.get("/v1/me"), "auth.invalid");
    await a.until(() => a.closed !== undefined, "the end");
    expect(a.closed?.code).toBe(1008);
    expect((await bob.get(`/v1/users?q=${ann.username}`)).body.items).toEqual([]);
    expectProblem(await bob.post("/v1/chats", { members: [ann.id], title: "x" }), "input.invalid", "members.0");
    const ghost = { id: ann.id, name: "Deleted user", photo: null };
    await vi.waitFor(async () => {
      const [message] = (await bob.get(`/v1/chats/${direct.id}/messages`)).body.items;
      expect(message).toMatchObject({ id: sent.id, text: "remember me", user: ghost });
      expect(message.user.username).not.toBe(ann.username);
      const { items } = (await bob.get("/v1/chats")).body;
      expect(items.map((chat: Body) => chat.last_message.user)).toEqual([message.user, message.user]);
      const { body } = await bob.get(`/v1/chats/${group.id}`);
      expect(body).toMatchObject({ members_count: 1, members: [{ user: { id: bob.id }, role: "owner" }] });
    });
    await vi.waitFor(async () => expectProblem(await bob.get(`/v1/attachments/${unsent.id}`), "not_found"));
  });

  it("leaves no name behind in chats that it had left before", async () => {
    const [ann, bob] = await people("ann", "bob");
    const group = await bob.group("Team", ann);
    await ann.say(group.id, "hello");
    await ann.delete(`/v1/chats/${group.id}/members/${ann.id}`);
    await ann.delete("/v1/me");
    await vi.waitFor(async () => {
      const [message] = (await bob.get(`/v1/chats/${group.id}/messages`)).body.items;
      expect(message.user).toMatchObject({ id: ann.id, name: "Deleted user" });
      expect((await bob.get("/v1/chats")).body.items[0].last_message.user).toEqual(message.user);
    });
  });

  it("frees its username for another", async () => {
    const ann = await person("ann");
    await ann.delete("/v1/me");
    const again = await ann.call("POST", "/v1/auth/register", { username: ann.username, password: "long enough" });
    expect(again.status).toBe(201);
    expect(again.body.user.id).not.toBe(ann.id);
  });
});
