// The promises of the directory about apps, users and tokens, kept by D1 itself.

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { appId, userId } from "../../src/core/ids.ts";
import type { User } from "../../src/core/ports.ts";
import { createDirectory } from "../../src/directory/directory.ts";
import { count, directory, failure, newApp, newUser, newUsers } from "./directory-builders.ts";

const DEFAULT = appId(1);

describe("apps", () => {
  it("the migration makes the default app with a UUID of its own", async () => {
    const app = await directory.apps.byId(DEFAULT);
    expect(app).toMatchObject({ id: 1, name: "default", open: false });
    expect(app?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await directory.apps.byUuid(app?.uuid.toUpperCase() ?? "")).toEqual(app);
    expect(await directory.apps.byUuid(crypto.randomUUID())).toBeNull();
  });

  it("the setting opens the default app and no other", async () => {
    const other = await newApp();
    const opened = createDirectory(env.DB, { defaultAppOpen: true });
    expect((await opened.apps.byId(DEFAULT))?.open).toBe(true);
    expect((await opened.apps.byId(other))?.open).toBe(false);
    await env.DB.prepare("UPDATE apps SET open = 1 WHERE id = ?").bind(other).run();
    expect((await directory.apps.byId(other))?.open).toBe(true);
  });
});

describe("users", () => {
  it("a username is unique in its app without regard to case or encoding", async () => {
    const app = await newApp();
    const user = await newUser(app, { username: "Zoë" });
    for (const same of ["Zoë", "zoë", "ZOË", "Zoe\u0308", "\uff3aoë"]) {
      await expect(newUser(app, { username: same, passwordHash: "x" })).rejects.toEqual(
        failure("conflict", "username"),
      );
      expect(await directory.users.findByUsername(app, same)).toEqual(user);
    }
    expect(await newUser(await newApp(), { username: "zoë" })).toMatchObject({ username: "zoë" });
  });

  it("one of many who ask for a username at the same instant gets it", async () => {
    const app = await newApp();
    const tries = Array.from({ length: 10 }, () => newUser(app, { username: "Wanted", passwordHash: "x" }));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    expect(await count("users WHERE app_id = ?", app)).toBe(1);
  });

  it("an external id is unique in its app", async () => {
    const app = await newApp();
    await newUser(app, { externalId: "7" });
    await expect(newUser(app, { externalId: "7" })).rejects.toEqual(failure("conflict", "user"));
    await newUser(await newApp(), { externalId: "7" });
  });

  it("the name shown is the name, else first and last name, else the username", async () => {
    const app = await newApp();
    const user = await newUser(app, { username: "ada", name: "Countess", firstName: "Ada", lastName: "Lovelace" });
    expect(user.name).toBe("Countess");
    expect((await directory.users.update(user.id, { name: null }))?.name).toBe("Ada Lovelace");
    expect((await newUser(app, { firstName: "Grace" })).name).toBe("Grace");
    expect((await newUser(app, { username: "plain" })).name).toBe("plain");
  });

  it("a user is found in their own app only", async () => {
    const [app, other] = [await newApp(), await newApp()];
    const [a, b] = [await newUser(app), await newUser(other)];
    expect(await directory.users.find(app, a.id)).toEqual(a);
    expect(await directory.users.find(other, a.id)).toBeNull();
    expect(await directory.users.findMany(app, [a.id, b.id])).toEqual([a]);
    expect(await directory.users.findByUsername(other, a.username)).toBeNull();
    expect(await directory.users.search(other, { query: a.username, after: null, limit: 9 })).toEqual([]);
  });

  it("more ids than a statement takes parameters are found at once", async () => {
    const app = await newApp();
    const ids = await newUsers(app, 120);
    const found = await directory.users.findMany(app, ids);
    expect(found.map((user) => user.id).toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b));
  });

  it("what is not given in an update stays, also when two change at once", async () => {
    const user = await newUser(await newApp(), { name: "Before", photo: "p" });
    await Promise.all([
      directory.users.update(user.id, { name: "After" }),
      directory.users.update(user.id, { photo: null }),
    ]);
    expect(await directory.users.update(user.id, {})).toMatchObject({ name: "After", photo: null });
    expect(await directory.users.update(userId(999_999_999), { name: "x" })).toBeNull();
  });

  it("somebody logs in by username, or by e-mail address where it is no username", async () => {
    const app = await newApp();
    const user = await newUser(app, { username: "Mail", email: "Mail@Example.com", passwordHash: "h1" });
    expect(await directory.users.credential(app, "mAIL")).toEqual({ user, hash: "h1" });
    expect(await directory.users.credential(app, "mail@example.COM")).toEqual({ user, hash: "h1" });
    expect(await directory.users.credential(await newApp(), "mail")).toBeNull();
    // A later account with the same address takes nothing over, and a username goes first.
    await newUser(app, { email: "mail@example.com", passwordHash: "h2" });
    expect((await directory.users.credential(app, "mail@example.com"))?.hash).toBe("h1");
    await newUser(app, { username: "mail@example.com" });
    expect(await directory.users.credential(app, "mail@example.com")).toBeNull();
    await directory.users.setPassword(user.id, "h3");
    expect((await directory.users.credential(app, "mail"))?.hash).toBe("h3");
  });
});

describe("an account that is gone", () => {
  it("is found by nobody, and its names are free again", async () => {
    const app = await newApp();
    const given = { username: "Gone", name: "Gone Girl", email: "gone@x.y", externalId: "e", passwordHash: "h" };
    const user = await newUser(app, given);
    const session = { appId: app, userId: user.id, tokenId: crypto.randomUUID(), expiresAt: Date.now() + 60_000 };
    await directory.tokens.add(session);
    await directory.users.erase(user.id);

    const { users, tokens } = directory;
    expect(await users.find(app, user.id)).toBeNull();
    expect(await users.findMany(app, [user.id])).toEqual([]);
    expect(await users.findByUsername(app, "gone")).toBeNull();
    expect(await users.findByUsername(app, `deleted:${user.id}`)).toBeNull();
    expect(await users.credential(app, "gone")).toBeNull();
    expect(await users.credential(app, "gone@x.y")).toBeNull();
    for (const query of ["", "gone", "deleted"])
      expect(await users.search(app, { query, after: null, limit: 9 })).toEqual([]);
    expect(await tokens.user(session.tokenId)).toBeNull();
    expect(await users.update(user.id, { name: "Back" })).toBeNull();

    await users.setPassword(user.id, "h");
    expect(await count("credentials WHERE user_id = ?", user.id)).toBe(0);
    expect(await count("tokens WHERE user_id = ?", user.id)).toBe(0);
    await expect(tokens.add(session)).rejects.toMatchObject({ failure: { code: "auth.invalid" } });
    const row = await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind(user.id).first();
    expect(JSON.stringify(row)).not.toMatch(/gone|"e"/i);

    const next = await newUser(app, given);
    expect(next.id).toBeGreaterThan(user.id);
    await users.erase(next.id);
  });

  it("is shown as a deleted user in chats that it has not left", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const { id } = await directory.chats.direct(app, a, b);
    await directory.users.erase(b);
    const chat = await directory.chats.load(id);
    expect(chat?.members[1]?.user).toMatchObject({
      id: b,
      username: `deleted:${b}`,
      name: "Deleted user",
      email: null,
    });
  });
});

describe("search", () => {
  const app = newApp();

  async function pages(query: string, limit: number): Promise<string[]> {
    const names: string[] = [];
    let after: string | null = null;
    // Bounded, so that a page that repeats itself fails and does not hang.
    while (names.length < 100) {
      const page: User[] = await directory.users.search(await app, { query, after, limit });
      names.push(...page.map((user) => user.username));
      after = page.at(-1)?.username ?? null;
      if (page.length < limit) break;
    }
    return names;
  }

  it("pages completely and in order, by the beginning of either name", async () => {
    for (const username of ["anna", "Anton", "berta", "carl", "dora", "ANdrea"]) await newUser(await app, { username });
    await newUser(await app, { username: "emil", name: "Antonia" });
    await newUser(await app, { username: "anke", name: "Anke" });
    await newUser(await app, { username: "b2", firstName: "Ángel", lastName: "Andersen" });
    const everyone = ["ANdrea", "anke", "anna", "Anton", "b2", "berta", "carl", "dora", "emil"];
    for (const limit of [1, 2, 3, 100]) {
      expect(await pages("", limit)).toEqual(everyone);
      expect(await pages("aN", limit)).toEqual(["ANdrea", "anke", "anna", "Anton", "emil"]);
      expect(await pages("anton", limit)).toEqual(["Anton", "emil"]);
      expect(await pages("a\u0301ngel and", limit)).toEqual(["b2"]);
      expect(await pages("nna", limit)).toEqual([]);
    }
  });

  it("takes % and _ as they are, and the beginning of what sorts behind every letter", async () => {
    for (const username of ["50%", "50x", "s_t", "sxt", "😀a", "\u{10fffd}z"]) await newUser(await app, { username });
    expect(await pages("50%", 5)).toEqual(["50%"]);
    expect(await pages("s_", 5)).toEqual(["s_t"]);
    expect(await pages("%", 5)).toEqual([]);
    expect(await pages("😀", 5)).toEqual(["😀a"]);
    expect(await pages("\u{10fffd}", 5)).toEqual(["\u{10fffd}z"]);
  });

  it("follows a new name", async () => {
    const user = await newUser(await app, { username: "renamed", name: "Xaver" });
    await directory.users.update(user.id, { name: "Yvonne" });
    expect(await pages("xav", 5)).toEqual([]);
    expect(await pages("yvo", 5)).toEqual(["renamed"]);
  });
});

describe("tokens", () => {
  it("a token speaks for its user until it expires or is ended", async () => {
    const app = await newApp();
    const user = await newUser(app);
    const ids = Array.from({ length: 3 }, () => crypto.randomUUID());
    const now = Date.now();
    for (const tokenId of ids)
      await directory.tokens.add({ appId: app, userId: user.id, tokenId, expiresAt: now + 60_000 });
    const [first = "", second = "", third = ""] = ids;
    expect(await directory.tokens.user(first)).toEqual({ ...user, readBeforeSend: false });
    await directory.tokens.end(first);
    expect(await directory.tokens.user(first)).toBeNull();
    expect(await directory.tokens.user(second)).toEqual({ ...user, readBeforeSend: false });

    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(now + 60_000);
    expect(await directory.tokens.user(second)).toBeNull();
    await directory.tokens.add({ appId: app, userId: user.id, tokenId: first, expiresAt: now + 90_000 });
    vi.useRealTimers();
    // The expired ones went when the next came.
    expect(await count("tokens WHERE user_id = ?", user.id)).toBe(1);
    await directory.tokens.endAll(user.id);
    expect(await directory.tokens.user(first)).toBeNull();
    expect(await directory.tokens.user(third)).toBeNull();
  });

  it("none is kept for a user in another app's name", async () => {
    const user = await newUser(await newApp());
    const session = { appId: await newApp(), userId: user.id, tokenId: "t", expiresAt: Date.now() + 60_000 };
    await expect(directory.tokens.add(session)).rejects.toMatchObject({ failure: { code: "auth.invalid" } });
  });
});
