// Operators and their apps: who may log in, register and do what; texts and statuses as the clients of `rooms` know them.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { admin, anyone, FIRST, operator, Rest, tenant } from "../support/operators.ts";
import { person } from "../support/people.ts";

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

const says = (status: number, message: string) => ({ status, body: { status, message } });

describe("operators", () => {
  it("the first one logs in with what the environment says, by JSON and by a form, whatever the case of the address", async () => {
    const tries = await Promise.all([
      anyone.post("/auth/login", FIRST),
      anyone.post("/auth/login", { ...FIRST, email: ` ${FIRST.email.toUpperCase()}` }),
      anyone.call("POST", "/auth/login", new URLSearchParams(FIRST).toString(), {
        "content-type": "application/x-www-form-urlencoded",
      }),
    ]);
    for (const { status, body, headers } of tries) {
      expect(status).toBe(200);
      expect(body).toEqual({ token: expect.any(String), firstName: "", lastName: "", email: FIRST.email });
      expect(headers.get("cache-control")).toBe("no-store");
      expect((await new Rest({ authorization: body.token }).get("/app")).status).toBe(200);
    }
    const rows = env.DB.prepare("SELECT count(*) AS n FROM operators WHERE email = ?").bind(FIRST.email);
    expect(await rows.first("n")).toBe(1);
  });

  it("an admin registers others, who log in, and are no admins themselves", async () => {
    const email = `Olga-${crypto.randomUUID()}@example.org`;
    const olga = { email, password: "correct horse", firstName: "Olga", lastName: "Ort" };
    const made = await (await admin()).post("/auth/register", olga);
    expect(made).toMatchObject({
      status: 200,
      body: { token: expect.any(String), firstName: "Olga", lastName: "Ort", email },
    });
    expect(Object.keys(made.body).toSorted()).toEqual(["email", "firstName", "lastName", "token"]);
    const { status, body } = await anyone.post("/auth/login", {
      email: email.toLowerCase(),
      password: "correct horse",
    });
    expect([status, body.firstName]).toEqual([200, "Olga"]);
    const herself = new Rest({ authorization: `bearer ${body.token}` });
    expect((await herself.post("/app", { name: "Hers" })).status).toBe(200);
    expect(await herself.post("/auth/register", { email: "x@y", password: "a password" })).toMatchObject(
      says(403, "Only an admin registers operators."),
    );
    for (const taken of [email.toUpperCase(), FIRST.email]) {
      expect(await (await admin()).post("/auth/register", { ...olga, email: taken })).toMatchObject(
        says(400, "Email Already Exists"),
      );
    }
    for (const wrong of [{ email: "no address" }, { password: "short" }, { email: 7 }, { scopes: ["root"] }]) {
      expect((await (await admin()).post("/auth/register", { ...olga, ...wrong })).status).toBe(422);
    }
  });

  it("who logs in wrongly hears the same, whether there is such an operator or not", async () => {
    const known = `known-${crypto.randomUUID()}@example.org`;
    await (await admin()).post("/auth/register", { email: known, password: "correct horse" });
    for (const email of [known, FIRST.email, "nobody@example.org"]) {
      const { status, body } = await anyone.post("/auth/login", { email, password: "wrong password" });
      expect({ status, body }).toEqual(says(401, "Login failed"));
    }
    expect((await anyone.post("/auth/login", { email: known })).status).toBe(422);
    expect((await anyone.post("/auth/login", "{")).status).toBe(400);
  });

  it("guessing is slowed down, with the seconds to wait", async () => {
    const email = `guessed-${crypto.randomUUID()}@example.org`;
    const tries = await Promise.all(
      Array.from({ length: 7 }, () => anyone.post("/auth/login", { email, password: "a guess" })),
    );
    const refused = tries.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(2);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused[0]?.body).toEqual({ status: 429, message: expect.any(String) });
  });

  it("tokens are looked at by GET /auth/verify; a user's is none of an operator's, and the other way round", async () => {
    const { body } = await anyone.post("/auth/login", FIRST);
    const ann = await person("ann");
    const verify = async (token?: string) =>
      (await anyone.get("/auth/verify", token === undefined ? {} : { token })).body;
    expect(await verify(body.token)).toBe(true);
    for (const token of [undefined, "", "x", ann.token, `${body.token}x`]) expect(await verify(token)).toBe(false);
    expect(await new Rest({ authorization: ann.token }).get("/app")).toMatchObject(says(401, "Invalid token"));
    const asUser = await anyone.get("/v1/me", { authorization: `Bearer ${body.token}` });
    expect(asUser.status).toBe(401);
  });
});

describe("apps", () => {
  it("are made with a key that is told once, listed, changed and deleted by their operator", async () => {
    const olga = await operator();
    const made = await olga.post("/app", { name: " Shop ", verifyUrl: "https://shop.parlance.io/verify" });
    expect(made).toMatchObject({ status: 200 });
    const { key, ...app } = made.body;
    expect(app).toEqual({
      id: expect.any(Number),
      applicationId: UUID,
      name: "Shop",
      verifyUrl: "https://shop.parlance.io/verify",
      jwksUrl: null,
      open: false,
      readBeforeSend: false,
      retentionDays: null,
      hasKey: true,
      createdAt: TIME,
    });
    expect(key).toMatch(/^[\w-]{43}$/);
    const stored = await env.DB.prepare("SELECT key_hash FROM apps WHERE id = ?").bind(app.id).first("key_hash");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
    expect(stored).toBe(Buffer.from(digest).toString("hex"));
    expect((await olga.get("/app")).body).toEqual([app]);
    for (const named of [app.id, app.applicationId, app.applicationId.toUpperCase()]) {
      expect((await olga.get(`/app/${named}`)).body).toEqual(app);
    }
    const patch = { name: "Shop 2", verifyUrl: null, jwksUrl: "https://shop.parlance.io/jwks", readBeforeSend: true };
    expect((await olga.patch(`/app/${app.id}`, patch)).body).toEqual({ ...app, ...patch });
    expect((await olga.patch(`/app/${app.id}`, { open: true })).body).toEqual({ ...app, ...patch, open: true });
    expect(await olga.delete(`/app/${app.applicationId}`)).toMatchObject({ status: 200, body: { message: "deleted" } });
    expect(await olga.delete(`/app/${app.id}`)).toMatchObject(says(404, "App Not Found"));
    expect((await olga.get("/app")).body).toEqual([]);
  });

  it("are their operator's own; an admin may ask for all, and has the default app", async () => {
    const [olga, otto] = [await operator("olga"), await operator("otto")];
    const { app } = await tenant(olga);
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/key"],
      ["GET", "/stats"],
      ["GET", "/online"],
    ] as const) {
      const answer = await otto.call(method, `/app/${app.id}${path}`, method === "GET" ? undefined : {});
      expect(answer, `${method} ${path}`).toMatchObject(says(404, "App Not Found"));
    }
    const ids = async (who: Rest, query = "") =>
      (await who.get(`/app${query}`)).body.map((one: { id: number }) => one.id);
    expect(await ids(otto, "?all=true")).toEqual([]);
    expect(await ids(await admin())).toContain(1);
    expect(await ids(await admin())).not.toContain(app.id);
    expect(await ids(await admin(), "?all=true")).toContain(app.id);
    expect((await (await admin()).get(`/app/${app.id}`)).status).toBe(200);
  });

  it("need a token for everything, and say so", async () => {
    const olga = await operator();
    const { app } = await tenant(olga);
    for (const [method, path] of [
      ["POST", "/app"],
      ["GET", "/app"],
      ["GET", `/app/${app.id}`],
      ["DELETE", `/app/${app.id}`],
      ["POST", "/auth/register"],
      ["POST", "/user"],
      ["GET", `/user/${app.applicationId}`],
      ["DELETE", "/user/1"],
      ["POST", "/room"],
      ["GET", "/room"],
      ["GET", "/room/x"],
      ["PUT", "/room/add"],
      ["PUT", "/room/remove"],
      ["DELETE", "/room/1"],
    ] as const) {
      const body = method === "GET" || method === "DELETE" ? undefined : { appId: app.applicationId };
      const named = { appid: app.applicationId };
      expect(await anyone.call(method, path, body, named), `${method} ${path}`).toMatchObject(
        says(401, "No token provided"),
      );
      const bad = await anyone.call(method, path, body, { ...named, authorization: "Bearer x.y.z" });
      expect(bad, `${method} ${path}`).toMatchObject(says(401, "Invalid token"));
      expect((await anyone.call(method, path, body, { ...named, authorization: "Bearer " })).body.message).toBe(
        "No token provided",
      );
      if (!path.startsWith("/user") && !path.startsWith("/room")) continue;
      const wrongKey = await anyone.call(method, path, body, { ...named, "x-app-key": "wrong" });
      expect(wrongKey, `${method} ${path}`).toMatchObject(says(401, "Invalid key"));
    }
  });

  it("the default app stays", async () => {
    expect(await (await admin()).delete("/app/1")).toMatchObject(says(403, "The default app can not be deleted."));
    expect(await (await operator()).delete("/app/1")).toMatchObject(says(404, "App Not Found"));
  });

  it.each([
    [{}, 422],
    [{ name: "" }, 422],
    [{ name: "x".repeat(201) }, 422],
    [{ name: "x", verifyUrl: "ftp://x.org" }, 422],
    [{ name: "x", verifyUrl: "http://shop.parlance.io" }, 422],
    [{ name: "x", verifyUrl: "https://user:pass@shop.parlance.io" }, 422],
    [{ name: "x", jwksUrl: "not an address" }, 422],
    [{ name: "x", jwksUrl: 7 }, 422],
    ["{", 400],
    ["[]", 422],
    ["null", 422],
  ])("%j is refused with %i, and makes nothing", async (body, status) => {
    const olga = await operator();
    const answer = await olga.post("/app", body);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ status, message: expect.any(String) });
    expect((await olga.get("/app")).body).toEqual([]);
  });

  it("count what is in them, and who is online", async () => {
    const olga = await operator();
    const { app } = await tenant(olga);
    const here = await person("ann", app.id);
    await person("bob", app.id);
    await here.post("/v1/chats", { title: "Ours", members: [here.id] });
    const socket = await here.socket();
    const stats = async () => (await olga.get(`/app/${app.id}/stats`)).body;
    await expect.poll(stats).toEqual({ users: 2, chats: 1, online: 1 });
    expect((await olga.get(`/app/${app.id}/online`)).body.map((user: { id: number }) => user.id)).toEqual([here.id]);
    expect((await (await admin()).get("/app/1/stats")).status).toBe(200);
    socket.close();
  });

  it("an unknown route and a body that is too large have this dialect's errors", async () => {
    const olga = await operator();
    expect(await olga.get("/app/1/2/3")).toMatchObject({ status: 404, body: { status: 404 } });
    expect(await olga.post("/app", { name: "x".repeat(300_000) })).toMatchObject({
      status: 413,
      body: { status: 413 },
    });
  });
});
