// One alarm wakes a Gateway for a round of pings, however many connections it holds.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Place } from "./session.ts";

const CONNECTIONS = 200;
const ROUNDS = 3;

describe("a Gateway with two hundred connections", () => {
  it("wakes once for each round of pings", async () => {
    const place = new Place("rounds", 0);
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => place.joined()));
    let alarms = 0;
    await runInDurableObject(place.stub, (gateway: DurableObject) => {
      const alarm = gateway.alarm?.bind(gateway);
      gateway.alarm = (info) => {
        alarms++;
        return alarm?.(info);
      };
    });
    const pings = sockets.map(async (socket) => {
      for (let n = 0; n < ROUNDS;) {
        const frame = await socket.next();
        if (frame === undefined) return 0;
        if (frame !== "2") continue;
        n++;
        socket.send("3");
      }
      return ROUNDS;
    });
    expect(await Promise.all(pings)).toEqual(Array.from({ length: CONNECTIONS }, () => ROUNDS));
    expect(alarms).toBe(ROUNDS);
    for (const socket of sockets) socket.close();
  });

  it("lets go of those that do not answer, and of them only", async () => {
    const place = new Place("rounds", 1);
    const [silent, lively] = [await place.joined(), await place.joined()];
    void silent.closed().then(() => lively.send('42["message","still here"]'));
    for (let frame = await lively.next(); frame !== '42["message-back","still here"]'; frame = await lively.next()) {
      if (frame === "2") lively.send("3");
    }
    expect(silent.isClosed).toBe(true);
    expect(lively.isClosed).toBe(false);
    lively.close();
  });
});

describe("an alarm that was lost", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = async (place: Place): Promise<void> => {
    expect(await (await place.fetch("EIO=4&transport=polling")).text()).toMatch(/^0/);
  };
  const sessions = (place: Place): Promise<number> =>
    runInDurableObject(
      place.stub,
      (_, { storage }) => storage.sql.exec("SELECT sid FROM io_sessions").toArray().length,
    );
  const afterwards = (ms: number): void => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  };
  /** Whoever was not asked is asked, and let go when they don't answer. */
  const onlyOneIsLeft = async (place: Place): Promise<void> => {
    expect(await runDurableObjectAlarm(place.stub)).toBe(true);
    expect(await sessions(place)).toBe(2);
    afterwards(20_000);
    expect(await runDurableObjectAlarm(place.stub)).toBe(true);
    expect(await sessions(place)).toBe(1);
  };

  it("is missed when the next client comes, and those who are gone are let go", async () => {
    const place = new Place("recover", 50);
    await open(place);
    await runInDurableObject(place.stub, (_, { storage }) => storage.deleteAlarm());
    afterwards(120_000);
    await open(place);
    await onlyOneIsLeft(place);
  });

  it("is missed by the object's next life, although it is noted as set", async () => {
    const place = new Place("recover", 51);
    await open(place);
    const [methods, getAlarm] = await runInDurableObject(place.stub, async (_, { storage }) => {
      const noted = await storage.getAlarm();
      await storage.deleteAlarm();
      const all = Object.getPrototypeOf(storage) as { getAlarm: DurableObjectStorage["getAlarm"] };
      const old = all.getAlarm;
      all.getAlarm = () => Promise.resolve(noted);
      return [all, old] as const;
    });
    try {
      await place.evict();
      afterwards(120_000);
      await open(place);
    } finally {
      methods.getAlarm = getAlarm;
    }
    await onlyOneIsLeft(place);
  });
});
