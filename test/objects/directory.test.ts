// The promises of the directory, kept by D1 itself.

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { appId, chatId, MAX_CHAT_ID, userId } from "../../src/core/ids.ts";
import type { AppId, UserId } from "../../src/core/ids.ts";
import type { AttachmentRecord, NewUser, User } from "../../src/core/ports.ts";
import { createDirectory } from "../../src/directory/directory.ts";
import { recording } from "./recording.ts";

const directory = createDirectory(env.DB, { defaultAppOpen: false });
const DEFAULT = appId(1);

let made = 0;

/** Another app than the default one. */
async function newApp(): Promise<AppId> {
  const statement = env.DB.prepare("INSERT INTO apps (uuid, name, created_at) VALUES (?, 'other', 0) RETURNING id");
  const row = await statement.bind(crypto.randomUUID()).first<{ id: number }>();
  return appId(row?.id ?? 0);
}

function newUser(app: AppId, user: Partial<NewUser> = {}): Promise<User> {
  return directory.users.create(app, { username: `user${++made}`, ...user });
}

async function newUsers(app: AppId, many: number): Promise<UserId[]> {
  const users = await Promise.all(Array.from({ length: many }, () => newUser(app)));
  return users.map((user) => user.id);
}

async function count(sql: string, ...values: unknown[]): Promise<number> {
  const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`)
    .bind(...values)
    .first<{ n: number }>();
  return row?.n ?? -1;
}

const upload = (app: AppId, user: UserId, createdAt = 1_000): AttachmentRecord => ({
  id: crypto.randomUUID(),
  appId: app,
  userId: user,
  chatId: null,
  name: "bild ü.png",
  size: 12,
  mime: "image/png",
  width: 3,
  height: null,
  createdAt,
});

const failure = (code: string, subject: string) =>
  expect.objectContaining({ failure: expect.objectContaining({ code, subject }) });

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
    expect(await directory.tokens.user(first)).toEqual(user);
    await directory.tokens.end(first);
    expect(await directory.tokens.user(first)).toBeNull();
    expect(await directory.tokens.user(second)).toEqual(user);

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

describe("chats", () => {
  it("twenty who open a direct chat at the same instant get the same one, with both in it", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const asked = Array.from({ length: 20 }, (_, at) =>
      at % 2 === 0 ? directory.chats.direct(app, a, b) : directory.chats.direct(app, b, a),
    );
    const answers = await Promise.all(asked);
    const id = answers[0]?.id ?? chatId(1);
    expect(new Set(answers.map((answer) => answer.id))).toEqual(new Set([id]));
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(await count("memberships WHERE chat_id = ?", id)).toBe(2);
    expect(await count("chats WHERE app_id = ?", app)).toBe(1);
    // Being asked for costs no id.
    expect((await directory.chats.direct(app, a, a)).id).toBe(id + 1);

    const chat = await directory.chats.load(id);
    expect(chat).toMatchObject({ kind: "direct", title: null, props: {}, appId: app });
    expect(chat?.members.map((member) => member.role)).toEqual(["member", "member"]);
    expect(await directory.chats.findDirect(app, b, a)).toBe(id);
  });

  it("a chat with oneself has one member", async () => {
    const app = await newApp();
    const user = await newUser(app);
    const { id, created } = await directory.chats.direct(app, user.id, user.id);
    expect(created).toBe(true);
    expect((await directory.chats.load(id))?.members.map((member) => member.user.id)).toEqual([user.id]);
  });

  it("nobody of another app, or who is gone, gets into a chat, and none is made", async () => {
    const app = await newApp();
    const [a, gone] = await newUsers(app, 2);
    const [stranger] = await newUsers(await newApp(), 1);
    if (a === undefined || gone === undefined || stranger === undefined) throw new Error("no users");
    await directory.users.erase(gone);
    for (const other of [stranger, gone, userId(999_999_999)]) {
      await expect(directory.chats.direct(app, a, other)).rejects.toEqual(failure("not_found", "user"));
      const group = { appId: app, kind: "group", title: null, createdBy: a, members: [other] } as const;
      await expect(directory.chats.create(group)).rejects.toEqual(failure("not_found", "user"));
    }
    await expect(directory.chats.direct(app, stranger, stranger)).rejects.toEqual(failure("not_found", "user"));
    expect(await count("chats WHERE app_id = ?", app)).toBe(0);

    const { id } = await directory.chats.direct(app, a, a);
    await directory.chats.setMembers(id, [{ user: stranger, role: "admin" }]);
    expect((await directory.chats.load(id))?.members).toHaveLength(1);
    // The pair of two people is theirs in their own app alone.
    expect(await directory.chats.findDirect(await newApp(), a, a)).toBeNull();
  });

  it("a group keeps its members in the order given, behind its owner", async () => {
    const app = await newApp();
    const ids = await newUsers(app, 130);
    const [first, second, ...rest] = ids.toReversed();
    if (first === undefined || second === undefined) throw new Error("no users");
    const props = { place: { lat: 1.5 }, tags: ["ü"] };
    const members = [...rest, first, first];
    const id = await directory.chats.create({
      appId: app,
      kind: "group",
      title: "T",
      createdBy: first,
      members,
      props,
    });
    expect(await directory.chats.load(id)).toMatchObject({ kind: "group", title: "T", createdBy: first, props });
    const order = async () => (await directory.chats.load(id))?.members.map((member) => [member.user.id, member.role]);
    expect(await order()).toEqual([[first, "owner"], ...rest.map((user) => [user, "member"])]);

    const [third, fourth] = rest;
    if (third === undefined || fourth === undefined) throw new Error("no users");
    await directory.chats.removeMembers(id, rest.slice(2));
    await directory.chats.setMembers(id, [
      { user: fourth, role: "admin" },
      { user: second, role: "member" },
    ]);
    await directory.chats.rename(id, null);
    expect(await order()).toEqual([
      [first, "owner"],
      [third, "member"],
      [fourth, "admin"],
      [second, "member"],
    ]);
    expect((await directory.chats.load(id))?.title).toBeNull();
  });

  it("a chat that is erased frees its pair at once, and nothing that comes late brings it back", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const { id } = await directory.chats.direct(app, a, b);
    await directory.chats.erase(id);
    expect(await directory.chats.load(id)).toBeNull();
    expect(await directory.chats.findDirect(app, a, b)).toBeNull();
    await directory.chats.setMembers(id, [{ user: a, role: "member" }]);
    expect(await count("memberships WHERE chat_id = ?", id)).toBe(0);
    const again = await directory.chats.direct(app, a, b);
    expect(again.created).toBe(true);
    expect(again.id).toBeGreaterThan(id);
  });

  it("a creation that was cut off is found by whoever began it, until the chat has opened", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const { id } = await directory.chats.direct(app, a, b);
    const later = Date.now() + 1;
    expect(await directory.chats.unopened(a, later)).toEqual([id]);
    expect(await directory.chats.unopened(a, 1)).toEqual([]);
    expect(await directory.chats.unopened(b, later)).toEqual([]);
    await directory.chats.opened(id);
    expect(await directory.chats.unopened(a, later)).toEqual([]);
  });

  it("no chat is made whose messages would have no safe ids", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const before = await env.DB.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'chats'").first<{
      seq: number;
    }>();
    const set = env.DB.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'chats'");
    await set.bind(MAX_CHAT_ID - 1).run();
    const last = await directory.chats.direct(app, a, b);
    expect(last.id).toBe(MAX_CHAT_ID);
    await expect(directory.chats.direct(app, a, a)).rejects.toThrow(/CHECK constraint failed/);
    await directory.chats.erase(last.id);
    await set.bind(before?.seq ?? 0).run();
  });
});

describe("attachments", () => {
  it("are noted once with the chat that they are sent to, and forgotten when told", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const one = upload(app, a);
    const two = upload(app, a);
    for (const record of [one, two]) await directory.attachments.add(record);
    expect(await directory.attachments.find(one.id)).toEqual(one);
    const { id: chat } = await directory.chats.direct(app, a, b);
    const { id: other } = await directory.chats.direct(app, b, b);

    await directory.attachments.claim([one.id], chat);
    await directory.attachments.claim([one.id, two.id], other);
    expect(await directory.attachments.ofChat(chat)).toEqual([{ ...one, chatId: chat }]);
    expect(await directory.attachments.ofChat(other)).toEqual([{ ...two, chatId: other }]);
    expect(await directory.attachments.findMany([one.id, two.id, "none"])).toHaveLength(2);

    // They outlive their chat until they are forgotten.
    await directory.chats.erase(chat);
    expect(await directory.attachments.ofChat(chat)).toHaveLength(1);
    await directory.attachments.forget([one.id]);
    expect(await directory.attachments.find(one.id)).toBeNull();
    expect(await directory.attachments.find(two.id)).not.toBeNull();
  });

  it("that nobody sent are orphans of their uploader, the oldest first", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const [young, old, sent, theirs] = [upload(app, a, 2_000), upload(app, a, 1_000), upload(app, a), upload(app, b)];
    for (const record of [young, old, sent, theirs]) await directory.attachments.add(record);
    const { id: chat } = await directory.chats.direct(app, a, b);
    await directory.attachments.claim([sent.id], chat);
    expect(await directory.attachments.orphans(a, 2_001)).toEqual([old, young]);
    expect(await directory.attachments.orphans(a, 2_000)).toEqual([old]);
  });

  it("are taken neither by a chat of another app nor by one that is erased", async () => {
    const [app, elsewhere] = [await newApp(), await newApp()];
    const [a] = await newUsers(app, 1);
    const [stranger] = await newUsers(elsewhere, 1);
    if (a === undefined || stranger === undefined) throw new Error("no users");
    const record = upload(app, a);
    await directory.attachments.add(record);
    const { id: foreign } = await directory.chats.direct(elsewhere, stranger, stranger);
    const { id: erased } = await directory.chats.direct(app, a, a);
    await directory.chats.erase(erased);
    await directory.attachments.claim([record.id], foreign);
    await directory.attachments.claim([record.id], erased);
    expect(await directory.attachments.orphans(a, 2_000)).toEqual([record]);
  });
});

it("no statement reads a whole table, or all of an app", async () => {
  const { db, statements } = recording(env.DB);
  const { apps, users, tokens, chats, attachments } = createDirectory(db, { defaultAppOpen: false });
  const app = await newApp();
  const user = await users.create(app, { username: "planner", email: "p@x.y", passwordHash: "h" });
  const session = { appId: app, userId: user.id, tokenId: "plan", expiresAt: Date.now() + 1_000 };
  await apps.byUuid("u");
  await apps.byId(app);
  await users.find(app, user.id);
  await users.findMany(app, [user.id]);
  await users.findByUsername(app, "planner");
  await users.credential(app, "planner");
  await users.setPassword(user.id, "h");
  await users.update(user.id, { name: null });
  await users.search(app, { query: "", after: null, limit: 5 });
  await users.search(app, { query: "p", after: "a", limit: 5 });
  await tokens.add(session);
  await tokens.user("plan");
  await tokens.end("plan");
  await tokens.endAll(user.id);
  const { id } = await chats.direct(app, user.id, user.id);
  await chats.create({ appId: app, kind: "group", title: "t", createdBy: user.id, members: [] });
  await chats.findDirect(app, user.id, user.id);
  await chats.load(id);
  await chats.opened(id);
  await chats.unopened(user.id, 5);
  await chats.rename(id, "t");
  await chats.setMembers(id, [{ user: user.id, role: "admin" }]);
  await chats.removeMembers(id, [user.id]);
  await attachments.add({ ...upload(app, user.id), id: "plan" });
  await attachments.find("plan");
  await attachments.findMany(["plan"]);
  await attachments.claim(["plan"], id);
  await attachments.orphans(user.id, 5);
  await attachments.ofChat(id);
  await attachments.forget(["plan"]);
  await chats.erase(id);
  await users.erase(user.id);

  expect(statements.size).toBeGreaterThan(35);
  for (const [sql, values] of statements) {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    const steps = results.map((row) => row.detail);
    // Lists that were passed in, one constant row, and the page that a search has already cut.
    const scans = steps.filter((step) => /^SCAN (?!CONSTANT ROW|found|\(subquery|.* VIRTUAL TABLE )/.test(step));
    const wholeApps = steps.filter((step) => step.startsWith("SEARCH") && step.endsWith("(app_id=?)"));
    expect([...scans, ...wholeApps], sql).toEqual([]);
  }
});
