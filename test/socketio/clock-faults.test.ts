// A clock that jumps, back or on, and an alarm that comes late: whoever answers stays connected, whoever is gone is let go as
// soon as ever, and nothing waits for the time to pass once more.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client, KINDS } from "./clients.ts";
import { Place } from "./session.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

let origin = 0;
let places = 0;

beforeEach(() => {
  origin = Date.now();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The clock says so much more than when the test began, and stands still. */
function clock(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: origin + ms });
}

const alarm = (place: Place): Promise<boolean> => runDurableObjectAlarm(place.stub);

/** The time goes by from `from` to `to`, and no alarm is missed. */
async function pass(place: Place, from: number, to: number): Promise<void> {
  for (let ms = from; ms < to; ms += 5 * SECOND) {
    clock(ms);
    await alarm(place);
  }
  clock(to);
  await alarm(place);
}

const fresh = (version: 3 | 4): Place => new Place(version === 4 ? "calm" : "calm-3", places++);

/** What the heartbeat asks of a client: in version 3 anything that it says. */
async function beat(client: Client, version: 3 | 4): Promise<void> {
  if (version === 4) {
    await client.pinged();
    await client.send("3");
  }
  // The answer tells that the pong before it was taken.
  await client.say();
}

/** How long one stands that does not answer, from when it was pinged, or last heard. */
const lasts = (version: 3 | 4): number => (version === 4 ? 20 : 45) * SECOND;

/** So soon all were pinged: the first ping goes along with the alarm that looks for a CONNECT. */
const PINGED = 5 * SECOND;

const WAYS = KINDS.flatMap((kind) => [
  { ...kind, evicts: false, name: `version ${kind.version} over ${kind.transport}` },
  { ...kind, evicts: true, name: `version ${kind.version} over ${kind.transport}, evicted before` },
]);
const OF_4 = WAYS.filter(({ version }) => version === 4);

/** Two clients that stand when the clock jumps. */
async function twoOf(way: (typeof WAYS)[number], from: number, to: number): Promise<[Place, Client, Client]> {
  const place = fresh(way.version);
  clock(from);
  const [one, two] = [await Client.join(place, way), await Client.join(place, way)];
  if (way.evicts) await place.evict();
  clock(to);
  return [place, one, two];
}

describe("a clock that jumps back an hour", () => {
  it.each(OF_4)("has all pinged once anything is heard: $name", async (way) => {
    const [place, speaks, silent] = await twoOf(way, HOUR, 0);
    await speaks.say();
    for (const client of [speaks, silent]) await beat(client, 4);
    await pass(place, 0, 21 * SECOND);
    for (const client of [speaks, silent]) expect(await client.stands()).toBe(true);
    for (const client of [speaks, silent]) client.close();
  });

  it.each(OF_4)("has those who stay pinged when one goes: $name", async (way) => {
    const [, goes, stays] = await twoOf(way, HOUR, 0);
    if (way.transport === "polling") await goes.send("1");
    else goes.close();
    await stays.pinged();
    stays.close();
  });

  it.each(WAYS)("lets go of who is gone as soon as ever, and of nobody else: $name", async (way) => {
    const [place, speaks, silent] = await twoOf(way, HOUR, 0);
    await speaks.say();
    await beat(speaks, way.version);
    await pass(place, 0, lasts(way.version) - SECOND);
    expect(await silent.stands()).toBe(true);
    if (way.version === 3) await speaks.say();
    await pass(place, lasts(way.version) - SECOND, lasts(way.version));
    expect([await speaks.stands(), await silent.stands()]).toEqual([true, false]);
    speaks.close();
  });

  it.each(OF_4)("takes the pong that was under way: $name", async (way) => {
    const [place, client, other] = await twoOf(way, HOUR, HOUR);
    await pass(place, HOUR, HOUR + PINGED);
    await client.pinged();
    if (way.evicts) await place.evict();
    clock(0);
    await client.send("3");
    await client.say();
    await pass(place, 0, 19 * SECOND);
    await beat(client, 4);
    await pass(place, 19 * SECOND, 38 * SECOND);
    expect([await client.stands(), await other.stands()]).toEqual([true, false]);
    client.close();
  });

  it("has no pong of the runtime's believed for an hour", async () => {
    // The runtime's clock does not jump with ours, and would have each of our alarms go off at once.
    const place = new Place("calm-3", places++);
    const methods = await runInDurableObject(
      place.stub,
      (_, { storage }) => Object.getPrototypeOf(storage) as Pick<DurableObjectStorage, "setAlarm">,
    );
    const { setAlarm } = methods;
    const due = (): Promise<void> => runInDurableObject(place.stub, (gateway: DurableObject) => gateway.alarm?.());
    const kind = { version: 3, transport: "websocket" } as const;
    const [speaks, silent] = [await Client.join(place, kind), await Client.join(place, kind)];
    await silent.send("2");
    await silent.until((frame) => frame === "3");
    methods.setAlarm = () => Promise.resolve();
    try {
      for (const at of [0, 40, 44]) {
        await place.evict();
        clock(at * SECOND - HOUR);
        await speaks.say();
        await due();
        expect(await silent.stands()).toBe(true);
      }
      await place.evict();
      clock(46 * SECOND - HOUR);
      await due();
      expect([await speaks.stands(), await silent.stands()]).toEqual([true, false]);
    } finally {
      methods.setAlarm = setAlarm;
    }
    speaks.close();
  });

  it("has a CONNECT, and attachments, waited for no longer than ever", async () => {
    for (const frame of [null, '451-["message",{"_placeholder":true,"num":0}]']) {
      const place = fresh(4);
      const kind = { version: 4, transport: "websocket" } as const;
      clock(HOUR);
      const late = frame === null ? await Client.open(place, kind) : await Client.join(place, kind);
      if (frame !== null) await late.send(frame);
      const other = await Client.join(place, kind);
      clock(0);
      await other.say();
      await pass(place, 0, 4 * SECOND);
      expect([await late.stands(), await other.stands()]).toEqual([false, true]);
      other.close();
    }
  });

  it("has a probe given up no later than ever", async () => {
    const place = fresh(4);
    clock(HOUR);
    const client = await Client.join(place, { version: 4, transport: "polling" });
    const probe = await place.socket(`EIO=4&transport=websocket&sid=${client.sid}`);
    probe.send("2probe");
    expect(await probe.next()).toBe("3probe");
    clock(0);
    await client.say();
    await beat(client, 4);
    await pass(place, 0, 11 * SECOND);
    await probe.closed();
    expect(await client.stands()).toBe(true);
  });

  it("has an acknowledgement missed no later than ever", async () => {
    const place = fresh(3);
    clock(HOUR);
    const client = await Client.join(place, { version: 3, transport: "websocket" });
    await client.send('42["ask-me","why?"]');
    await client.until((frame) => frame === '421["question","why?"]');
    clock(0);
    await client.say();
    await pass(place, 0, 40 * SECOND);
    await client.say();
    await pass(place, 40 * SECOND, 61 * SECOND);
    await client.until((frame) => frame === '42["answered",{"asked":"you"},null]');
    client.close();
  });
});

describe("a clock that jumps forward an hour, or an alarm that is as late", () => {
  const FIRST = ["the alarm", "a client"] as const;
  const CASES = WAYS.flatMap((way) => FIRST.map((first) => ({ ...way, first, name: `${way.name}, ${first} first` })));

  it.each(CASES)("closes none that answers, and who is gone soon: $name", async (way) => {
    const [place, speaks, silent] = await twoOf(way, 0, HOUR);
    if (way.first === "a client") await speaks.say();
    await alarm(place);
    expect([await speaks.stands(), await silent.stands()]).toEqual([true, true]);
    await beat(speaks, way.version);
    await pass(place, HOUR, HOUR + lasts(way.version) - SECOND);
    if (way.version === 3) await speaks.say();
    await pass(place, HOUR + lasts(way.version) - SECOND, HOUR + lasts(way.version));
    expect([await speaks.stands(), await silent.stands()]).toEqual([true, false]);
    speaks.close();
  });

  const JUMPS = [30 * SECOND, HOUR];
  it.each(OF_4.flatMap((way) => JUMPS.map((ms) => ({ ...way, ms }))))(
    "takes the pong that was under way: $name, by $ms ms",
    async (way) => {
      const [place, client] = await twoOf(way, 0, 0);
      await pass(place, 0, PINGED);
      await client.pinged();
      if (way.evicts) await place.evict();
      clock(PINGED + way.ms);
      await client.send("3");
      await client.say();
      await alarm(place);
      expect(await client.stands()).toBe(true);
      client.close();
    },
  );

  it("cuts nobody short who is about to say CONNECT, to send attachments, or to answer an event", async () => {
    const place = fresh(4);
    const kind = { version: 4, transport: "websocket" } as const;
    clock(0);
    const [joins, attaches] = [await Client.open(place, kind), await Client.join(place, kind)];
    await attaches.send('42["ask-me","why?"]');
    await attaches.until((frame) => frame === '421["question","why?"]');
    await attaches.send('451-["message",{"_placeholder":true,"num":0}]');
    clock(HOUR);
    await alarm(place);
    await joins.send("40");
    await joins.until((frame) => frame.startsWith('42["auth"'));
    await attaches.send([1, 2, 3]);
    await attaches.until((frame) => frame === "1,2,3");
    await attaches.send('431["because"]');
    await attaches.until((frame) => frame === '42["answered",{"asked":"you"},["because"]]');
    for (const client of [joins, attaches]) client.close();
  });
});
