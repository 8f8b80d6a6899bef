import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import type { Answer } from "../support/people.ts";
import { call, people, person } from "../support/people.ts";
import { soon } from "../support/patience.ts";

const PASSWORD = "correct horse battery";
let names = 0;
const fresh = (): string => `person-${++names}-${Math.random().toString(36).slice(2, 8)}`;
const register = (username: string, more: object = {}) =>
  call("POST", "/v1/auth/register", { username, password: PASSWORD, ...more });
const expectTaken = (answer: Answer): void => {
  expect(answer).toMatchObject({ status: 409, body: { status: 409, code: "input.invalid" } });
  expect(answer.body.errors).toEqual([{ path: "username", message: "This username is taken." }]);
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("before login", () => {
  it("/health says that the server is well, and /v1/config what a client must know", async () => {
    expect(await call("GET", "/health")).toMatchObject({ status: 200, body: { status: "ok" } });
    const { status, body } = await call("GET", "/v1/config");
    expect(status).toBe(200);
    expect(Object.keys(body).toSorted()).toEqual(["app", "limits", "name", "open"]);
    expect(body).toMatchObject({ app: expect.stringMatching(/^[0-9a-f-]{36}$/), open: true });
    expect(body.limits).toMatchObject({ text: 10_000, attachments: 10, attachment_bytes: 26_214_400, page: 100 });
  });
});

describe("an account", () => {
  it("is made with 201, its token works at once, and no password ever comes back", async () => {
    const username = fresh();
    const { status, body } = await register(username, { name: "Ann Lee", email: "ann@example.com" });
    expect(status).toBe(201);
    expectShape("session", body);
    expectShape("user", body.user);
    expect(body.user).toMatchObject({ username, name: "Ann Lee", email: "ann@example.com", photo: null });
    const me = await call("GET", "/v1/me", undefined, bearer(body.token));
    expect(me).toMatchObject({ status: 200, body: body.user });
  });

  it("without a name shows its username", async () => {
    const username = fresh();
    expect((await register(username)).body.user.name).toBe(username);
  });

  it("has a username that nobody else in the app has, without regard to case", async () => {
    const username = fresh();
    expect((await register(username)).status).toBe(201);
    expectTaken(await register(username.toUpperCase()));
  });

  it("of which two are asked for under one name at the same instant is made once", async () => {
    const username = fresh();
    const answers = await Promise.all([register(username), register(username)]);
    const [made, refused] = answers.toSorted((one, other) => one.status - other.status);
    expect(made?.status).toBe(201);
    if (refused === undefined) throw new Error("no second answer");
    expectTaken(refused);
  });

  it("needs a fit username, password and e-mail address, and every unfit one is named", async () => {
    for (const username of ["", "a b", "a:b", "x".repeat(65), "a\u0000b", 5, null, ["a"]]) {
      expectProblem(
        await call("POST", "/v1/auth/register", { username, password: PASSWORD }),
        "input.invalid",
        "username",
      );
    }
    for (const password of ["short", "x".repeat(129), 12_345_678, undefined]) {
      expectProblem(
        await call("POST", "/v1/auth/register", { username: fresh(), password }),
        "input.invalid",
        "password",
      );
    }
    expectProblem(await register(fresh(), { email: "no address" }), "input.invalid", "email");
    expectProblem(await register(fresh(), { name: "\ud83d" }), "input.invalid", "name");
    const both = await call("POST", "/v1/auth/register", { username: "a b", password: "x" });
    expect(both.body.errors.map((error: { path: string }) => error.path)).toEqual(["username", "password"]);
  });

  it("logs in by its username in any case, and by nothing else", async () => {
    const username = fresh();
    const made = (await register(username)).body;
    const login = (name: string, password: string) => call("POST", "/v1/auth/login", { username: name, password });
    const { status, body } = await login(username.toUpperCase(), PASSWORD);
    expect(status).toBe(200);
    expectShape("session", body);
    expect(body.user).toEqual(made.user);
    expect(body.token).not.toBe(made.token);
    expectProblem(await login(username, "wrong password"), "auth.invalid");
    expectProblem(await login(fresh(), PASSWORD), "auth.invalid");
    // Whoever is unknown and whose password is wrong look alike.
    expect((await login(username, "wrong password")).body).toEqual((await login(fresh(), PASSWORD)).body);
  });

  it("that is guessed at answers 429 with Retry-After, and only that one does", async () => {
    const [username, other] = [fresh(), fresh()];
    await register(username);
    await register(other);
    const guess = () => call("POST", "/v1/auth/login", { username, password: "wrong password" });
    const statuses: number[] = [];
    for (let tries = 0; tries < 5; tries++) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    const refused = await guess();
    expectProblem(refused, "rate.limited");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expectProblem(await call("POST", "/v1/auth/login", { username, password: PASSWORD }), "rate.limited");
    expect((await call("POST", "/v1/auth/login", { username: other, password: PASSWORD })).status).toBe(200);
  });

  it("that logs out has a dead token at once and its sockets closed, and its other tokens live on", async () => {
    const username = fresh();
    const first = (await register(username)).body;
    const second = (await call("POST", "/v1/auth/login", { username, password: PASSWORD })).body;
    const logout = await call("POST", "/v1/auth/logout", undefined, bearer(first.token));
    expect(logout).toMatchObject({ status: 204, body: undefined });
    expectProblem(await call("GET", "/v1/me", undefined, bearer(first.token)), "auth.invalid");
    expectProblem(await call("POST", "/v1/auth/logout", undefined, bearer(first.token)), "auth.invalid");
    expect((await call("GET", "/v1/me", undefined, bearer(second.token))).status).toBe(200);
  });
});

describe("logging out", () => {
  it("closes the sockets that the token opened, of both kinds", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const sockets = [await ann.socket(), await ann.socket(chat.id)];
    await ann.post("/v1/auth/logout");
    for (const socket of sockets) {
      await socket.until(() => socket.closed !== undefined, "the end");
      expect(socket.closed?.code).toBe(1008);
    }
    await bob.say(chat.id, "to whom?");
    for (const socket of sockets) expect(socket.events).toEqual([]);
  });
});

describe("one's profile", () => {
  it("changes field by field, and what was not given stays", async () => {
    const ann = await person("ann");
    const named = await ann.patch("/v1/me", { name: "Ann" });
    expectShape("user", named.body);
    expect(named.body).toMatchObject({ id: ann.id, name: "Ann", photo: null });
    const pictured = await ann.patch("/v1/me", { photo: "https://example.com/a.png" });
    expect(pictured.body).toMatchObject({ name: "Ann", photo: "https://example.com/a.png" });
    expect((await ann.patch("/v1/me", { name: null, photo: null })).body).toMatchObject({
      name: ann.username,
      photo: null,
    });
    expect((await ann.patch("/v1/me", {})).body).toMatchObject({ name: ann.username });
    expect((await ann.get("/v1/me")).body).toMatchObject({ name: ann.username, photo: null });
  });

  it("refuses what is no name", async () => {
    const ann = await person("ann");
    for (const name of [5, [], {}, "x".repeat(201), "\ud83d"]) {
      expectProblem(await ann.patch("/v1/me", { name }), "input.invalid", "name");
    }
    expectProblem(await ann.patch("/v1/me", { photo: "x".repeat(2_049) }), "input.invalid", "photo");
    expect((await ann.get("/v1/me")).body.name).toBe(ann.username);
  });

  it("reaches what others see: members, messages and their chat list", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    await ann.say(chat.id, "hello");
    await ann.patch("/v1/me", { name: "Ann Lee", photo: "p" });
    const changed = { id: ann.id, name: "Ann Lee", photo: "p" };
    const detailed = (await bob.get(`/v1/chats/${chat.id}`)).body;
    expect(detailed.peer).toMatchObject(changed);
    expect(detailed.members[0].user).toMatchObject(changed);
    expect((await bob.get(`/v1/chats/${chat.id}/messages`)).body.items[0].user).toMatchObject(changed);
    await soon(async () => {
      const [listed] = (await bob.get("/v1/chats")).body.items;
      expect(listed.peer).toMatchObject(changed);
      expect(listed.last_message.user).toMatchObject(changed);
    });
  });
});
