// Messages of other dialects arrive live in the page, and what is said there arrives with them.

import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Client } from "../wire/client.ts";
import type { Person, Stage } from "./stage.ts";
import { openStage, PASSWORD, SOON } from "./stage.ts";

/** Somebody who speaks another dialect. */
interface Other {
  /** Sends a text to a user in the direct chat with them. */
  say(to: number, chat: number, text: string): Promise<void>;
  /** The texts that came to them. */
  heard(chat: number): Promise<readonly string[]>;
  end?(): void;
}

async function mobile(client: Client): Promise<Other> {
  const { jti } = JSON.parse(Buffer.from(client.token.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
  const authorization = `FAE ${Buffer.from(`${client.id}:${client.token}:${jti}`).toString("base64")}`;
  const call = async (path: string, body?: Record<string, string>) => {
    const response = await fetch(`${client.server.url}${path}`, {
      headers: { authorization },
      ...(body === undefined ? {} : { method: "POST", body: new URLSearchParams(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json() as Promise<unknown>;
  };
  return {
    say: async (to, _, text) => void (await call("/chats", { receiver_id: String(to), message: text, type: "text" })),
    heard: async () => [JSON.stringify(await call("/chats"))],
  };
}

async function methods(client: Client): Promise<Other> {
  const socket = new WebSocket(`${client.server.wsUrl}/ws/chat/`);
  const frames: string[] = [];
  socket.on("message", (frame: Buffer) => frames.push(frame.toString()));
  await new Promise((open) => socket.once("open", open));
  const say = (text: string, chat: number) =>
    socket.send(JSON.stringify({ access_token: client.token, method: "send_message", args: { chat, text } }));
  return {
    say: async (_, chat, text) => say(text, chat),
    heard: async () => frames,
    end: () => socket.close(),
  };
}

async function messenger(client: Client): Promise<Other> {
  const socket = io(`${client.server.url}/chat`, { path: "/ws/", auth: { token: client.token }, forceNew: true });
  const heard: string[] = [];
  socket.on("chat", ({ chat }: { chat: { message: string } }) => heard.push(chat.message));
  await new Promise<void>((open) => socket.once("connect", open));
  return {
    say: async (_, __, message) => void (await socket.emitWithAck("send-message", { user: "ann", message })),
    heard: async () => heard,
    end: () => socket.disconnect(),
  };
}

const others = { messenger, mobile, methods };

describe.each(Object.keys(others) as (keyof typeof others)[])("a client of %s", (dialect) => {
  let stage: Stage;
  let ann: Person;
  let client: Client;
  let other: Other;
  let chat: number;
  let annId: number;

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    client = new Client(stage.server, "elsewhere");
    const { token, user } = await client.json("POST", "/v1/auth/register", {
      username: "elsewhere",
      password: PASSWORD,
    });
    client.token = token;
    client.id = user.id;
    annId = (await client.json("GET", "/v1/users?q=ann")).items[0].id;
    chat = (await client.json("POST", "/v1/chats", { members: [annId] })).id;
    other = await others[dialect](client);
  });

  afterAll(() => other.end?.());

  it("is heard at once, counted, and answered", async () => {
    await other.say(annId, chat, `hello from ${dialect}`);
    await expect.poll(() => ann.row("elsewhere").textContent(), SOON).toContain("1 unread");
    await ann.open("elsewhere");
    await ann.sees(`hello from ${dialect}`);
    await other.say(annId, chat, "live");
    await ann.sees(`hello from ${dialect}`, "live");
    await ann.say("hello to you");
    await expect.poll(async () => (await other.heard(chat)).join(), SOON).toContain("hello to you");
  });
});

describe("what only other dialects send", () => {
  let stage: Stage;
  let ann: Person;
  let client: Client;
  let chat: number;

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    client = new Client(stage.server, "elsewhere");
    await client.enter("register");
    const annId = (await client.json("GET", "/v1/users?q=ann")).items[0].id;
    chat = (await client.json("POST", "/v1/chats", { members: [annId] })).id;
    await ann.open("elsewhere");
  });

  const send = (message: object) => client.json("POST", `/v1/chats/${chat}/messages`, message);

  it("a place is a link to a map", async () => {
    await send({ type: "location", data: { latitude: 46.8, longitude: -8.25 } });
    const link = ann.page.getByRole("link", { name: "Location" });
    await link.waitFor();
    expect(await link.textContent()).toContain("46.80000, -8.25000");
    expect(await link.getAttribute("href")).toMatch(/^https:\/\/www\.openstreetmap\.org\/\?mlat=46\.8&mlon=-8\.25/);
  });

  it("a sticker and an unknown kind are named", async () => {
    await send({ type: "sticker", text: "smile-01" });
    await ann.message("Sticker").filter({ hasText: "smile-01" }).waitFor();
    await send({ type: "customize", data: { game: "chess", move: "e4" } });
    const unknown = ann.message("A message of the kind “customize”");
    await unknown.waitFor();
    expect(await unknown.textContent()).toContain('"chess"');
    expect(await ann.row("elsewhere").textContent()).toContain("A message of the kind");
  });
});
