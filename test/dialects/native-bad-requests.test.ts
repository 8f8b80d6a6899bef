import { describe, expect, it } from "vitest";
import { expectProblem } from "../support/contract.ts";
import type { Body, Person } from "../support/people.ts";
import { call, people } from "../support/people.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

async function talk(): Promise<{ ann: Person; chat: Body; path: string }> {
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.direct(bob);
  return { ann, chat, path: `/v1/chats/${chat.id}/messages` };
}

describe("a body that is none", () => {
  it("is refused on every route that takes one, and nothing is stored", async () => {
    const { ann, chat, path } = await talk();
    const routes = [
      ["POST", "/v1/auth/register"],
      ["POST", "/v1/auth/login"],
      ["PATCH", "/v1/me"],
      ["POST", "/v1/chats"],
      ["PATCH", `/v1/chats/${chat.id}`],
      ["PUT", `/v1/chats/${chat.id}/members/${ann.id}`],
      ["POST", path],
      ["PATCH", `${path}/${chat.id * 2 ** 24 + 1}`],
      ["POST", `/v1/chats/${chat.id}/read`],
    ] as const;
    for (const [method, route] of routes) {
      for (const body of ["{", "hello", "{'a':1}", "[]", '"text"', "null", "7", "true", nested(100_000), "\u0000"]) {
        expectProblem(await ann.call(method, route, body), "input.invalid");
      }
    }
    expect((await ann.get(path)).body.items).toEqual([]);
    expect((await ann.get("/v1/me")).body.name).toBe(ann.username);
  });

  it("is refused where it says that it is no JSON, or does not say what it is", async () => {
    const { ann, path } = await talk();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "text/json"]) {
      expectProblem(await ann.call("POST", path, '{"text":"x"}', { "content-type": type }), "input.invalid");
    }
    const unsaid = await ann.call("POST", path, new TextEncoder().encode('{"text":"x"}'), { "content-type": "" });
    expectProblem(unsaid, "input.invalid");
    for (const type of ["application/json; charset=utf-8", "application/problem+json", "APPLICATION/JSON"]) {
      expect((await ann.call("POST", path, '{"text":"x"}', { "content-type": type })).status, type).toBe(201);
    }
  });

  it("of more than 256 KiB is too large, and one that is nested deep is refused", async () => {
    const { ann, path } = await talk();
    expectProblem(await ann.post(path, { text: "x".repeat(256 * 1024) }), "too_large");
    for (const depth of [33, 100_000]) {
      expectProblem(await ann.post(path, `{"text":"x","data":${nested(depth)}}`), "input.invalid", "data");
    }
    expect((await ann.post(path, `{"data":${nested(32)}}`)).status).toBe(201);
  });
});

describe("fields of a wrong type", () => {
  it("are named, each of them", async () => {
    const { ann, path } = await talk();
    const { body } = await ann.post(path, { text: 5, type: "video", attachments: "x", client_id: 7, reply_to: "y" });
    expect(body.errors.map((error: Body) => error.path)).toEqual([
      "text",
      "type",
      "attachments",
      "client_id",
      "reply_to",
    ]);
    for (const error of body.errors) expect(error.message.length).toBeGreaterThan(3);
    for (const members of [
      undefined,
      null,
      5,
      "5",
      {},
      [null],
      ["x"],
      [0],
      [-1],
      [1.5],
      [1e300],
      [[5]],
      Array(101).fill(1),
    ]) {
      const answer = await ann.post("/v1/chats", { members });
      expectProblem(answer, "input.invalid");
      expect(answer.body.errors[0].path, JSON.stringify(members)).toMatch(/^members(\.0)?$/);
    }
  });

  it("never show where our code stands", async () => {
    const { ann, path } = await talk();
    for (const body of ["{", nested(100_000), '{"text":"\\ud83d"}', '{"__proto__":null}', '{"text":{"toString":1}}']) {
      const answer = await ann.post(path, body);
      expectProblem(answer, "input.invalid");
      expect(JSON.stringify(answer.body)).not.toMatch(/\bat \S+:\d+|SQL|\.ts|zod|Durable|node_modules/i);
    }
  });

  it("are welcome where they mean nothing here", async () => {
    const { ann, path } = await talk();
    expect((await ann.post(path, { text: "x", unknown: 1, consumable: true, id: 5, seq: 9 })).body).toMatchObject({
      seq: 1,
    });
  });
});

describe("an address that is none", () => {
  it("is not found, whatever it asks, and an id that is none is a bad input", async () => {
    const { ann } = await talk();
    for (const path of ["/v1", "/v1/", "/v1/nothing", "/v1/chats/1/nothing", "/v1/me/more", "/v2/me"]) {
      expectProblem(await ann.get(path), "not_found");
    }
    for (const [method, path] of [
      ["DELETE", "/v1/users"],
      ["PUT", "/v1/me"],
      ["POST", "/v1/config"],
    ] as const) {
      expectProblem(await ann.call(method, path), "not_found");
    }
    for (const id of ["x", "0", "-1", "1.5", "1e3", "%00", "9".repeat(17), String(2 ** 40), "1%27"]) {
      expectProblem(await ann.get(`/v1/chats/${id}`), "input.invalid", "id");
      expectProblem(await ann.get(`/v1/chats/${id}/messages`), "input.invalid", "id");
    }
  });

  it("with a message of another chat in it is not found", async () => {
    const { ann, path } = await talk();
    const { chat: other } = await talk();
    const { id } = await ann.say((await ann.group("g")).id, "elsewhere");
    for (const message of [id, other.id * 2 ** 24 + 1, 5]) {
      expectProblem(await ann.patch(`${path}/${message}`, { text: "x" }), "not_found");
      expectProblem(await ann.delete(`${path}/${message}`), "not_found");
    }
    for (const message of ["x", "0", "-1", "1.5"])
      expectProblem(await ann.delete(`${path}/${message}`), "input.invalid", "message");
  });
});

describe("a browser on another origin", () => {
  it("may call, and may read what went wrong", async () => {
    const preflight = await call("OPTIONS", "/v1/chats", undefined, {
      origin: "https://app.example.com",
      "access-control-request-method": "PATCH",
      "access-control-request-headers": "authorization,content-type",
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    const refused = await call("GET", "/v1/me", undefined, { origin: "https://app.example.com" });
    expectProblem(refused, "auth.required");
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("access-control-allow-credentials")).toBeNull();
  });
});
