// What every answer bears, whoever has made it: Hono, our own code, R2 or an object.

import { describe, expect, it } from "vitest";
import { file } from "../support/files.ts";
import { call, people } from "../support/people.ts";

describe("every answer bears the id of its request, and may be read by pages of every origin", () => {
  it("on /v1: pages, what is refused, what is not there, nothing at all, files and what the client has of them", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id: chat } = await ann.direct(bob);
    const sent = await ann.say(chat, "hello");
    const { id: attachment } = await file(ann);
    const known = await ann.call("GET", `/v1/attachments/${attachment}`);
    const etag = known.headers.get("etag") ?? "";
    const asked: [status: number, method: string, path: string, headers?: Record<string, string>][] = [
      [200, "GET", `/v1/chats/${chat}/messages`],
      [200, "GET", `/v1/attachments/${attachment}`],
      [200, "HEAD", `/v1/attachments/${attachment}`],
      [206, "GET", `/v1/attachments/${attachment}`, { range: "bytes=0-0" }],
      [304, "GET", `/v1/attachments/${attachment}`, { "if-none-match": etag }],
      [204, "OPTIONS", `/v1/chats/${chat}/messages`, { origin: "https://page.example" }],
      [400, "GET", `/v1/chats/${chat}/messages?limit=none`],
      [404, "GET", "/v1/chats/999999/messages"],
      [404, "GET", "/v1/nowhere"],
      [204, "DELETE", `/v1/chats/${chat}/messages/${sent.id}`],
    ];
    for (const [at, [status, method, path, headers]] of asked.entries()) {
      const id = `asked-for-${at}`;
      const answer = await ann.call(method, path, undefined, { ...headers, "x-request-id": id });
      const what = `${method} ${path} ${JSON.stringify(headers)}`;
      expect([status, id, "*"], what).toEqual([
        answer.status,
        answer.headers.get("x-request-id"),
        answer.headers.get("access-control-allow-origin"),
      ]);
      if (method !== "OPTIONS") expect(answer.headers.get("access-control-expose-headers"), what).toContain("etag");
    }
  });

  it("in the other dialects, with what is theirs", async () => {
    const id = { "x-request-id": "asked-for-all" };
    const login = { username: "nobody", password: "wrong password" };
    const rooms = await call("POST", "/auth/login", login, id);
    expect(rooms.headers.get("cache-control")).toBe("no-store");
    for (const answer of [
      rooms,
      await call("GET", "/chats", undefined, id),
      await call("DELETE", "/api/nowhere", undefined, id),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get("x-request-id")).toBe("asked-for-all");
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    }
    const polling = await call("GET", "/socket.io/?EIO=4&transport=polling", undefined, id);
    expect(polling.headers.get("x-request-id")).toBe("asked-for-all");
  });
});
