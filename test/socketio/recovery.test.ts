// A lost connection is taken up again: what was missed comes once and in order, here or at another Gateway.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TestSocket } from "./session.ts";
import { Place } from "./session.ts";

interface Ids {
  readonly sid: string;
  readonly pid: string;
}

/** Joins the root namespace with this in its CONNECT; what it answers. */
async function join(place: Place, auth: object = {}): Promise<{ socket: TestSocket; ids: Ids }> {
  const socket = await place.socket("EIO=4&transport=websocket");
  await socket.next();
  socket.send(`40${JSON.stringify(auth)}`);
  const ids = JSON.parse(String(await socket.next()).slice(2)) as Ids;
  return { socket, ids };
}

/** The event of a frame, and the offset behind it. */
async function event(socket: TestSocket): Promise<{ args: unknown[]; offset: string }> {
  const args = JSON.parse(String(await socket.next()).slice(2)) as unknown[];
  return { args: args.slice(0, -1), offset: String(args.at(-1)) };
}

async function lose(socket: TestSocket): Promise<void> {
  socket.close();
  await socket.closed();
}

async function tell(place: Place, ...words: string[]): Promise<void> {
  const { socket } = await join(place);
  await event(socket);
  for (const word of words) socket.send(`42["tell","den",${JSON.stringify(word)}]`);
  socket.send('421["message-with-ack"]');
  await socket.next();
  await lose(socket);
}

const rows = (place: Place, table: string): Promise<number> =>
  runInDurableObject(place.stub, (_, { storage }) => storage.sql.exec(`SELECT * FROM ${table}`).toArray().length);

afterEach(() => {
  vi.useRealTimers();
});

/** From now on it is so much later, and the alarm has gone. */
async function later(place: Place, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  await runDurableObjectAlarm(place.stub);
}

describe("a lost connection", () => {
  it("gets what it missed, in order, once, and what it was", async () => {
    const place = new Place("recover", 0);
    const first = await join(place);
    const { offset } = await event(first.socket);
    first.socket.send('421["join","den"]');
    await first.socket.next();
    await lose(first.socket);
    await place.evict();
    await tell(place, "one", "two", "three");
    await place.evict();
    const again = await join(place, { pid: first.ids.pid, offset });
    expect(again.ids).toEqual(first.ids);
    const missed = [await event(again.socket), await event(again.socket), await event(again.socket)];
    expect(missed.map(({ args }) => args)).toEqual([
      ["told", "one"],
      ["told", "two"],
      ["told", "three"],
    ]);
    await lose(again.socket);
    const third = await join(place, { pid: first.ids.pid, offset: missed[1]?.offset });
    expect((await event(third.socket)).args).toEqual(["told", "three"]);
    third.socket.send('42["message","and on"]');
    expect((await event(third.socket)).args).toEqual(["message-back", "and on"]);
    await lose(third.socket);
  });

  it("is taken up where it had received nothing, and where the offset is no offset", async () => {
    for (const offset of [undefined, "some words", "local-1.!!", 7]) {
      const place = new Place("recover", 1);
      const first = await join(place);
      await lose(first.socket);
      const again = await join(place, { pid: first.ids.pid, offset });
      expect(again.ids).toEqual(first.ids);
      expect((await event(again.socket)).args).toEqual(["auth", {}]);
      await lose(again.socket);
    }
  });

  it("is taken up before it was found to be lost", async () => {
    const place = new Place("recover", 2);
    const first = await join(place);
    const { offset } = await event(first.socket);
    const again = await join(place, { pid: first.ids.pid, offset });
    expect(again.ids).toEqual(first.ids);
    await first.socket.closed();
    await lose(again.socket);
  });

  it("goes on at another Gateway, and at a third", async () => {
    const places = [new Place("recover", 3), new Place("recover", 4), new Place("recover", 5)] as const;
    const first = await join(places[0]);
    const { offset } = await event(first.socket);
    first.socket.send('421["join","den"]');
    await first.socket.next();
    await lose(first.socket);
    await tell(places[0], "one", "two");
    const second = await join(places[1], { pid: first.ids.pid, offset });
    expect(second.ids).toEqual(first.ids);
    expect((await event(second.socket)).args).toEqual(["told", "one"]);
    const last = await event(second.socket);
    expect(last.args).toEqual(["told", "two"]);
    await lose(second.socket);
    await tell(places[1], "three");
    const third = await join(places[2], { pid: first.ids.pid, offset: last.offset });
    expect(third.ids).toEqual(first.ids);
    expect((await event(third.socket)).args).toEqual(["told", "three"]);
    await lose(third.socket);
  });

  it("is over after two minutes, with all that was kept for it", async () => {
    const place = new Place("recover", 7);
    const first = await join(place);
    const { offset } = await event(first.socket);
    first.socket.send('421["join","den"]');
    await first.socket.next();
    await lose(first.socket);
    await tell(place, "one", "two");
    // In two steps: the alarm that looks after the session goes off before.
    for (const ms of [25_000, 96_000]) await later(place, ms);
    for (const table of ["io_sessions", "io_log", "carried"]) expect(await rows(place, table), table).toBe(0);
    const again = await join(place, { pid: first.ids.pid, offset });
    expect(again.ids.pid).not.toBe(first.ids.pid);
    await lose(again.socket);
  });

  it("is not taken up by somebody else", async () => {
    const place = new Place("recover", 8);
    const first = await join(place, { as: "ann" });
    const { offset } = await event(first.socket);
    await lose(first.socket);
    const other = await join(place, { as: "bob", pid: first.ids.pid, offset });
    expect(other.ids.pid).not.toBe(first.ids.pid);
    await lose(other.socket);
    const sameOne = await join(place, { as: "ann" });
    await event(sameOne.socket);
    await lose(sameOne.socket);
    const same = await join(place, { as: "ann", pid: sameOne.ids.pid });
    expect(same.ids).toEqual(sameOne.ids);
    await lose(same.socket);
  });

  it("is not taken up after it said good-bye, nor by a pid that is none", async () => {
    const place = new Place("recover", 6);
    const first = await join(place);
    await event(first.socket);
    first.socket.send("41");
    first.socket.send("40");
    const rejoined = JSON.parse(String(await first.socket.next()).slice(2)) as Ids;
    expect(rejoined.pid).not.toBe(first.ids.pid);
    await lose(first.socket);
    for (const pid of [first.ids.pid, "nowhere", "local-63.abc", 1]) {
      const other = await join(place, { pid });
      expect(other.ids.pid).not.toBe(pid);
      await lose(other.socket);
    }
    expect(await rows(place, "io_sessions")).toBe(0);
  });
});

describe("a lost connection, where the clock has jumped meanwhile", () => {
  const HOUR = 3_600_000;

  let origin = 0;
  beforeEach(() => {
    origin = Date.now();
  });

  /** The clock says so much more than when the test began, and stands still. */
  function clock(ms: number): void {
    vi.useFakeTimers({ toFake: ["Date"], now: origin + ms });
  }

  /** The time goes by, and no alarm is missed; who is `here` answers pings. */
  async function pass(place: Place, from: number, to: number, here?: TestSocket): Promise<void> {
    for (let ms = from; ms <= to; ms += 9_000) {
      clock(ms);
      await runDurableObjectAlarm(place.stub);
      here?.send("3");
    }
  }

  it("is over no later than ever, after it has gone back", async () => {
    for (const evicts of [false, true]) {
      const place = new Place("recover", evicts ? 20 : 21);
      clock(HOUR);
      const first = await join(place);
      await lose(first.socket);
      if (evicts) await place.evict();
      clock(0);
      const { socket } = await join(place);
      await lose(socket);
      await pass(place, 0, 126_000);
      for (const table of ["io_away", "io_log", "carried"]) expect(await rows(place, table), table).toBe(0);
    }
  });

  it("gets what was said after it went back, also where nothing was logged for long before", async () => {
    const place = new Place("recover", 22);
    clock(HOUR);
    const first = await join(place);
    const { offset } = await event(first.socket);
    first.socket.send('421["join","den"]');
    await first.socket.next();
    await pass(place, HOUR, HOUR + 190_000, first.socket);
    await place.evict();
    clock(0);
    await lose(first.socket);
    await tell(place, "one", "two");
    const again = await join(place, { pid: first.ids.pid, offset });
    expect(again.ids).toEqual(first.ids);
    expect([(await event(again.socket)).args, (await event(again.socket)).args]).toEqual([
      ["told", "one"],
      ["told", "two"],
    ]);
    await lose(again.socket);
  });

  it("gets what was said after it went back, whatever it heard last of a log that is no more", async () => {
    const place = new Place("recover", 23);
    clock(HOUR);
    const first = await join(place);
    const { offset } = await event(first.socket);
    first.socket.send("41");
    await lose(first.socket);
    await pass(place, HOUR, HOUR + 45_000);
    expect(await rows(place, "io_log")).toBe(0);
    await place.evict();
    clock(0);
    const second = await join(place);
    await event(second.socket);
    second.socket.send('421["join","den"]');
    await second.socket.next();
    await lose(second.socket);
    await tell(place, "one");
    const again = await join(place, { pid: second.ids.pid, offset });
    expect(again.ids).toEqual(second.ids);
    expect([(await event(again.socket)).args, (await event(again.socket)).args]).toContainEqual(["told", "one"]);
    await lose(again.socket);
  });

  it("gets everything after it went forward", async () => {
    const place = new Place("recover", 24);
    clock(0);
    const first = await join(place);
    const { offset } = await event(first.socket);
    first.socket.send('421["join","den"]');
    await first.socket.next();
    await lose(first.socket);
    await tell(place, "one");
    clock(HOUR);
    await runDurableObjectAlarm(place.stub);
    const again = await join(place, { pid: first.ids.pid, offset });
    expect(again.ids).toEqual(first.ids);
    expect((await event(again.socket)).args).toEqual(["told", "one"]);
    await lose(again.socket);
  });
});
