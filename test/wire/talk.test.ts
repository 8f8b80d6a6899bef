// Two people talk on a server that was started as a user starts it, with clients from npm; it is stopped, killed and
// started again, and nothing is missing.

import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "./client.ts";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a server that people talk on", () => {
  let server: Server;
  let ann: Client;
  let bob: Client;
  let chat: number;
  const file = randomBytes(20 * 1024 * 1024);
  let attachment: string;

  beforeAll(async () => {
    server = await startServer();
    ann = new Client(server, "ann");
    bob = new Client(server, "bob");
    await ann.enter("register");
    await bob.enter("register");
    chat = (await ann.json("POST", "/v1/chats", { members: [bob.id] })).id;
  });

  afterAll(() => server.stop());

  it("carries messages over both kinds of sockets, whichever way the token came", async () => {
    const [a, b] = [await ann.socket(), await bob.socket(undefined, true)];
    const [aHere, bHere] = [await ann.socket(chat, true), await bob.socket(chat)];
    expect(b.socket.protocol).toBe("parlance.v1");
    // The client offers to compress.
    for (const { socket } of [a, b, aHere, bHere]) expect(socket.extensions).toBe("");
    await a.do("message.send", { chat_id: chat, text: "one" });
    await bHere.do("message.send", { text: "two" });
    await aHere.do("message.send", { text: "three" });
    for (const socket of [a, b, aHere, bHere])
      await socket.until(() => socket.heard.find((one) => one.message?.text === "three"), "three");
    expect(b.heard.flatMap((one) => (one.event === "message.created" ? [[one.message.text, one.unread]] : []))).toEqual(
      [
        ["one", 1],
        ["two", 1],
        ["three", 2],
      ],
    );
    expect((await bob.json("GET", "/v1/chats")).items[0]).toMatchObject({ id: chat, unread: 2, last_seq: 3 });
    b.socket.send("ping");
    await b.until(() => b.heard.find((one) => one === "pong"), "pong");
  });

  it("takes a file of 20 MiB and gives it back byte for byte, whole and in part", async () => {
    const up = await ann.request("POST", "/v1/attachments?name=big.bin", file, {
      "content-type": "application/octet-stream",
    });
    expect(up.status).toBe(201);
    const record = (await up.json()) as { id: string; size: number; url: string };
    attachment = record.id;
    await ann.json("POST", `/v1/chats/${chat}/messages`, { attachments: [attachment] });
    const whole = await bob.request("GET", `/v1/attachments/${attachment}`);
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(file));
    const part = await fetch(record.url, { headers: { range: "bytes=1000-1999" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(1000, 2000))).toBe(true);
  });

  it("has everything after it was stopped, and after it was killed in mid-conversation", async () => {
    const before = await bob.json("GET", `/v1/chats/${chat}/messages`);
    await server.stop();
    await server.restart();
    expect(await bob.json("GET", `/v1/chats/${chat}/messages`)).toEqual(before);

    const acknowledged: number[] = [];
    const socket = await ann.socket(chat);
    for (let n = 0; n < 50; n++)
      acknowledged.push((await socket.do("message.send", { text: `before the end ${n}` })).message.id);
    await server.kill();
    await server.restart();
    const after = await bob.json("GET", `/v1/chats/${chat}/messages?after=${(acknowledged[0] ?? 0) - 1}&limit=100`);
    expect(after.items.map((message: { id: number }) => message.id)).toEqual(acknowledged);
    const listed = await bob.json("GET", "/v1/chats");
    expect(listed.items[0]).toMatchObject({ id: chat, unread: 53, last_message: { text: "before the end 49" } });
    const again = await bob.request("GET", `/v1/attachments/${attachment}`);
    expect(sha256(new Uint8Array(await again.arrayBuffer()))).toBe(sha256(file));
  });

  it("keeps its log free of texts, tokens and passwords, a JSON object on each line", async () => {
    const lines: string[] = server
      .output()
      .split("\n")
      .filter((line) => line.includes('"event"'));
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(typeof JSON.parse(line)).toBe("object");
    for (const secret of ["before the end", ann.token, bob.token, "a password", "signature="]) {
      expect(server.output().includes(secret)).toBe(false);
    }
  });
});
