// Whatever is sent to `events` is answered on its own name with an error, and the connection goes on.

import { describe, expect, it } from "vitest";
import { eventsAnswers } from "../../src/dialects/events/socket-api.ts";
import { EVENTS } from "../../src/dialects/events/schemas.ts";
import { FLOOD } from "../../src/core/limits.ts";
import { EventsClient } from "../support/events.ts";
import { whileTimeStands } from "../support/patience.ts";

const GARBAGE = [
  undefined,
  null,
  0,
  -1,
  1.5,
  1e308,
  true,
  "",
  "text",
  [],
  [[]],
  {},
  { user: null, chat: null, message: null, query: null },
  { user: [], chat: [], message: [], users: {} },
  { user: "1", chat: "1", message: "x", users: "1" },
  { user: { id: {} }, chat: { id: [] }, message: { value: 5, type: [] }, users: [null] },
  { user: { id: -1 }, chat: { id: 0 }, message: { value: null }, users: [0] },
  { user: { id: 1.5 }, chat: { id: "1.5" }, message: { value: {} }, users: ["x"] },
  { user: { id: "9".repeat(400) }, chat: { id: "9".repeat(400) }, message: { value: "x" }, users: ["9".repeat(400)] },
  { user: { id: "__proto__" }, chat: { id: "constructor" }, message: { value: "x" }, users: ["toString"] },
  { user: { external_id: {}, name: {}, photo: {} }, chat: { name: {} }, users: [] },
  { user: { external_id: "\ud800", name: "\ud800", photo: "\ud800" }, chat: { name: "\ud800" }, users: [] },
  { user: { external_id: "x".repeat(50_000), name: "x".repeat(50_000), photo: "x".repeat(50_000) }, users: [] },
  { chat: { id: 1, name: "x".repeat(50_000) }, users: Array.from({ length: 5_000 }, () => 1) },
];

/** Answered with an error, and nothing else. */
async function refused(client: EventsClient, event: string, ...args: unknown[]): Promise<void> {
  const body = await client.call(event, ...args);
  expect(eventsAnswers.error.parse(body), `${event} ${JSON.stringify(args).slice(0, 200)}`).toEqual(body);
  expect(client.heard.at(-1)).toEqual({ name: event, body });
}

const alive = async (client: EventsClient): Promise<void> => {
  expect(await client.user(crypto.randomUUID())).toMatch(/^\d+$/);
};

describe("garbage", () => {
  it.each(Object.keys(EVENTS))("as %s", async (event) => {
    for (const body of GARBAGE) {
      const client = await EventsClient.connect();
      await refused(client, event, body);
      await alive(client);
      client.close();
    }
  });

  it("as a message into a chat by its name", async () => {
    const client = await EventsClient.connect();
    for (const id of ["0", "-1", "x", "__proto__", "9".repeat(300), "1e3", "%31", "null"]) {
      await refused(client, `/chat/${id}/new-message`, { user: { id: 1 }, message: { value: "x" } });
    }
    for (const body of GARBAGE.slice(0, 12)) await refused(client, "/chat/1/new-message", body);
    await alive(client);
  });

  it("as an event that there is not", async () => {
    const client = await EventsClient.connect();
    for (const event of [
      "",
      "delete-user",
      "__proto__",
      "toString",
      "constructor",
      "/chat/1/old-message",
      "x".repeat(9_999),
    ])
      await refused(client, event, {});
    await alive(client);
  });

  it("as keys that every object has", async () => {
    const client = await EventsClient.connect();
    const external = crypto.randomUUID();
    client.send(
      `420["create-user",{"__proto__":{"polluted":1},"user":{"__proto__":{"id":"1"},"constructor":{},"external_id":"${external}","name":"N","photo":""}}]`,
    );
    await client.until(() => client.frames.some((frame) => frame.startsWith("430[")));
    const answer = client.heard.at(-1)?.body;
    expect(answer).toMatchObject({ status: "ok", user: { external_id: external } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("nested without end", async () => {
    const client = await EventsClient.connect();
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    for (const body of [deep, `{"user":${deep}}`, `{"user":{"id":${deep},"name":"N","photo":""}}`]) {
      const before = client.heard.length;
      client.send(`42["create-user",${body}]`);
      await client.until(() => client.heard.length > before);
      expect(client.heard.at(-1)?.body.status).toBe("error");
    }
    await alive(client);
  });

  it("as bytes", async () => {
    const client = await EventsClient.connect();
    const before = client.heard.length;
    client.send('451-["create-user",{"_placeholder":true,"num":0}]');
    client.send(new Uint8Array([1, 2, 3]).buffer);
    client.send(
      '451-["new-message",{"chat":{"id":1},"user":{"id":1},"message":{"value":{"_placeholder":true,"num":0}}}]',
    );
    client.send(new Uint8Array([1, 2, 3]).buffer);
    await client.until(() => client.heard.length === before + 2);
    for (const { body } of client.heard.slice(before)) expect(eventsAnswers.error.parse(body)).toEqual(body);
    await alive(client);
  });

  it("says nothing of what it is made of", async () => {
    const client = await EventsClient.connect();
    for (const event of Object.keys(EVENTS)) for (const body of GARBAGE.slice(0, 16)) await client.call(event, body);
    expect(client.frames.join("\n")).not.toMatch(/SQL|D1_|TypeError|ZodError|src\/|\.ts\b|stack|undefined is not/i);
  });
});

describe("more events than one connection may send, which acts for many users", () => {
  it("are refused, each on its name; whoever goes on for long is put out", async () => {
    const client = await EventsClient.connect();
    const burst = FLOOD.usersOfApp * FLOOD.burst;
    await whileTimeStands(async () => {
      for (let n = 0; n < burst + 2 * FLOOD.patience; n++) client.emit("list-chats", {});
      await expect.poll(() => client.closed, { timeout: 100_000 }).toBe(true);
    });
    const { heard } = client;
    const refusals = heard.filter(({ body }) => /Too many/.test(body.error[0].message));
    expect(refusals.length).toBeGreaterThanOrEqual(FLOOD.patience);
    expect(heard.length - refusals.length).toBe(burst);
    await alive(await EventsClient.connect());
  }, 120_000);
});
