// What a client of `mobile` may send: kinds of bodies, numbers, credentials, methods, and apps.

import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { errorOutput } from "../../src/dialects/mobile/schemas.ts";
import { app } from "../support/apps.ts";
import { MobileClient, mobilePair } from "../support/mobile.ts";
import type { Answer, Body } from "../support/people.ts";
import { call, person } from "../support/people.ts";

/** `{message, error_code?, errors?, status_code}`, and nothing else. */
function expectError({ status, body }: Answer, wanted: number, code?: string): void {
  expect([status, body.status_code, body.error_code]).toEqual([wanted, wanted, code]);
  expect(errorOutput.strict().parse(body)).toEqual(body);
}

describe("a body", () => {
  const FIELDS = { message: "hi", type: "text" };

  it.each([
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/x.faeapp.v1+json",
    "text/plain",
    "application/x-www-form-urlencoded",
  ])("in JSON is read, also as %s", async (type) => {
    const [ann, bob] = await mobilePair();
    const body = JSON.stringify({ ...FIELDS, receiver_id: bob.id });
    const sent = await ann.person.call("POST", "/chats", body, { "content-type": type });
    expect([sent.status, Object.keys(sent.body)]).toEqual([201, ["chat_id"]]);
  });

  it.each(["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "text/plain", ""])(
    "as a form is read, also as '%s'",
    async (type) => {
      const [ann, bob] = await mobilePair();
      const text = "a & b = c + ü, 100% {👋🏽}";
      const body = new URLSearchParams({ ...FIELDS, message: text, receiver_id: String(bob.id) }).toString();
      const sent = await ann.person.call("POST", "/chats", body, { "content-type": type });
      expect(sent.status).toBe(201);
      expect((await bob.get(`/chats/${sent.body.chat_id}`)).body[0].message).toBe(text);
    },
  );

  it("as a multipart form is read; a broken one, or a file for a text, is 422", async () => {
    const [ann, bob] = await mobilePair();
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...FIELDS, receiver_id: String(bob.id) })) form.set(name, value);
    expect((await ann.person.call("POST", "/chats", form)).status).toBe(201);
    form.set("message", new File(["x"], "x.txt"));
    const file = await ann.person.call("POST", "/chats", form);
    expectError(file, 422);
    expect(Object.keys(file.body.errors)).toEqual(["message"]);
    expectError(
      await ann.person.call("POST", "/chats", "broken", { "content-type": "multipart/form-data; boundary=x" }),
      422,
    );
  });

  it.each(["{", "[]", "null", "7", '"text"', '{"receiver_id":{"a":1},"message":["x"]}', "[".repeat(500)])(
    "%s is 422, and nothing is written",
    async (text) => {
      const [ann, bob] = await mobilePair();
      expectError(await ann.person.call("POST", "/chats", text, { "content-type": "application/json" }), 422);
      expect((await bob.get("/chats")).body).toEqual([]);
    },
  );

  it("that is too large is 413, with its length said or not", async () => {
    const { person: ann } = (await mobilePair())[0];
    const large = JSON.stringify({ receiver_id: 1, message: "x".repeat(300_000) });
    expectError(await ann.call("POST", "/chats", large), 413);
    const stream = new Response(large).body?.pipeThrough(new TransformStream()) ?? null;
    const headers = { authorization: `Bearer ${ann.token}`, "content-type": "application/json" };
    const request = new Request("http://parlance.test/chats", { method: "POST", headers, body: stream });
    expect(request.headers.get("content-length")).toBeNull();
    const response = await exports.default.fetch(request);
    expectError({ status: response.status, headers: response.headers, body: await response.json() }, 413);
  });

  it("has numbers as a form or a program writes them", async () => {
    const [ann] = await mobilePair();
    const place = { title: "Null island", geo_latitude: "1e-7", geo_longitude: "-0.5", interaction_radius: "1E3" };
    const made = await ann.post("/chat_rooms", place);
    expect(made.status).toBe(201);
    expect((await ann.get(`/chat_rooms/${made.body.chat_room_id}`)).body).toMatchObject({
      geolocation: { latitude: 1e-7, longitude: -0.5 },
      interaction_radius: 1_000,
      capacity: 50,
    });
    for (const geo_latitude of ["", "north", "NaN", "Infinity", "1e400", "0x10"])
      expectError(await ann.post("/chat_rooms", { ...place, geo_latitude }), 422);
    expectError(await ann.post("/chat_rooms", { ...place, capacity: "2.5" }), 422);
    expectError(await ann.post("/chat_rooms", { ...place, title: "👋".repeat(201) }), 422);
    expect((await ann.post("/chat_rooms", { ...place, title: "👋".repeat(200) })).status).toBe(201);
  });
});

describe("a method or a path that is none", () => {
  it.each([
    ["GET", "/users"],
    ["PUT", "/authentication"],
    ["GET", "/authentication/1"],
    ["POST", "/sync"],
    ["GET", "/chats/"],
    ["PATCH", "/chats/1"],
    ["GET", "/chats/1/2/3"],
    ["POST", "/chats_v2/read"],
    ["GET", "/chat_rooms/1/2"],
    ["DELETE", "/chat_rooms/1"],
  ])("%s %s is 404 in this dialect's form", async (method, path) => {
    const answer = await call(method, path);
    expectError(answer, 404);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("words of the routes are never taken for ids", async () => {
    const [ann] = await mobilePair();
    for (const path of ["/chats/unread", "/chats_v2/unread", "/chat_rooms/message/unread"]) {
      expect((await ann.get(path)).body, path).toEqual([]);
    }
    for (const path of ["/chats/read", "/chats/users", "/chats/users/1", "/chat_rooms/message"]) {
      expectError(await ann.get(path), 400, "400-3");
    }
  });
});

describe("HEAD and OPTIONS", () => {
  it("HEAD has the headers alone, and consumes nothing", async () => {
    const [ann, bob] = await mobilePair();
    const chat = await ann.write(bob, "kept", "/chats_v2");
    for (const path of [`/chats_v2/${chat}`, `/chats_v2/${ann.id}/${bob.id}`]) {
      const head = await bob.call("HEAD", path);
      expect([head.status, head.body, head.headers.get("unread_count")]).toEqual([200, undefined, "1"]);
    }
    expect((await bob.call("HEAD", "/chats")).status).toBe(200);
    expect((await bob.get(`/chats_v2/${chat}`)).body).toMatchObject([{ message: "kept" }]);
  });

  it("OPTIONS lets every origin call, and shows it the counts", async () => {
    const asked = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    };
    for (const path of ["/users", "/chats", "/chats_v2/1", "/chat_rooms/1/message"]) {
      const { status, headers } = await call("OPTIONS", path, undefined, asked);
      expect([status, headers.get("access-control-allow-origin")], path).toEqual([204, "*"]);
      expect(headers.get("access-control-allow-headers")).toContain("authorization");
      expect(headers.get("access-control-allow-methods")).toContain("DELETE");
    }
    const refused = await call("GET", "/chats_v2/1");
    expectError(refused, 401);
    expect(refused.headers.get("access-control-expose-headers")).toContain("unread_count");
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("who calls", () => {
  it("has a user, a token and a session that belong together", async () => {
    const [ann, bob] = await mobilePair();
    const [user = "", token = "", session = ""] = Buffer.from(ann.authorization.slice(4), "base64")
      .toString()
      .split(":");
    const fae = (...parts: string[]): Promise<Answer> =>
      ann.get("/sync", { authorization: `FAE ${Buffer.from(parts.join(":")).toString("base64")}` });
    expect((await fae(user, token, session)).status).toBe(200);
    expectError(await fae(user, token, crypto.randomUUID()), 401);
    expectError(await fae(user, token, ""), 401);
    expectError(await fae(user, token), 401);
    expectError(await fae(String(bob.id), token, session), 401);
    expectError(await fae(user, bob.person.token, session), 401);
    expectError(await fae("", token, session), 401);
    for (const scheme of ["fae", "FAE", "FaE"]) {
      const authorization = `${scheme} ${Buffer.from(`${user}:${token}:${session}`).toString("base64")}`;
      expect((await ann.get("/sync", { authorization })).status, scheme).toBe(200);
    }
  });

  it("too many wrong passwords are 429, with when to try again; an empty name leaves it to the address", async () => {
    const username = `mo-${crypto.randomUUID().slice(0, 8)}`;
    const email = `${username}@example.org`;
    const ask = (path: string, fields: Body): Promise<Answer> =>
      call("POST", path, { user_name: username, password: "a password", ...fields });
    expect((await ask("/users", { email })).status).toBe(201);
    expect((await ask("/authentication", { user_name: "", email })).status).toBe(201);
    expectError(await ask("/authentication", { user_name: "" }), 422);
    for (let n = 0; n < 5; n++) expectError(await ask("/authentication", { password: `wrong ${n}` }), 401);
    const locked = await ask("/authentication", {});
    expectError(locked, 429);
    expect(Number(locked.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("belongs to the app that header or query name; nobody is seen from another", async () => {
    const [other, [ann]] = await Promise.all([app("elsewhere"), mobilePair()]);
    const eve = { user_name: `eve-${crypto.randomUUID().slice(0, 8)}`, password: "a password" };
    expect((await call("POST", `/users?app=${other.uuid}`, eve)).status).toBe(201);
    expectError(await call("POST", "/authentication", eve), 401);
    const login = await call("POST", "/authentication", eve, { "x-app-id": other.uuid });
    expect(login.status).toBe(201);
    for (const path of ["/users", "/authentication"])
      expectError(await call("POST", path, eve, { "x-app-id": crypto.randomUUID() }), 404);

    const bob = new MobileClient(await person("bob"));
    const stranger = new MobileClient(await person("stranger", other.id));
    const chat = await ann.write(bob, "among us");
    const room = (await ann.post("/chat_rooms", { title: "Ours", geo_latitude: 1, geo_longitude: 1 })).body
      .chat_room_id;
    expectError(await stranger.post("/chats", { receiver_id: ann.id, message: "x" }), 422);
    expectError(await stranger.post("/chats/read", { chat_id: chat }), 404, "404-2");
    for (const path of [`/chats/${chat}`, `/chats_v2/${chat}`, `/chats/users/${stranger.id}/${ann.id}`])
      expectError(await stranger.get(path), 404, "404-2");
    for (const path of ["/chats", "/chats_v2"]) expectError(await stranger.delete(`${path}/${chat}`), 404, "404-2");
    for (const path of ["", "/users"]) expectError(await stranger.get(`/chat_rooms/${room}${path}`), 404, "404-5");
    expectError(await stranger.post(`/chat_rooms/${room}/message`, { message: "x" }), 404, "404-5");
    expectError(await stranger.post(`/chat_rooms/${room}/read`), 404, "404-5");
    expect((await bob.get(`/chats/${chat}`)).body).toHaveLength(1);
  });
});
