// Files in frames of `methods`: their forms, their limits, and that nothing is stored for whoever may not send.

import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/limits.ts";
import { MethodsClient } from "../support/methods.ts";
import type { Body } from "../support/people.ts";
import { call, people } from "../support/people.ts";

const MIB = 1024 * 1024;

/** Bytes in which every pair of base64 digits turns up. */
const noise = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 197 + (at >> 8)) & 255));

async function talk() {
  const [ann, bob, eve] = await people("ann", "bob", "eve");
  const chat = (await ann.direct(bob)).id as number;
  return { ann, bob, eve, chat, a: await MethodsClient.of(ann) };
}

/** What opens at the address of a file, by nobody in particular. */
async function download(file: Body): Promise<Buffer> {
  const { pathname, search } = new URL(file.file);
  const response = await exports.default.fetch(new Request(`http://parlance.test${pathname}${search}`));
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

const stored = async (): Promise<number> => (await env.FILES.list()).objects.length;

describe("a file in a frame", () => {
  const bytes = noise(1_000);
  const base64 = bytes.toString("base64");

  it.each([
    ["bare base64", base64],
    ["a data URL", `data:application/octet-stream;base64,${base64}`],
    ["a data URL with parameters", `data:text/plain;charset=utf-8;name="x.txt";base64,${base64}`],
    ["a data URL without a type", `data:;base64,${base64}`],
    ["a data URL in capitals", `DATA:image/PNG;BASE64,${base64}`],
    ["base64 broken into lines", base64.replaceAll(/.{76}/g, "$&\r\n")],
    ["base64 without its padding", base64.replaceAll("=", "")],
    ["base64 for addresses", bytes.toString("base64url")],
  ])("may be %s", async (_, data) => {
    const { a, chat } = await talk();
    const { message } = (await a.call("send_message", { chat, files: [{ name: "a.bin", data }] })).data;
    expect(await download(message.attached_files[0])).toEqual(bytes);
  });

  it("of the largest size arrives whole, and one byte more is refused by its name", async () => {
    const { a, ann, chat } = await talk();
    const largest = noise(LIMITS.attachmentFrameBytes);
    const { type, data } = await a.call("send_message", {
      chat,
      files: [{ name: "large.bin", data: largest.toString("base64") }],
    });
    expect(type).toBe("message_created");
    expect((await download(data.message.attached_files[0])).equals(largest)).toBe(true);

    const before = await stored();
    const refused = await a.call("send_message", {
      chat,
      files: [
        { name: "small.bin", data: base64 },
        { name: "larger.bin", data: noise(LIMITS.attachmentFrameBytes + 1).toString("base64") },
      ],
    });
    expect(refused.data).toMatchObject({ type: "field_error" });
    expect(refused.data.detail).toMatch(/^files\.1\.data: /);
    expect(await stored()).toBe(before);
    expect((await ann.get(`/v1/chats/${chat}/messages`)).body.items).toHaveLength(1);
  });

  it("that makes the frame too long is refused, and the connection lives on", async () => {
    const { a, chat } = await talk();
    const at = a.events.length;
    a.socket.send(
      JSON.stringify({
        method: "send_message",
        args: { chat, files: [{ name: "x", data: "A".repeat(LIMITS.methodsFrame) }], event_response_key: 1 },
      }),
    );
    await a.socket.until(() => a.events.length > at, "an answer");
    expect(a.events[at].data).toMatchObject({ type: "field_error" });
    expect(a.events[at].data.detail).toMatch(/^files: /);
    expect((await a.call("send_message", { chat, text: "alive" })).type).toBe("message_created");
    expect(a.socket.closed).toBeUndefined();
  });

  it.each([
    ["an address", "data:text/plain,hello", "files.0.data"],
    ["five digits", "AAAAA", "files.0.data"],
    ["too much padding", "AA===", "files.0.data"],
    ["padding inside", "AA==AAAA", "files.0.data"],
    ["nothing behind its head", "data:image/png;base64,", "files.0.data"],
    ["a number", 5, "files.0.data"],
  ])("that is %s is refused by naming it", async (_, data, argument) => {
    const { a, chat } = await talk();
    const { type, detail } = (await a.call("send_message", { chat, text: "t", files: [{ name: "x", data }] })).data;
    expect([type, detail.split(":")[0]]).toEqual(["field_error", argument]);
  });

  it("stores nothing for whoever is not in the chat, nor with a text that is too long", async () => {
    const { a, eve, chat } = await talk();
    const e = await MethodsClient.of(eve);
    const before = await stored();
    const files = [{ name: "x", data: base64 }];
    expect((await e.call("send_message", { chat, files })).data.type).toBe("access_error");
    expect((await e.call("send_message", { chat: 99_999_999, files: [{ name: "x", data: "***" }] })).data.type).toBe(
      "access_error",
    );
    expect((await a.call("send_message", { chat, files, text: "x".repeat(10_001) })).data.type).toBe("field_error");
    expect(await stored()).toBe(before);
  });

  it("makes the message what its first file is, where there is no text", async () => {
    const { a, ann, chat } = await talk();
    const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
    const files = [
      { name: "a.gif", data: `data:text/plain;base64,${gif.toString("base64")}` },
      { name: "b.txt", data: btoa("text") },
    ];
    await a.call("send_message", { chat, files });
    await a.call("send_message", { chat, files: files.toReversed() });
    await a.call("send_message", { chat, files, text: "with words" });
    const { items } = (await ann.get(`/v1/chats/${chat}/messages`)).body;
    expect(items.map((one: Body) => one.type)).toEqual(["text", "file", "image"]);
  });

  it("has a number that stays, and its own from every other's", async () => {
    const { a, bob, chat } = await talk();
    const b = await MethodsClient.of(bob);
    const files = ["x", "y"].map((name) => ({ name, data: btoa(name) }));
    const { message } = (await a.call("send_message", { chat, files })).data;
    const ids = message.attached_files.map((file: Body) => file.id);
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id: number) => Number.isSafeInteger(id) && id > 0)).toBe(true);
    expect((await b.event("new_message")).message.attached_files.map((file: Body) => file.id)).toEqual(ids);
    const native = (await bob.get(`/v1/chats/${chat}/messages`)).body.items[0].attachments;
    expect(native.map((one: Body) => one.name)).toEqual(["x", "y"]);
  });

  it("of several connections at once all arrive: long frames take turns", async () => {
    const { ann, bob, chat } = await talk();
    const data = noise(2 * MIB).toString("base64");
    const clients = await Promise.all([ann, bob, ann, bob].map((one) => MethodsClient.of(one)));
    const answers = await Promise.all(
      clients.map((one, n) => one.call("send_message", { chat, files: [{ name: `${n}.bin`, data }] })),
    );
    expect(answers.map(({ type }) => type)).toEqual(Array.from({ length: 4 }, () => "message_created"));
    const [first] = answers[3].data.message.attached_files;
    expect((await download(first)).length).toBe(2 * MIB);
    expect((await call("GET", "/health")).status).toBe(200);
  });
});
