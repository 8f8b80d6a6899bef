// The REST of `messenger`: accounts, uploads, and exactly the errors of its document.

import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { app } from "../support/apps.ts";
import { MessengerClient } from "../support/messenger.ts";
import type { Answer, Body } from "../support/people.ts";
import { call, people, person } from "../support/people.ts";

const PASSWORD = "a password";
let made = 0;
const fresh = (): string => `user.${++made}-${Math.random().toString(36).slice(2, 8)}_ä`;

const register = (body: unknown, headers: Record<string, string> = {}, query = ""): Promise<Answer> =>
  call("POST", `/api/auth/register${query}`, body, headers);
const login = (body: unknown, headers: Record<string, string> = {}, query = ""): Promise<Answer> =>
  call("POST", `/api/auth/login${query}`, body, headers);
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

const params = ({ body }: Answer): string[] => body.errors.map(({ param }: Body) => param);

describe("POST /api/auth/register", () => {
  it("makes an account from JSON or a form, and says no more than that", async () => {
    const [one, two, three] = [fresh(), fresh(), fresh()];
    const multipart = new FormData();
    multipart.set("username", three);
    multipart.set("password", PASSWORD);
    for (const answer of [
      await register({ username: one, password: PASSWORD }),
      await register(form({ username: two, password: PASSWORD }), FORM),
      await register(multipart),
    ])
      expect([answer.status, answer.body]).toEqual([201, { message: "Created" }]);
    for (const username of [one, two, three]) expect((await login({ username, password: PASSWORD })).status).toBe(200);
  });

  it("refuses a name that is taken, in any case", async () => {
    const username = fresh();
    await register({ username, password: PASSWORD });
    for (const again of [username, username.toUpperCase()]) {
      const { status, body } = await register({ username: again, password: "another password" });
      expect([status, body]).toEqual([409, { error: 409 }]);
    }
  });

  it.each<[string, unknown, string[]]>([
    ["nothing", undefined, ["username", "password"]],
    ["an empty object", {}, ["username", "password"]],
    ["an array", [], ["username", "password"]],
    ["null", null, ["username", "password"]],
    ["a string", '"user"', ["username", "password"]],
    ["no password", { username: "someone" }, ["password"]],
    ["no username", { password: PASSWORD }, ["username"]],
    ["an empty username", { username: "", password: PASSWORD }, ["username"]],
    ["a username with a space", { username: "some one", password: PASSWORD }, ["username"]],
    ["a username of 65", { username: "x".repeat(65), password: PASSWORD }, ["username"]],
    ["a number for a username", { username: 17, password: PASSWORD }, ["username"]],
    ["a password of 7", { username: "someone", password: "1234567" }, ["password"]],
    ["a password of 129", { username: "someone", password: "x".repeat(129) }, ["password"]],
    ["an object for a password", { username: "someone", password: { length: 10 } }, ["password"]],
    ["no JSON", '{"username":', ["body"]],
  ])("names what is wrong with %s", async (_, body, wrong) => {
    const answer = await register(body);
    expect(answer.status).toBe(400);
    expect(params(answer)).toEqual(wrong);
    expect(Object.keys(answer.body)).toEqual(["errors"]);
    for (const error of answer.body.errors) {
      expect(error).toEqual({ msg: expect.any(String), param: expect.any(String), location: "body" });
      expect(error.msg).not.toBe("");
    }
  });

  it("takes a username of 64 and passwords of 8 and 128, in any script", async () => {
    const suffix = Math.random().toString(36).slice(2, 10).padEnd(8, "0");
    for (const [username, password] of [
      ["x".repeat(56) + suffix, "12345678"],
      [`מישהו.${suffix}`, "🏽".repeat(128)],
    ]) {
      expect((await register({ username, password })).status).toBe(201);
      expect((await login({ username, password })).status).toBe(200);
    }
  });

  it("refuses a body that is too large", async () => {
    const { status, body } = await register({ username: "someone", password: "x".repeat(LIMITS.body) });
    expect([status, body]).toEqual([413, { error: "Payload Too Large" }]);
  });

  it("is for the app that the header or the query names; a name of one app is free in another", async () => {
    const other = await app("other");
    const username = fresh();
    const header = { "x-app-id": other.uuid };
    expect((await register({ username, password: PASSWORD })).status).toBe(201);
    expect((await register({ username, password: "of the other app" }, header)).status).toBe(201);
    expect((await login({ username, password: "of the other app" })).status).toBe(401);
    const { body } = await login({ username, password: "of the other app" }, {}, `?app=${other.uuid}`);
    const there = await MessengerClient.join({ token: body.token });
    expect(await there.ask("fetch-users", {})).toEqual({ users: [] });
    for (const uuid of [crypto.randomUUID(), "no-uuid"]) {
      const answer = await register({ username: fresh(), password: PASSWORD }, { "x-app-id": uuid });
      expect([answer.status, answer.body]).toEqual([404, { error: "Not Found" }]);
    }
  });
});

describe("POST /api/auth/login", () => {
  it("answers with a token that every dialect takes", async () => {
    const username = fresh();
    await register({ username, password: PASSWORD });
    for (const answer of [
      await login({ username, password: PASSWORD }),
      await login(form({ username: username.toUpperCase(), password: PASSWORD }), FORM),
    ]) {
      expect([answer.status, answer.body]).toEqual([200, { token: expect.any(String) }]);
      const me = await call("GET", "/v1/me", undefined, { authorization: `Bearer ${answer.body.token}` });
      expect(me.body.username).toBe(username);
    }
  });

  it("refuses whatever is not right in the same words, and soon for a while", async () => {
    const username = fresh();
    await register({ username, password: PASSWORD });
    for (const body of [
      { username: fresh(), password: PASSWORD },
      { username, password: "a wrong one" },
      { username, password: [PASSWORD] },
      { username },
      { password: PASSWORD },
      { username, password: "x".repeat(10_000) },
      {},
      [],
      undefined,
    ]) {
      const answer = await login(body);
      expect([answer.status, answer.body], JSON.stringify(body)).toEqual([401, { error: "Unauthorized" }]);
    }
    const tries: Answer[] = [];
    for (let n = 0; n < 8; n++) tries.push(await login({ username, password: "a wrong one" }));
    const last = tries.at(-1);
    expect([last?.status, last?.body]).toEqual([429, { error: "Too Many Requests" }]);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("DELETE /api/auth/account", () => {
  it("ends the account: its connections, its name, its tokens; the others are told", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await MessengerClient.of(ann), await MessengerClient.of(bob)];
    await a.ask("send-message", { user: bob.username, message: "a last word" });
    b.emit("wait-for-user", { user: ann.username });
    await b.event("user-online");
    const gone = await ann.delete("/api/auth/account");
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    await a.until(() => a.isClosed, "the end");
    expect(await b.event("user-leave", ({ user }) => user === ann.username)).toEqual({ user: ann.username });
    expect(await b.event("user-offline")).toEqual({ user: ann.username });
    const { users } = await b.ask("fetch-users", {});
    expect(users.map(({ username }: Body) => username)).not.toContain(ann.username);
    expect(await b.isAcknowledged("send-message", { user: ann.username, message: "hello?" })).toBe(false);
    expect(b.flaws()).toEqual([]);

    expect((await register({ username: ann.username, password: PASSWORD })).status).toBe(201);
    expect(await b.event("user-join", ({ user }) => user === ann.username)).toEqual({ user: ann.username });
    // Whoever has the name now is somebody else.
    expect(await b.ask("fetch-conversation-with-user", { user: ann.username })).toEqual({ chats: [] });
    expect((await ann.delete("/api/auth/account")).status).toBe(403);
  });

  it("is forbidden without a token that stands", async () => {
    for (const headers of [{}, { authorization: "Bearer nonsense" }, { authorization: "Basic dXNlcjpwYXNz" }]) {
      const { status, body } = await call("DELETE", "/api/auth/account", undefined, headers);
      expect([status, body]).toEqual([403, { error: "Forbidden" }]);
    }
  });
});

const files = (...contents: readonly (string | Uint8Array<ArrayBuffer>)[]): FormData => {
  const body = new FormData();
  contents.forEach((content, at) => body.append("files", new File([content], `file ${at}.txt`)));
  return body;
};
const stored = async (): Promise<number> => (await env.FILES.list()).objects.length;

async function open(address: string): Promise<Response> {
  return exports.default.fetch(new Request(address));
}

describe("POST /api/upload/files", () => {
  it("answers with absolute addresses that open, in the order of the files", async () => {
    const ann = await person("ann");
    const contents = ["one", "two", "three", "four"];
    const { status, body } = await ann.call("POST", "/api/upload/files", files(...contents));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(["message", "files"]);
    expect(body.message).toBe("Uploaded successfully");
    expect(await Promise.all(body.files.map(async (one: string) => (await open(one)).text()))).toEqual(contents);
  });

  it("refuses more than four, none, and what is too large, and keeps nothing of it", async () => {
    const ann = await person("ann");
    const elsewhere = new FormData();
    elsewhere.append("file", new File(["x"], "x.txt"));
    elsewhere.append("files", "a text and no file");
    const before = await stored();
    for (const body of [
      files("1", "2", "3", "4", "5"),
      files(),
      elsewhere,
      files("fits", new Uint8Array(LIMITS.attachmentBytes + 1)),
      files("fits", ""),
    ]) {
      const answer = await ann.call("POST", "/api/upload/files", body);
      expect([answer.status, params(answer)]).toEqual([400, ["files"]]);
    }
    for (const [body, type] of [
      ['{"files":[]}', "application/json"],
      ["--x\r\nnonsense", "multipart/form-data; boundary=x"],
      ["", "multipart/form-data"],
    ] as const) {
      const answer = await ann.call("POST", "/api/upload/files", body, { "content-type": type });
      expect(answer.status, type).toBe(400);
      expect(answer.body.errors[0]).toEqual({
        msg: expect.any(String),
        param: expect.any(String),
        location: "body",
      });
    }
    expect((await ann.call("POST", "/api/upload/files")).status).toBe(400);
    expect(await stored()).toBe(before);
  });

  it("is forbidden without a token that stands", async () => {
    for (const headers of [{}, { authorization: "Bearer nonsense" }] as Record<string, string>[]) {
      const { status, body } = await call("POST", "/api/upload/files", files("x"), headers);
      expect([status, body]).toEqual([403, { error: "Forbidden" }]);
    }
  });
});

describe("/api", () => {
  it("has nothing else, and says so in its own way", async () => {
    for (const [method, path] of [
      ["GET", "/api"],
      ["GET", "/api/"],
      ["GET", "/api/auth/login"],
      ["POST", "/api/auth/logout"],
      ["POST", "/api/nothing/here"],
    ] as const) {
      const { status, body } = await call(method, path);
      expect([status, body], `${method} ${path}`).toEqual([404, { error: "Not Found" }]);
    }
  });

  it("may be called from pages of other origins", async () => {
    const asked = await call("OPTIONS", "/api/upload/files", undefined, {
      origin: "https://app.example.com",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("*");
    expect(asked.headers.get("access-control-allow-headers")).toContain("authorization");
    const refused = await call("POST", "/api/auth/login", {}, { origin: "https://app.example.com" });
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("is in the OpenAPI document, with what each route takes and answers", async () => {
    const { body } = await call("GET", "/openapi.json");
    const described = Object.entries<Record<string, Body>>(body.paths).flatMap(([path, methods]) =>
      path.startsWith("/api/")
        ? Object.entries(methods).map(([method, { responses, requestBody }]) => [
            `${method} ${path}`,
            Object.keys(responses),
            Object.keys(requestBody?.content ?? {}),
          ])
        : [],
    );
    const bodies = ["application/json", "application/x-www-form-urlencoded"];
    expect(described.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
      ["delete /api/auth/account", ["204", "403"], []],
      ["post /api/auth/login", ["200", "401", "404", "429"], bodies],
      ["post /api/auth/register", ["201", "400", "404", "409"], bodies],
      ["post /api/upload/files", ["200", "400", "403"], ["multipart/form-data"]],
    ]);
  });
});

describe("an account without a password", () => {
  it("logs in by none", async () => {
    const { directory } = storesOf(env);
    const { username } = await directory.users.create(appId(1), { username: fresh() });
    for (const password of ["", PASSWORD]) expect((await login({ username, password })).status).toBe(401);
  });
});
