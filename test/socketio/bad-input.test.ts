// Whatever a client sends: the protocol's error or the end of its connection, nobody else's, and nothing is kept.

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { Place } from "./session.ts";

const TABLES = ["io_sessions", "io_outgoing", "io_partial", "io_acks", "io_log", "io_away", "carried"];

/** How many rows are left of anybody. */
function left(place: Place): Promise<number> {
  return runInDurableObject(place.stub, (_, { storage }) =>
    TABLES.reduce((sum, table) => sum + storage.sql.exec(`SELECT * FROM ${table}`).toArray().length, 0),
  );
}

async function polling(place: Place): Promise<string> {
  const open = await (await place.fetch("EIO=4&transport=polling")).text();
  return (JSON.parse(open.slice(1)) as { sid: string }).sid;
}

const post = (place: Place, sid: string, body: BodyInit, headers: HeadersInit = {}): Promise<Response> =>
  place.fetch(`EIO=4&transport=polling&sid=${sid}`, { method: "POST", body, headers });

const deep = `42["message",${"[".repeat(100_000)}${"]".repeat(100_000)}]`;

describe("bad input", () => {
  it.each([
    ["an unknown sid", "EIO=4&transport=polling&sid=local-0-none", { code: 1, message: "Session ID unknown" }],
    ["an unknown transport", "EIO=4&transport=pigeon", { code: 0, message: "Transport unknown" }],
    ["a WebSocket without an upgrade", "EIO=4&transport=websocket", { code: 3, message: "Bad request" }],
    ["Engine.IO 2", "EIO=2&transport=polling", { code: 5, message: "Unsupported protocol version" }],
    ["Engine.IO 5", "EIO=5&transport=polling", { code: 5, message: "Unsupported protocol version" }],
  ])("%s is answered with the protocol's error", async (_, query, error) => {
    const response = await new Place("calm", 0).fetch(query);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(error);
  });

  it.each<[string, (string | number[])[]]>([
    ["a packet of type 9", ["9"]],
    ["a Socket.IO packet of type 9", ["49"]],
    ["no packet", [""]],
    ["a frame over the limit", [`4${"x".repeat(1_000_001)}`]],
    ["an event for a namespace that it is not in", ['42/custom,["message"]']],
    ["a text among attachments", ['451-["message",{"_placeholder":true,"num":0}]', '42["message"]']],
    ["bytes that nothing announced", [[1, 2, 3]]],
    ["too many attachments", ["411-[]", '4511-["message"]']],
    ["a placeholder that points nowhere", ['451-["message",{"_placeholder":true,"num":9}]', [1]]],
    ["a ping from the wrong side", ["2"]],
    ["an open packet", ["0{}"]],
    ["a binary event that never completes", ['452-["message",{"_placeholder":true,"num":0}]', [1]]],
  ])("%s ends its own connection only", async (_, frames) => {
    const place = new Place("calm", 1);
    const [bystander, bad] = [await place.joined(), await place.joined()];
    await bystander.next();
    for (const frame of frames) bad.send(frame);
    await bad.closed();
    bystander.send('42["message","unharmed"]');
    expect(await bystander.message()).toBe('42["message-back","unharmed"]');
    bystander.close();
    await bystander.closed();
    expect(await left(place)).toBe(0);
  });

  it.each([
    ["an acknowledgement of nothing", '43999["x"]', []],
    ["a namespace that is none", "40/none,", ['44/none,{"message":"Invalid namespace"}']],
    ["an event that makes the application fail", '42["throw"]', []],
    ["an event whose name is a number", "42[7]", []],
    ["an event nested very deeply", deep, []],
    [
      "names of another object's properties",
      '42["message",{"__proto__":1,"constructor":2}]',
      ['42["message-back",{"__proto__":1,"constructor":2}]'],
    ],
  ])("%s leaves the connection as it is", async (_, frame, answers) => {
    const place = new Place("calm", 2);
    const socket = await place.joined();
    await socket.next();
    socket.send(frame);
    for (const answer of answers) expect(await socket.next()).toBe(answer);
    socket.send('42["message","goes on"]');
    expect(await socket.next()).toBe('42["message-back","goes on"]');
    socket.close();
    await socket.closed();
    expect(await left(place)).toBe(0);
  });

  it.each([
    ["a megabyte of garbage", 400, new Uint8Array(1_000_000).fill(0xa7), {}],
    ["more than the limit", 413, "4".repeat(1_000_001), {}],
    ["bytes", 400, new Uint8Array([4, 1]), { "content-type": "application/octet-stream" }],
    ["nothing", 400, "", {}],
    ["base64 that is none", 400, "b€", {}],
  ])("a body of %s ends the session", async (_, status, body, headers) => {
    const place = new Place("calm", 3);
    const sid = await polling(place);
    expect((await post(place, sid, body, headers)).status).toBe(status);
    expect((await place.fetch(`EIO=4&transport=polling&sid=${sid}`)).status).toBe(400);
    expect(await left(place)).toBe(0);
  });

  it("other methods are refused, and the session goes on", async () => {
    const place = new Place("calm", 4);
    const sid = await polling(place);
    expect((await place.fetch(`EIO=4&transport=polling&sid=${sid}`, { method: "PUT" })).status).toBe(400);
    expect((await post(place, sid, "1")).status).toBe(200);
    expect(await left(place)).toBe(0);
  });

  it("a probe that is no probe is closed, and polling goes on", async () => {
    const place = new Place("calm", 5);
    const sid = await polling(place);
    const probe = await place.socket(`EIO=4&transport=websocket&sid=${sid}`);
    probe.send("4hello");
    await probe.closed();
    expect((await post(place, sid, "40")).status).toBe(200);
    expect(await (await place.fetch(`EIO=4&transport=polling&sid=${sid}`)).text()).toMatch(
      /^40\{.*42\["auth",\{\}\]$/s,
    );
    await post(place, sid, "1");
    expect(await left(place)).toBe(0);
  });
});
