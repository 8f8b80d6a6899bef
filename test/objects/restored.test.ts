// D1 that was put back to an earlier moment, as the runbook says: what notes what has to stay is the runbook's own statement.
// Putting it back is the platform's, and done here by its tables.

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import runbook from "../../docs/runbook.md?raw";
import { storesOf } from "../../src/compose.ts";
import { hashOf } from "../../src/service/keys.ts";
import { admin, operator, Rest, tenant } from "../support/operators.ts";
import type { Tenant } from "../support/operators.ts";
import type { Body, Person } from "../support/people.ts";
import { people, person } from "../support/people.ts";

type Row = Record<string, string | number | null>;
type Tables = Map<string, readonly Row[]>;

const all = async <T = Row>(sql: string): Promise<T[]> => (await env.DB.prepare(sql).all<T>()).results;
const ids = async (table: string): Promise<number[]> =>
  (await all<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);

/** The highest id that each table has ever given. */
const given = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await all<{ name: string; seq: number }>("SELECT name, seq FROM sqlite_sequence")).map(({ name, seq }) => [
      name,
      seq,
    ]),
  );

/** All rows of the tables that our migrations make, and the counters of their ids. */
async function tables(): Promise<Tables> {
  const ours = await all<{ name: string }>("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%STRICT%'");
  const names = [...ours.map(({ name }) => name), "sqlite_sequence"];
  return new Map(await Promise.all(names.map(async (name) => [name, await all(`SELECT * FROM ${name}`)] as const)));
}

async function putBack(then: Tables): Promise<void> {
  const insert = (name: string, row: Row): D1PreparedStatement => {
    const marks = Object.keys(row).map(() => "?");
    const sql = `INSERT INTO ${name} (${Object.keys(row).join(", ")}) VALUES (${marks.join(", ")})`;
    return env.DB.prepare(sql).bind(...Object.values(row));
  };
  await env.DB.batch([
    env.DB.prepare("PRAGMA defer_foreign_keys = on"),
    ...[...then.keys()].map((name) => env.DB.prepare(`DELETE FROM ${name}`)),
    // The counters last: rows that come before raise them.
    ...[...then].flatMap(([name, rows]) => (name === "sqlite_sequence" ? [] : rows.map((row) => insert(name, row)))),
    env.DB.prepare("DELETE FROM sqlite_sequence"),
    ...(then.get("sqlite_sequence") ?? []).map((row) => insert("sqlite_sequence", row)),
  ]);
}

/** What the runbook's command gives: the shell hands over the text between its quotes, which D1 takes as statements. */
async function note(at: string): Promise<string> {
  const section = runbook.slice(runbook.indexOf("\n## Restore D1"), runbook.indexOf("\n## Restore a chat"));
  const command = /--remote --json --command "([^"`\\]+)" \| jq -r '\.\[\]\.results\[\]\.sql' > after\.sql/.exec(
    section,
  );
  if (command?.[1] === undefined) throw new Error("the runbook has no such command");
  const queries = command[1].replaceAll("$at", at).split(/;\s+(?=SELECT |$)/);
  const noted = await Promise.all(queries.filter((sql) => sql !== "").map((sql) => all<{ sql: string }>(sql)));
  return noted
    .flat()
    .map(({ sql }) => sql)
    .join("\n");
}

/** Runs statements of which none has a semicolon in it. */
const run = (sql: string): Promise<unknown> =>
  env.DB.batch(sql.split(";").flatMap((one) => (one.trim() === "" ? [] : [env.DB.prepare(one)])));

describe("D1 that was put back, and brought up to what the runbook has noted,", () => {
  let highest: Record<string, number>;
  let ann: Person;
  let kept: Body;
  let deleted: readonly number[];
  let shop: Tenant;
  let newKey: Rest;
  let dismissed: number;
  let forgotten: Body;
  let after: string;
  /** How it is without the statements. */
  let back: { chats: number[]; operators: number[]; given: Record<string, number> };

  beforeAll(async () => {
    const root = await admin();
    const [somebody, bob] = await people("ann", "bob");
    ann = somebody;
    shop = await tenant(root);
    for (const name of ["stays", "changes"]) await shop.user(name, `the token of who ${name}`);
    forgotten = await shop.user("goes", "the token of who goes");
    await env.DB.prepare("UPDATE tenant_tokens SET created_at = created_at - 3600000").run();
    await operator();
    dismissed = (await ids("operators")).at(-1) ?? 0;
    const first = await ann.group("Deleted", bob);
    kept = await ann.group("Kept", bob);
    const last = await ann.group("Deleted too", bob);
    deleted = [first.id, last.id];

    const at = new Date().toISOString();
    const then = await tables();
    // As of a table that gave its first id only since then.
    const counters = (then.get("sqlite_sequence") ?? []).filter(({ name }) => name !== "operators");
    then.set("sqlite_sequence", counters);

    newKey = new Rest({ "x-app-key": (await root.post(`/app/${shop.app.id}/key`)).body.key });
    await newKey.post("/user", { appUserId: "changes", firstName: "Ann", lastName: "Lee", token: "another token" });
    await root.delete(`/user/${forgotten.id}`);
    await env.DB.prepare("DELETE FROM operators WHERE id = ?").bind(dismissed).run();
    await operator("since");
    await tenant(root, "Since");
    const { id: since } = await ann.group("Since", await person("since"));
    for (const chat of [...deleted, since]) await ann.delete(`/v1/chats/${chat}`);
    highest = await given();

    after = await note(at);
    await putBack(then);
    back = { chats: await ids("chats"), operators: await ids("operators"), given: await given() };
    await run(after);
  });

  it("would else give ids again, and have what was deleted", () => {
    for (const table of ["users", "chats", "apps"]) expect(back.given[table]).toBeLessThan(highest[table] ?? 0);
    expect(back.given["operators"]).toBe(undefined);
    expect(back.chats).toEqual(expect.arrayContaining([...deleted]));
    expect(back.operators).toContain(dismissed);
  });

  it("gives no id a second time", async () => {
    const root = await admin();
    await operator("later");
    expect((await ids("operators")).at(-1)).toBeGreaterThan(highest["operators"] ?? 0);
    expect((await tenant(root, "Later")).app.id).toBeGreaterThan(highest["apps"] ?? 0);
    const eve = await person("eve");
    expect(eve.id).toBeGreaterThan(highest["users"] ?? 0);
    expect((await eve.group("Later", ann)).id).toBeGreaterThan(highest["chats"] ?? 0);
    expect((await eve.get("/v1/chats")).body.items).toHaveLength(1);
  });

  it("keeps what was made after it, should it be done once more", async () => {
    const later = await person("later");
    const { id: chat } = await later.group("Later", ann);
    const by = await operator("later");
    const { server } = await tenant(by);
    await env.DB.prepare("UPDATE sqlite_sequence SET seq = seq + 5000").run();
    const counters = await given();
    await run(after);
    expect(await given()).toEqual(counters);
    expect(await ids("chats")).toContain(chat);
    expect((await server.get("/room")).status).toBe(200);
    expect((await by.get("/app")).status).toBe(200);
  });

  it("has the chats that there were then, without those that were deleted since", async () => {
    const chats = await ids("chats");
    expect(chats).toContain(kept.id);
    for (const chat of deleted) expect(chats).not.toContain(chat);
    expect((await ann.get(`/v1/chats/${deleted[0]}`)).status).toBe(404);
  });

  it("knows of each app the key that it has now", async () => {
    expect((await shop.server.get("/room")).status).toBe(401);
    expect((await newKey.get("/room")).status).toBe(200);
  });

  it("knows no token, user or operator that was ended since, and those that stand", async () => {
    const { tenantTokens } = storesOf(env).directory;
    const standing = async (who: string) => (await tenantTokens.find(hashOf(`the token of who ${who}`))).length;
    expect([await standing("stays"), await standing("changes"), await standing("goes")]).toEqual([1, 0, 0]);
    const users: Body[] = (await newKey.get(`/user/${shop.app.applicationId}`)).body;
    expect(new Set(users.map(({ appUserId }) => appUserId))).toEqual(new Set(["changes", "stays"]));
    expect(await all(`SELECT name, email, external_id FROM users WHERE id = ${forgotten.id}`)).toEqual([
      { name: null, email: null, external_id: null },
    ]);
    expect(await ids("operators")).not.toContain(dismissed);
  });
});
