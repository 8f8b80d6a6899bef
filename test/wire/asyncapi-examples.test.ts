// Every example of a frame in `/asyncapi.json` is sent to a running server by a stock client, and what comes back is what
// the document says.

import { Ajv2020 } from "ajv/dist/2020.js";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a document and frames, read loosely
type Body = any;

let server: Server;
let channels: Record<string, Body>;
let ann: Body;
let bob: Body;
const TENANTS_TOKEN = "what the tenant's system gave its user 7";

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Body> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The people and chats that the examples speak of, on a new server. */
beforeAll(async () => {
  server = await startServer();
  ({ channels } = (await (await fetch(`${server.url}/asyncapi.json`)).json()) as Body);
  const register = (username: string) => post("/v1/auth/register", { username, password: "a password" });
  [ann, bob] = [await register("ann"), await register("bob")];
  await register("eve");
  const hers = { authorization: `Bearer ${ann.token}` };
  await post("/v1/chats", { members: [2] }, hers);
  await post("/v1/chats", { members: [2, 3], title: "Group" }, hers);
  for (const text of ["one", "two", "three"]) await post("/v1/chats/1/messages", { text }, hers);
  const { token } = await post("/auth/login", server.operator);
  const operator = { authorization: `Bearer ${token}` };
  const { app } = (await (await fetch(`${server.url}/v1/config`)).json()) as Body;
  const user = { appId: app, appUserId: 7, firstName: "Ann", lastName: "Lee", token: TENANTS_TOKEN };
  await post("/user", user, operator);
  await post("/room", { appId: app, room: "order-12", users: [7] }, operator);
});
afterAll(() => server.stop());

/** Whether `payload` is a frame that the channel says under one of these names. */
function isDocumented(channel: string, names: readonly string[], payload: unknown): boolean {
  const messages = Object.values(channels[channel].messages as Record<string, Body>);
  return messages
    .filter(({ name }) => names.includes(name))
    .some(({ payload: { schema } }) =>
      new Ajv2020({ strict: false, validateFormats: false }).validate(schema, payload),
    );
}

/** What clients send, in the order of the document; each has an example. */
function examples(channel: string): [name: string, payload: Body][] {
  const messages = channels[channel].messages as Record<string, Body>;
  return Object.entries(messages)
    .filter(([key]) => key.startsWith("do"))
    .flatMap(([, { name, examples: all = [] }]) => {
      expect(all.length, `examples of ${name}`).toBeGreaterThan(0);
      return all.map(({ payload }: Body): [string, Body] => [name, payload]);
    });
}

/** Frames of a WebSocket: those that fit are waited for. */
async function frames(path: string, headers: Record<string, string>) {
  const socket = new WebSocket(server.wsUrl + path, { headers });
  const heard: Body[] = [];
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString());
    heard.push(...(Array.isArray(frame) ? frame : [frame]));
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return { socket, heard };
}

describe("the examples of /asyncapi.json", () => {
  it.each([
    ["native", "/v1/socket"],
    ["nativeChat", "/v1/chats/1/socket"],
  ])("%s", async (channel, path) => {
    const { socket, heard } = await frames(path, { authorization: `Bearer ${ann.token}` });
    for (const [name, payload] of examples(channel)) {
      const id = `${name} ${JSON.stringify(payload)}`;
      socket.send(JSON.stringify({ ...payload, id }));
      await expect.poll(() => heard.find((frame) => frame.re === id)?.ok, { message: id }).toBe(true);
      const answer = heard.find((frame) => frame.re === id);
      expect(isDocumented(channel, [`${name} answered`], answer), JSON.stringify(answer)).toBe(true);
    }
    socket.close();
  });

  it("methods", async () => {
    const { socket, heard } = await frames("/ws/chat/", {});
    for (const [, payload] of examples("methods")) {
      const key = payload.args.event_response_key;
      socket.send(JSON.stringify({ ...payload, ...(payload.access_token ? { access_token: ann.token } : {}) }));
      const find = (): Body => heard.find((event) => event.data.event_response_key === key);
      await expect.poll(find, { message: key }).toBeDefined();
      const answer = find();
      expect(answer.type, JSON.stringify(answer)).not.toBe("error");
      expect(isDocumented("methods", [answer.type], answer), JSON.stringify(answer)).toBe(true);
    }
    socket.close();
  });

  it("messenger", async () => {
    const socket = io(`${server.url}/chat`, { path: "/ws", auth: { token: bob.token }, forceNew: true });
    for (const [name, payload] of examples("messenger")) {
      if (name.endsWith("for-user")) socket.emit(name, payload);
      else {
        const answer: unknown = await socket.timeout(10_000).emitWithAck(name, payload);
        expect(isDocumented("messenger", [`${name} acknowledged`], answer), JSON.stringify(answer)).toBe(true);
      }
    }
    socket.disconnect();
  });

  it("events", async () => {
    const socket = io(server.url, { forceNew: true });
    const told: Body[] = [];
    socket.on("new-message", (message) => told.push(message));
    for (const [name, payload] of examples("events")) {
      const answer: Body = await socket.timeout(10_000).emitWithAck(name, payload);
      expect(answer.status, JSON.stringify(answer)).not.toBe("error");
      expect(isDocumented("events", [name], answer), JSON.stringify(answer)).toBe(true);
    }
    await expect.poll(() => told.length).toBe(1);
    socket.disconnect();
  });

  it("rooms", async () => {
    const socket = io(server.url, { query: { token: TENANTS_TOKEN }, forceNew: true });
    const heard: [string, unknown][] = [];
    socket.onAny((event: string, payload: unknown) => heard.push([event, payload]));
    // An acknowledgement, where one is asked for, comes behind the answer.
    for (const [name, payload] of examples("rooms")) await socket.timeout(10_000).emitWithAck(name, payload);
    expect(heard.filter(([event]) => event === "err")).toEqual([]);
    await expect
      .poll(() => [...new Set(heard.map(([event]) => event))].toSorted())
      .toEqual(["info", "is_typing", "load_more", "message", "roomData", "room_info", "seen_by"]);
    for (const [event, payload] of heard) expect(isDocumented("rooms", [event], payload), event).toBe(true);
    socket.disconnect();
  });
});
