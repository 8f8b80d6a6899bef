import { describe, expect, it } from "vitest";
import { expectRefusal } from "../support/contract.ts";
import { file } from "../support/files.ts";
import type { Body, Person, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

const NOWHERE = 99_999_999;
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** Both sockets of Ann, who has sent one message in a direct chat with Bob. */
async function sockets(): Promise<{ ann: Person; bob: Person; chat_id: number; message: number; both: Socket[] }> {
  const [ann, bob] = await people("ann", "bob");
  const { id: chat_id } = await ann.direct(bob);
  const { id: message } = await ann.say(chat_id, "before");
  return { ann, bob, chat_id, message, both: [await ann.socket(), await ann.socket(chat_id)] };
}

/** Sends `frame` as it is, and waits for the one answer to it. */
async function raw(socket: Socket, frame: string | ArrayBuffer): Promise<Body> {
  const before = socket.events.length;
  socket.send(frame);
  await socket.until(() => socket.events.length > before, `an answer to ${JSON.stringify(frame).slice(0, 40)}`);
  return socket.events.at(-1);
}

/** Nothing of what was tried has left a trace, and the connection still serves. */
async function unharmed(socket: Socket, who: Person, chat_id: number): Promise<void> {
  expect(socket.closed).toBeUndefined();
  expect(await socket.do("message.list", { chat_id })).toMatchObject({
    ok: true,
    items: [{ text: "before" }],
    next: null,
  });
  expect((await who.get(`/v1/chats/${chat_id}`)).body).toMatchObject({ rev: 2, last_seq: 1 });
}

describe("a frame that is none", () => {
  it("is answered input.invalid, on both sockets, and the connection goes on", async () => {
    const { ann, chat_id, both } = await sockets();
    const frames = [
      "",
      " ",
      "{",
      "hello",
      "undefined",
      '{"do":}',
      "{'do':'read'}",
      '{"do":"read"}}',
      "\u0000",
      "[",
      "NaN",
      "[]",
      '[{"do":"read"}]',
      '"read"',
      "null",
      "true",
      "7",
      nested(50_000),
      "{}",
      '{"id":1}',
      '{"do":null}',
      '{"do":7}',
      '{"do":["read"]}',
      '{"do":{}}',
      '{"do":""}',
      '{"do":"fly"}',
      ...[
        "__proto__",
        "constructor",
        "toString",
        "chat.get",
        "chat.erase",
        "member.add",
        "message.fetch",
        "room.join",
      ].map((name) => JSON.stringify({ do: name, chat_id })),
    ];
    for (const socket of both) {
      for (const frame of frames) expectRefusal(await raw(socket, frame), "input.invalid");
      expectRefusal(await raw(socket, new ArrayBuffer(16)), "input.invalid");
      await unharmed(socket, ann, chat_id);
    }
  });

  it("gives back the id that it was asked under, or null", async () => {
    const { both } = await sockets();
    for (const socket of both) {
      expect((await raw(socket, '{"id":{"a":[1]},"do":"fly"}')).re).toEqual({ a: [1] });
      expect((await raw(socket, '{"id":5}')).re).toBe(5);
      expect((await raw(socket, "{")).re).toBeNull();
    }
  });

  it("with an id nested 100,000 deep is answered, without it", async () => {
    const { ann, chat_id, both } = await sockets();
    for (const socket of both) {
      const answer = await raw(socket, `{"do":"fly","id":${nested(100_000)}}`);
      expectRefusal(answer, "input.invalid");
      expect(answer.re).toBeNull();
      await unharmed(socket, ann, chat_id);
    }
  });

  it("that is longer than a frame may be closes the connection with 1009, and stores nothing", async () => {
    const { bob, chat_id, both } = await sockets();
    for (const socket of both) {
      socket.send(JSON.stringify({ do: "message.send", chat_id, text: "x", data: "x".repeat(256 * 1024) }));
      await socket.until(() => socket.closed !== undefined, "the end");
      expect(socket.closed?.code).toBe(1009);
    }
    expect((await bob.get(`/v1/chats/${chat_id}`)).body.last_seq).toBe(1);
  });
});

describe("a command with arguments that are none", () => {
  const wrong: readonly (readonly [command: string, args: object, path: string])[] = [
    ...[5, null, ["x"], {}, true].map((text) => ["message.send", { text }, "text"] as const),
    ...["", "  \n", "\ud83d", "x".repeat(10_001), "👍".repeat(10_001)].map(
      (text) => ["message.send", { text }, "text"] as const,
    ),
    ["message.send", {}, "text"],
    ["message.send", { text: "x", type: "video" }, "type"],
    ["message.send", { text: "x", client_id: "" }, "client_id"],
    ["message.send", { text: "x", client_id: 7 }, "client_id"],
    ["message.send", { text: "x", client_id: "c".repeat(129) }, "client_id"],
    ["message.send", { text: "x", data: "x".repeat(16_383) }, "data"],
    ["message.send", { text: "x", attachments: Array.from({ length: 11 }, (_, n) => `a${n}`) }, "attachments"],
    ["message.send", { text: "x", attachments: "a" }, "attachments"],
    ["message.send", { text: "x", attachments: ["a"] }, "attachments.0"],
    ...[0, -1, 1.5, 1e300, "x", [], 1].map(
      (reply_to) => ["message.send", { text: "x", reply_to }, "reply_to"] as const,
    ),
    ["message.edit", { text: "x" }, "message_id"],
    ["message.delete", {}, "message_id"],
    ["message.delete", { message_id: "1e3" }, "message_id"],
    ...[null, true, "", "x", -1, 1.5, [], 2 ** 53].map((before) => ["message.list", { before }, "before"] as const),
    ...[null, true, "", "x", -1, 0, 101, 1.5, "1e1"].map((limit) => ["message.list", { limit }, "limit"] as const),
    ...[null, true, {}, -1, 0, 0.5, "x"].map((up_to) => ["read", { up_to }, "up_to"] as const),
    ...[undefined, null, "true", 1, "on"].map((on) => ["typing", { on }, "on"] as const),
    ...[undefined, null, true, -1, 1.5, "x", [], 1e300].map((since) => ["changes", { since }, "since"] as const),
  ];

  it("is answered with the field that is wrong, and nothing is stored", async () => {
    const { ann, chat_id, both } = await sockets();
    for (const socket of both) {
      for (const [command, args, path] of wrong) {
        expectRefusal(await socket.do(command, { chat_id, ...args }), "input.invalid", path);
      }
      await unharmed(socket, ann, chat_id);
    }
  });

  it("with data nested deep, or with keys that name what every object has, harms nothing", async () => {
    const { ann, bob, chat_id, both } = await sockets();
    for (const socket of both) {
      const send = (rest: string) => raw(socket, `{"do":"message.send","chat_id":${chat_id},${rest}}`);
      expectRefusal(await send(`"data":${nested(33)}`), "input.invalid", "data");
      expectRefusal(await send(`"data":${nested(100_000)}`), "input.invalid", "data");
      expectRefusal(await send('"__proto__":{"text":"x"}'), "input.invalid", "text");
      await unharmed(socket, ann, chat_id);
    }
    const [socket] = both;
    const data = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    socket?.send(`{"do":"message.send","chat_id":${chat_id},"data":${data}}`);
    const b = await bob.socket();
    await bob.say(chat_id, "after");
    await b.event("message.created");
    const [stored] = (await bob.get(`/v1/chats/${chat_id}/messages?after=0`)).body.items.slice(1);
    expect(JSON.stringify(stored.data)).toBe(data);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("a command on what is not one's own", () => {
  it("says access.denied of others' chats and not_found of what is not there", async () => {
    const { ann, chat_id, message, both } = await sockets();
    const [eve, dan] = await people("eve", "dan");
    const { id: other } = await eve.direct(dan);
    const theirs = await eve.say(other, "secret");
    const everything = [
      ["message.send", { text: "x" }],
      ["message.list", {}],
      ["read", {}],
      ["typing", { on: true }],
      ["changes", { since: 0 }],
      ["chat.join", {}],
      ["message.edit", { message_id: theirs.id, text: "x" }],
      ["message.delete", { message_id: theirs.id }],
    ] as const;
    for (const [command, args] of everything) {
      const a = await ann.socket();
      expectRefusal(await a.do(command, { chat_id: other, ...args }), "access.denied");
      expectRefusal(await a.do(command, { chat_id: NOWHERE, ...args }), "not_found");
      for (const none of ["x", 0, -1, 1.5, 1e300, null, true, [chat_id], {}, 2 ** 40]) {
        expectRefusal(await a.do(command, { ...args, chat_id: none }), "input.invalid", "chat_id");
      }
    }
    const a = await ann.socket();
    expectRefusal(await a.do("message.edit", { message_id: theirs.id, text: "x" }), "access.denied");
    expectRefusal(await a.do("message.delete", { message_id: NOWHERE * 2 ** 24 + 1 }), "not_found");
    for (const socket of both) {
      for (const message_id of [theirs.id, message + 1, 5]) {
        expectRefusal(await socket.do("message.edit", { chat_id, message_id, text: "x" }), "not_found");
        expectRefusal(await socket.do("message.delete", { chat_id, message_id }), "not_found");
        expectRefusal(await socket.do("read", { chat_id, message_id }), "not_found");
        expectRefusal(await socket.do("read", { chat_id, up_to: message_id }), "not_found");
        expectRefusal(
          await socket.do("message.send", { chat_id, text: "x", reply_to: message_id }),
          "input.invalid",
          "reply_to",
        );
      }
      const { id: attachment } = await file(eve);
      expectRefusal(
        await socket.do("message.send", { chat_id, attachments: [attachment] }),
        "input.invalid",
        "attachments.0",
      );
      await unharmed(socket, ann, chat_id);
    }
    // Nobody learns from leaving whether there is such a chat.
    for (const id of [other, NOWHERE]) expect(await a.do("chat.leave", { chat_id: id })).toMatchObject({ ok: true });
    expect((await dan.get(`/v1/chats/${other}`)).body).toMatchObject({ rev: 2, last_message: { text: "secret" } });
  });
});

describe("a connection that sends too much", () => {
  it("is told so, frame by frame, and closed with 1008 when it goes on", async () => {
    const { ann, bob, chat_id, both } = await sockets();
    for (const socket of both) {
      for (let n = 0; n < 1_000; n++) socket.send(JSON.stringify({ id: n, do: "fly" }));
      await socket.until(() => socket.closed !== undefined, "the end");
      expect(socket.closed?.code).toBe(1008);
      const answers = socket.events.filter((event) => "re" in event);
      const codes = answers.map((answer) => answer.error.code);
      expect(codes.filter((code) => code === "input.invalid").length).toBeGreaterThanOrEqual(100);
      expect(codes.filter((code) => code === "rate.limited")).toHaveLength(101);
      expectRefusal(
        answers.find((answer) => answer.error.code === "rate.limited"),
        "rate.limited",
      );
      expect(answers.map((answer) => answer.re)).toEqual(answers.map((_, n) => n));
    }
    // Others are served as before.
    const b = await bob.socket();
    await ann.say(chat_id, "still here");
    await b.event("message.created");
  });
});
