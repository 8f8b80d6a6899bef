// Whatever comes: `rooms` answers with its `err` or lets it pass, the connection goes on, and nothing of the inside is seen.

import { afterEach, describe, expect, it } from "vitest";
import { FLOOD } from "../../src/core/limits.ts";
import { whileTimeStands } from "../support/patience.ts";
import { people, person, service } from "../support/people.ts";
import { RoomsClient, appRoom, textOf } from "../support/rooms.ts";

const EVENTS = ["join", "typing", "seen", "send_message", "load_more", "leave"];
const clients: RoomsClient[] = [];
const keep = (client: RoomsClient): RoomsClient => {
  clients.push(client);
  return client;
};

afterEach(() => {
  expect(clients.splice(0).flatMap((one) => one.flaws())).toEqual([]);
});

const LEAK = /at \w+ \(|SQLITE|constraint|TypeError|undefined|ZodError|expected|node_modules|\.ts\b|access\.|not_found/;

function expectNoLeak(client: RoomsClient): void {
  for (const text of client.all("err")) expect(text).not.toMatch(LEAK);
}

describe("garbage", () => {
  const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const values = [
    "null",
    "true",
    "-1",
    "1e999",
    "9007199254740993",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    "{}",
    "[]",
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"message":{"message":"x"}}',
    '{"page":"1 OR 1=1","limit":"x"}',
    '{"page":{"$gt":0}}',
    '{"room":["a"]}',
    deep(20_000),
    `"${"x".repeat(20_000)}"`,
    `{"_placeholder":true,"num":0}`,
  ];

  it.each(EVENTS)("as the argument of %s leaves the connection as it was", async (event) => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    for (const isJoined of [false, true]) {
      const a = keep(await RoomsClient.of(ann));
      if (isJoined) await a.join(room.name);
      for (const value of values) a.socket.send(`42["${event}",${value},"more",{"and":"more"}]`);
      a.socket.send(`42["${event}"]`);
      await a.join(room.name);
      await a.say(`still here ${isJoined}`);
      expect(a.socket.closed).toBeUndefined();
      expectNoLeak(a);
      a.close();
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("under names that are no events is refused, each time", async () => {
    const a = keep(await RoomsClient.of(await person("ann")));
    const names = [
      "nothing",
      "",
      "constructor",
      "toString",
      "hasOwnProperty",
      "JOIN",
      "message",
      "err",
      "x".repeat(9_000),
    ];
    for (const name of names) expect(await a.ask("err", name, "x")).toBe("Unknown event");
    a.socket.send('42["__proto__"]');
    a.socket.send("42[7,1]");
    await expect.poll(() => a.all("err").length).toBe(names.length + 2);
    expect(new Set(a.all("err"))).toEqual(new Set(["Unknown event"]));
  });

  it("in bytes is refused as any other", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    const a = keep(await RoomsClient.in(room.name, ann));
    for (const packet of [
      '451-["send_message",{"_placeholder":true,"num":0}]',
      '451-["send_message",{"message":{"_placeholder":true,"num":0}}]',
    ]) {
      const before = a.all("err").length;
      a.socket.send(packet);
      a.socket.send(Uint8Array.of(104, 105).buffer);
      await expect.poll(() => a.all("err").length).toBe(before + 1);
    }
    expect(a.all("err")).toEqual(["No message or sender", "No message or sender"]);
    await a.say("after the bytes");
  });

  it("in the query of the connection refuses it, and no more", async () => {
    const ann = await person("ann");
    for (const query of ["&app=", "&app=x", "&app=%00", `&app=${crypto.randomUUID()}`, "&token=y&__proto__=1"]) {
      const client = keep(await RoomsClient.open(ann.token, { query }));
      await client.until(() => client.socket.frames.some((frame) => /^4[04]/.test(frame)), "an answer");
    }
    const refused = keep(await RoomsClient.open("\u0000"));
    expect(await refused.refusal()).toEqual({ message: "token key mismatch" });
    // Events of a connection that was not let in end it, as the protocol has it, and do nothing.
    refused.emit("join", "room");
    await refused.until(() => refused.socket.closed !== undefined, "the end");
  });
});

describe("a client that wants more than it may", () => {
  it("names a room of others, under whatever type, and learns nothing of it", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([bob]);
    const a = keep(await RoomsClient.of(ann));
    const answers = new Set<string>();
    for (const name of [room.name, { room: room.name }, "no such room", room.id, [room.name], { room: room.id }])
      answers.add(await a.ask("err", "join", name));
    expect([...answers]).toEqual(["Invalid room name"]);
    expect(a.names().filter((name) => name !== "err")).toEqual([]);
  });

  it("asks for acknowledgements, which come after the answer", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    const a = keep(await RoomsClient.of(ann));
    const at = (start: string): number => a.socket.frames.findIndex((frame) => frame.startsWith(start));
    a.socket.send(`421["join",${JSON.stringify(room.name)}]`);
    await a.until(() => at("431") >= 0, "the acknowledgement");
    expect(at('42["room_info"')).toBeLessThan(at("431"));
    expect(at('42["room_info"')).toBeGreaterThan(0);
    a.socket.send('422["send_message",5]');
    await a.until(() => at("432") >= 0, "the acknowledgement");
    expect(a.all("err")).toEqual(["No message or sender"]);
  });

  it("floods: what is too much is refused, the rest stays in order, and who does not stop is cut off", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [keep(await RoomsClient.in(room.name, ann)), keep(await RoomsClient.in(room.name, bob))];
    const sent = FLOOD.burst + 30;
    await whileTimeStands(async () => {
      for (let n = 0; n < sent; n++) a.emit("send_message", `m${n}`);
      await expect.poll(() => a.texts().length + a.all("err").length).toBe(sent);
    });
    expect(new Set(a.all("err"))).toEqual(new Set(["Too many events"]));
    await expect.poll(() => b.texts()).toEqual(a.texts());
    const numbers = a.texts().map((text) => Number(text.slice(1)));
    expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));

    await whileTimeStands(async () => {
      for (let n = 0; n < FLOOD.burst + 2 * FLOOD.patience; n++) a.emit("nothing");
      await a.until(() => a.socket.closed !== undefined, "the end");
    });
    await expect.poll(() => b.present()).toEqual([b.id]);
    await b.say("in peace");
  });

  it("has lost its token in the middle of things: it is cut off, and nothing that comes later counts", async () => {
    const [ann, bob] = await people("ann", "bob");
    const room = await appRoom([ann, bob]);
    const [a, b] = [keep(await RoomsClient.in(room.name, ann)), keep(await RoomsClient.in(room.name, bob))];
    await service().auth.logout((await service().auth.authenticate(ann.token)).session);
    try {
      a.emit("send_message", "too late");
    } catch {
      // It was cut off before it could say it.
    }
    await a.until(() => a.socket.closed !== undefined, "the end");
    await b.say("alone");
    expect(b.all("message").map(textOf)).toEqual(["alone"]);
    const { body } = await bob.get(`/v1/chats/${room.id}/messages`);
    expect(body.items).toHaveLength(1);
  });
});
