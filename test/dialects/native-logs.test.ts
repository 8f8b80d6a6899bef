import { afterEach, describe, expect, it, vi } from "vitest";
import { file } from "../support/files.ts";
import { call, people } from "../support/people.ts";

const methods = ["log", "info", "debug", "warn", "error"] as const;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Everything that is logged from now on, whatever it is logged with. */
function listen(): unknown[][] {
  const lines: unknown[][] = [];
  for (const method of methods)
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void lines.push(args));
  return lines;
}

describe("the log of a conversation", () => {
  it("is one JSON object a line, and holds no text, name, token, password or link", async () => {
    const lines = listen();
    const [secret, password] = ["secret-text-7319", "secret-password-7319"];
    const username = `secret-name-${Math.random().toString(36).slice(2, 8)}`;
    const made = await call("POST", "/v1/auth/register", { username, password });
    await call("POST", "/v1/auth/login", { username, password: `${password}x` });
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const attachment = await file(ann, `${secret}.txt`);
    await ann.post(`/v1/chats/${chat.id}/messages`, { text: secret, attachments: [attachment.id] });
    await call("GET", attachment.url.slice("http://parlance.test".length));
    await ann.patch("/v1/me", { name: secret });
    await ann.get(`/v1/users?q=${secret}`);
    await ann.post(`/v1/chats/${chat.id}/messages`, `{"text":"${secret}`);
    await ann.post(`/v1/chats/${chat.id}/messages`, { text: secret, type: secret });
    const [a, b] = [await ann.socket(), await bob.socket(chat.id)];
    await a.do("message.send", { chat_id: chat.id, text: secret });
    await a.do(secret, { chat_id: secret });
    a.send(`{"do":"${secret}`);
    await b.event("message.created");
    await b.do("message.send", { text: secret, data: { secret } });
    await a.event("message.created");
    await ann.post("/v1/auth/logout");
    await a.until(() => a.closed !== undefined);
    vi.restoreAllMocks();

    expect(lines.length).toBeGreaterThan(10);
    for (const args of lines) {
      expect(args).toHaveLength(1);
      const line = JSON.parse(String(args[0]));
      expect(line).toMatchObject({ event: expect.any(String), level: "info" });
      expect(new Date(line.time).toISOString()).toBe(line.time);
      expect(line.event).not.toBe("fault");
    }
    const all = lines.join("\n");
    for (const hidden of [secret, password, username, made.body.token, ann.token, bob.token, attachment.url]) {
      expect(all).not.toContain(hidden);
    }
    expect(all).not.toMatch(/eyJ|sig=|signature=/);
  });

  it("has one line for each request: method, pattern of the route, status and the id that the answer bears", async () => {
    const lines = listen();
    const [ann] = await people("ann");
    const answer = await ann.get("/v1/chats/99999999/messages?limit=5");
    vi.restoreAllMocks();
    const line = lines.map(([text]) => JSON.parse(String(text))).find((one) => one.event === "request");
    expect(line).toMatchObject({ method: "GET", status: 404, id: answer.headers.get("x-request-id") });
    expect(JSON.stringify(line)).not.toContain("99999999");
  });
});

describe("a command that is refused", () => {
  it("is no fault, also where the chat does not exist", async () => {
    const lines = listen();
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const a = await ann.socket();
    for (const chat_id of [999_999, chat.id]) await a.do("message.send", { chat_id, text: "x", reply_to: 1 });
    await ann.post("/v1/chats/999999/messages", { text: "x" });
    expect(lines.flat().filter((line) => String(line).includes('"fault"'))).toEqual([]);
  });
});
