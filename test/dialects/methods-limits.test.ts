// What `methods` refuses and survives: limits, floods, frames made to hurt, and faults of ours.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FLOOD, LIMITS } from "../../src/core/limits.ts";
import { MethodsClient } from "../support/methods.ts";
import { patch } from "../support/meter.ts";
import { whileTimeStands } from "../support/patience.ts";
import { call, people, person } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function talk() {
  const [ann, bob] = await people("ann", "bob");
  const chat = (await ann.direct(bob)).id as number;
  return { ann, bob, chat, a: await MethodsClient.of(ann) };
}

describe("a text", () => {
  it("has up to 10,000 characters, however many units each has", async () => {
    const { a, chat } = await talk();
    const { message } = (await a.call("send_message", { chat, text: "👋".repeat(LIMITS.text) })).data;
    expect([...message.text]).toHaveLength(LIMITS.text);
    const { type, detail } = (await a.call("send_message", { chat, text: "👋".repeat(LIMITS.text + 1) })).data;
    expect([type, detail.split(":")[0]]).toEqual(["field_error", "text"]);
  });

  it("that is half a character is refused, and one with every odd one comes back as it was", async () => {
    const { a, chat } = await talk();
    expect((await a.call("send_message", { chat, text: "\ud83d" })).data.type).toBe("field_error");
    const odd = 'a"b\\c\u0000\u2028\u202e</script>},"is_read":true';
    expect((await a.call("send_message", { chat, text: odd })).data.message.text).toBe(odd);
  });

  it("asks the directory nothing, once its sender is known", async () => {
    const { a, ann, chat } = await talk();
    await a.call("send_message", { chat, text: "so that the chat is open" });
    const prepare = vi.spyOn(env.DB, "prepare");
    undo.push(() => prepare.mockRestore());
    expect((await a.call("send_message", { chat, text: "no query" })).type).toBe("message_created");
    expect(prepare).not.toHaveBeenCalled();
    // Whoever says who they are is looked up, so the count does count.
    await MethodsClient.of(ann);
    expect(prepare).toHaveBeenCalled();
  });
});

describe("an error names the argument as this dialect does", () => {
  it.each([
    ["create_chat", (me: number) => ({ users: [me, 999_999_999], title: "x" }), "users.1: is no user"],
    ["create_chat", () => ({ users: [999_999_999] }), "users: is no user"],
    ["create_chat", () => ({ users: Array.from({ length: 101 }, (_, n) => n + 1) }), /^users: /],
    ["create_chat", () => ({ users: [2 ** 53] }), /^users\.0: /],
    ["send_message", () => ({ text: {} }), /^text: /],
    ["send_message", () => ({ files: [{ data: "AAAA" }] }), /^files\.0\.name: /],
    ["send_message", () => ({ files: Array.from({ length: 11 }, () => ({ name: "x", data: "AAAA" })) }), /^files: /],
    ["add_to_chat", () => ({ users: [999_999_999] }), "users.0: is no user"],
  ] as const)("%s (%#)", async (method, args, detail) => {
    const { a, ann, bob } = await talk();
    const chat = (await ann.group("Named", bob)).id;
    const { data } = await a.call(method, { chat, ...args(ann.id) });
    expect(data).toMatchObject({ type: "field_error" });
    expect(data.detail).toMatch(detail);
  });
});

describe("create_chat", () => {
  it("with oneself among the users, by number or by string, is as without", async () => {
    const { a, ann, bob, chat } = await talk();
    const again = await a.call("create_chat", { users: [String(ann.id), bob.id], title: null });
    expect(again.data).toMatchObject({ type: "chat_duplication_error", chat_id: chat });
    const blank = await a.call("create_chat", { users: [bob.id], title: "  " });
    expect(blank.data).toMatchObject({ type: "chat_duplication_error", chat_id: chat });
    const alone = await a.call("create_chat", { users: [], title: "Notes" });
    expect(alone.data.chat).toMatchObject({ title: "Notes", users: [{ pk: ann.id, role: "Owner" }] });
  });

  it("by both at the same instant makes one chat, and both know it", async () => {
    const [ann, bob] = await people("ann", "bob");
    const [a, b] = [await MethodsClient.of(ann), await MethodsClient.of(bob)];
    const answers = await Promise.all([
      a.call("create_chat", { users: [bob.id] }),
      b.call("create_chat", { users: [ann.id] }),
    ]);
    const ids = answers.map(({ data }) => data.chat?.id ?? data.chat_id);
    expect(ids[0]).toBe(ids[1]);
    const [winner, loser] = answers[0].type === "chat_created" ? [a, b] : [b, a];
    expect((await loser.event("new_chat")).chat.id).toBe(ids[0]);
    expect(winner.types()).toContain("chat_created");
    expect(new Set(answers.map(({ type }) => type))).toEqual(new Set(["chat_created", "error"]));
  });
});

describe("a frame made to hurt", () => {
  it.each([
    ["millions of lists", `{"args":[${"[],".repeat(1_000_000)}[]]}`],
    ["a deep list", "[".repeat(2_000_000)],
    ["millions of fields", `{"args":{"event_response_key":{${'"a":1,'.repeat(500_000)}"b":1}}}`],
  ])("of %s is refused unread, before anyone has said who they are, and the connection lives", async (_, frame) => {
    const client = await MethodsClient.open();
    expect((await client.frame(frame)).data).toMatchObject({ type: "field_error", event_response_key: null });
    const { token } = await person();
    expect((await client.frame({ method: "auth", access_token: token })).type).toBe("authenticated");
  });

  it("as long as the platform takes is refused, and the connection lives", async () => {
    const { a } = await talk();
    const longest = `"${"x".repeat(LIMITS.anyFrame - 2)}"`;
    expect((await a.frame(longest)).data.type).toBe("field_error");
    expect((await a.frame(new ArrayBuffer(LIMITS.methodsFrame))).data).toMatchObject({
      type: "system_error",
      detail: "The data has to be JSON.",
    });
    expect((await a.call("auth")).type).toBe("authenticated");
  });

  it("with a key that is long comes back whole", async () => {
    const { a } = await talk();
    const key = { long: "k".repeat(LIMITS.methodsLongFrame), list: Array.from({ length: 1_000 }, (_, n) => n) };
    expect((await a.frame({ method: "auth", args: { event_response_key: key } })).data.event_response_key).toEqual(key);
  });
});

describe("too many frames", () => {
  it("are refused with the key that each bears, and the connection goes on", async () => {
    const { a } = await talk();
    const frames = Array.from({ length: FLOOD.burst + FLOOD.patience / 2 }, (_, n) => n);
    await whileTimeStands(async () => {
      for (const n of frames) a.socket.send(JSON.stringify({ method: "auth", args: { event_response_key: `f${n}` } }));
      await a.socket.until(() => a.events.length > frames.length, "all answers");
    });
    const refused = a.events.filter(({ type }) => type === "error");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ data }) => data.type === "system_error" && data.detail.startsWith("Too many"))).toBe(true);
    const keys = a.events.slice(1).map(({ data }) => data.event_response_key);
    expect(keys).toHaveLength(frames.length);
    expect(new Set(keys)).toEqual(new Set(frames.map((n) => `f${n}`)));
    expect(a.socket.closed).toBeUndefined();
    expect(a.flaws()).toEqual([]);
  });
});

describe("a fault of ours", () => {
  it("says nothing of itself, bears the key, and the next frame is answered", async () => {
    const { a, chat } = await talk();
    undo.push(
      await patch("CHAT", `chat:${chat}`, ["execute"], () => () => {
        throw new Error("SELECT secret FROM internals");
      }),
    );
    const { type, data } = await a.call("send_message", { chat, text: "x" });
    expect([type, data.type, data.detail]).toEqual(["error", "system_error", "Something went wrong on our side."]);
    expect(Object.keys(data).toSorted()).toEqual(["detail", "event_response_key", "type"]);
    for (const one of undo.splice(0)) one();
    expect((await a.call("send_message", { chat, text: "x" })).type).toBe("message_created");
  });
});

describe("the address", () => {
  it.each(["/ws/chat", "/ws/chat/"])("%s without an upgrade is 426", async (path) => {
    const { status, headers } = await call("GET", path);
    expect([status, headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  it("stands in the AsyncAPI document that is served", async () => {
    const { status, headers, body } = await call("GET", "/asyncapi.json");
    expect([status, headers.get("content-type")?.split(";")[0]]).toEqual([200, "application/json"]);
    expect(body).toMatchObject({ asyncapi: "3.0.0", channels: { methods: { address: "/ws/chat/" } } });
    const { payload } = body.channels.methods.messages.doAuth;
    expect(payload.schema.required).toEqual(["method"]);
  });
});
