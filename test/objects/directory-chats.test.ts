// The promises of the directory about chats and attachments, and that no statement reads more than it needs.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ChatId, UserId } from "../../src/core/ids.ts";
import { chatId, MAX_CHAT_ID, userId } from "../../src/core/ids.ts";
import type { AttachmentRecord } from "../../src/core/ports.ts";
import { createDirectory } from "../../src/directory/directory.ts";
import { count, directory, failure, newApp, newUser, newUsers, upload } from "./directory-builders.ts";
import { recording } from "./recording.ts";

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

  it("are held for one chat, all that a message is to bear or none, and stay orphans until they are sent", async () => {
    const app = await newApp();
    const [a, b] = await newUsers(app, 2);
    if (a === undefined || b === undefined) throw new Error("no users");
    const [one, two, theirs] = [upload(app, a), upload(app, a), upload(app, b)];
    for (const record of [one, two, theirs]) await directory.attachments.add(record);
    const { id: chat } = await directory.chats.direct(app, a, b);
    const { id: other } = await directory.chats.direct(app, a, a);
    const held = async (records: AttachmentRecord[], by: UserId, where: ChatId): Promise<string[]> => {
      const ids = records.map(({ id }) => id);
      const found = await directory.attachments.hold(ids, by, where);
      return ids.filter((id) => found.some((record) => record.id === id));
    };
    // What is somebody else's can't be held, and neither is what goes with it.
    expect(await held([one, theirs], a, chat)).toEqual([one.id]);
    expect(await held([one, upload(app, a)], a, chat)).toEqual([one.id]);
    expect(await held([one], a, other)).toEqual([one.id]);
    expect(await held([one, two], a, chat)).toEqual([two.id]);
    expect(await held([two], a, chat)).toEqual([two.id]);
    // Asked again, the chat has it still; the other does not.
    expect(await held([two], a, chat)).toEqual([two.id]);
    expect(await held([one, two], a, other)).toEqual([one.id]);
    expect((await directory.attachments.orphans(a, 2_000)).map(({ id }) => id).toSorted()).toEqual(
      [one.id, two.id].toSorted(),
    );
    await directory.attachments.claim([two.id], chat);
    expect(await held([two], a, chat)).toEqual([]);
    expect(await directory.attachments.ofChat(chat)).toEqual([{ ...two, chatId: chat }]);
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
  const { apps, users, tokens, chats, attachments, appRecords } = createDirectory(db, { defaultAppOpen: false });
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
  await attachments.hold(["plan"], user.id, id);
  await attachments.claim(["plan"], id);
  await attachments.orphans(user.id, 5);
  await attachments.ofChat(id);
  await attachments.forget(["plan"]);
  expect(await appRecords.chatsAfter(app, id - 1, 5)).toEqual([id, id + 1]);
  expect(await appRecords.chatsAfter(app, id, 1)).toEqual([id + 1]);
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
