// The test plan of the Socket.IO protocol, version 5, against the echo application.

import { beforeAll, describe, expect, it } from "vitest";
import type { Address } from "../server.ts";
import { sharedEcho } from "../server.ts";
import { Raw } from "./raw.ts";

let server: Address;
let raw: Raw;
beforeAll(async () => {
  server = await sharedEcho();
  raw = new Raw(server, "/calm/");
});

const bytes = (...data: number[]): Uint8Array => Uint8Array.from(data);

describe("connect", () => {
  it.each([
    ["the main namespace", "40", "40", '42["auth",{}]'],
    ["the main namespace with a payload", '40{"token":"123"}', "40", '42["auth",{"token":"123"}]'],
    ["a custom namespace", "40/custom,", "40/custom,", '42/custom,["auth",{}]'],
    [
      "a custom namespace with a payload",
      '40/custom,{"token":"abc"}',
      "40/custom,",
      '42/custom,["auth",{"token":"abc"}]',
    ],
  ])("joins %s", async (_, sent, answered, auth) => {
    const socket = await raw.opened();
    socket.send(sent);
    const answer = await socket.text();
    expect(answer.slice(0, answered.length)).toBe(answered);
    expect(JSON.parse(answer.slice(answered.length))).toEqual({ sid: expect.any(String) });
    expect(await socket.message()).toBe(auth);
    socket.close();
  });

  it("refuses an unknown namespace, and goes on", async () => {
    const socket = await raw.opened();
    socket.send("40/random");
    expect(await socket.message()).toBe('44/random,{"message":"Invalid namespace"}');
    socket.send("40");
    expect(await socket.text()).toMatch(/^40\{/);
    socket.close();
  });

  it("tells why the application refuses", async () => {
    const socket = await raw.opened();
    socket.send('40{"reject":"not you"}');
    expect(await socket.message()).toBe('44{"message":"not you","data":{"why":"told to"}}');
    socket.close();
  });

  it("closes upon an invalid handshake", async () => {
    const socket = await raw.opened();
    socket.send("4abc");
    expect(await socket.closed).toBeGreaterThan(0);
  });

  it("closes when no handshake comes", async () => {
    const socket = await raw.opened();
    expect(await socket.closed).toBeGreaterThan(0);
  });
});

describe("disconnect", () => {
  it("leaves the main namespace and keeps the connection", async () => {
    // The next ping comes soon here.
    const socket = await new Raw(server, "/rounds/").joined();
    socket.send("41");
    expect(await socket.next()).toBe("2");
    socket.close();
  });

  it("leaves a custom namespace", async () => {
    const socket = await raw.joined();
    socket.send("40/custom");
    await socket.message();
    await socket.message();
    socket.send("41/custom");
    socket.send('42["message","message to main namespace"]');
    expect(await socket.message()).toBe('42["message-back","message to main namespace"]');
    socket.close();
  });

  it("is thrown out of a namespace, or off the connection", async () => {
    const socket = await raw.joined();
    socket.send('42["kick",false]');
    expect(await socket.message()).toBe("41");
    socket.send('42["message","is not held against it"]');
    socket.send("40/custom");
    expect(await socket.text()).toMatch(/^40\/custom,/);
    await socket.message();
    socket.send('42/custom,["kick",true]');
    expect(await socket.message()).toBe("41/custom,");
    expect(await socket.closed).toBeGreaterThan(0);
  });
});

describe("message", () => {
  it.each([
    ["an event", '42["message",1,"2",{"3":[true]}]', '42["message-back",1,"2",{"3":[true]}]'],
    ["an event with an acknowledgement", '42456["message-with-ack",1,"2",{"3":[false]}]', '43456[1,"2",{"3":[false]}]'],
  ])("carries %s", async (_, sent, answer) => {
    const socket = await raw.joined();
    socket.send(sent);
    expect(await socket.message()).toBe(answer);
    socket.close();
  });

  it.each([
    ["an event", '452-["message",', '452-["message-back",'],
    ["an event with an acknowledgement", '452-789["message-with-ack",', "462-789["],
  ])("carries %s with attachments", async (_, sent, answer) => {
    const placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    const socket = await raw.joined();
    socket.send(`${sent}${placeholders}`);
    socket.send(bytes(1, 2, 3));
    socket.send(bytes(4, 5, 6));
    expect(await socket.message()).toBe(`${answer}${placeholders}`);
    expect(await socket.message()).toEqual(bytes(1, 2, 3));
    expect(await socket.message()).toEqual(bytes(4, 5, 6));
    socket.close();
  });

  it("asks the client, and hears its acknowledgement once", async () => {
    const socket = await raw.joined();
    socket.send('42["ask-me","how?"]');
    const [, id] = /^42(\d+)\["question","how\?"\]$/.exec(await socket.text()) ?? [];
    socket.send(`43${id}["well"]`);
    expect(await socket.message()).toBe('42["answered",{"asked":"you"},["well"]]');
    socket.send(`43${id}["well"]`);
    socket.send('42["message","next"]');
    expect(await socket.message()).toBe('42["message-back","next"]');
    socket.close();
  });

  it.each(["4abc", "42{}", '42abc["message-with-ack",1]', "42", "49", '42["disconnect"]', '43["no id"]'])(
    "closes upon the invalid %s",
    async (frame) => {
      const socket = await raw.joined();
      socket.send(frame);
      expect(await socket.closed).toBeGreaterThan(0);
    },
  );

  it("tells a room, but not the one that is left out", async () => {
    const [ann, bob, eve] = [await raw.joined(), await raw.joined(), await raw.joined()];
    ann.send('421["join","den"]');
    bob.send('421["join","den"]');
    expect(await ann.message()).toBe("431[]");
    expect(await bob.message()).toBe("431[]");
    ann.send('42["tell","den","hi"]');
    ann.send('42["message","done"]');
    expect(await ann.message()).toBe('42["message-back","done"]');
    eve.send('42["message","nothing before this"]');
    expect(await eve.message()).toBe('42["message-back","nothing before this"]');
    for (const socket of [ann, bob, eve]) socket.close();
  });
});
