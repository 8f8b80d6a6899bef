// Who is closed for not keeping up. The counter of bytes that a socket has waiting is the runtime's; here it is set by hand.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SLOW } from "../../src/core/limits.ts";
import { Readers } from "../../src/objects/readers.ts";

/** A socket whose other side takes nothing, unless it is told to. */
class Held {
  readyState: number = WebSocket.OPEN;
  bufferedAmount: number | undefined = 0;
  code: number | undefined;

  send(frame: string): void {
    if (this.bufferedAmount !== undefined) this.bufferedAmount += frame.length;
  }

  close(code: number): void {
    this.code = code;
    this.readyState = WebSocket.CLOSING;
  }

  get socket(): WebSocket {
    return this as unknown as WebSocket;
  }
}

const frame = "x".repeat(16 * 1024);

/** The time, which goes on where a test says so. */
let now = 0;
const clock = (): number => now;

/** Sends so much, in frames, within so long. */
function sendAll(readers: Readers, held: Held, bytes: number, ms: number): void {
  const frames = Math.ceil(bytes / frame.length);
  for (let n = 0; n < frames; n++) {
    now += ms / frames;
    readers.send(held.socket, frame);
  }
}

describe("a reader who does not keep up", () => {
  it("is closed with 1013 past the bound, is told of once, and gets nothing more", () => {
    const closed: WebSocket[] = [];
    const readers = new Readers((socket) => closed.push(socket), clock);
    const held = new Held();
    sendAll(readers, held, 4 * SLOW.reader, 4 * SLOW.patienceMs);
    expect(held.code).toBe(1013);
    expect(closed).toEqual([held.socket]);
    expect(held.bufferedAmount).toBeLessThanOrEqual(3 * SLOW.reader);
  });

  it("is not who takes it, however much is on its way at once", () => {
    const readers = new Readers(() => undefined, clock);
    const held = new Held();
    for (let n = 0; n < 50; n++) {
      sendAll(readers, held, 8 * SLOW.reader, SLOW.patienceMs / 2);
      // All but what was sent last.
      held.bufferedAmount = 2 * SLOW.reader;
    }
    expect(held.code).toBeUndefined();
  });

  it("is who takes it too slowly to ever have it all", () => {
    const readers = new Readers(() => undefined, clock);
    const held = new Held();
    for (let n = 0; n < 50; n++) {
      sendAll(readers, held, SLOW.reader / 2, SLOW.patienceMs / 2);
      held.bufferedAmount = (held.bufferedAmount ?? 0) - SLOW.reader / 8;
    }
    expect(held.code).toBe(1013);
  });

  it("is not who asked for much and gets it", () => {
    const readers = new Readers(() => undefined, clock);
    const held = new Held();
    for (let n = 0; n < 3; n++) readers.send(held.socket, "x".repeat(2 * SLOW.reader));
    now += 10 * SLOW.patienceMs;
    sendAll(readers, held, SLOW.reader / 2, 10 * SLOW.patienceMs);
    expect(held.code).toBeUndefined();
    held.bufferedAmount = 0;
    sendAll(readers, held, 4 * SLOW.reader, 4 * SLOW.patienceMs);
    expect(held.code).toBe(1013);
  });

  it("costs those who do keep up nothing, whatever the load: all of them together stay within the object's share", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 120 }), fc.integer({ min: 1, max: 60 }), (stuck, keeping) => {
        const readers = new Readers(() => undefined, clock);
        const slow = Array.from({ length: stuck }, () => new Held());
        const good = Array.from({ length: keeping }, () => new Held());
        for (let n = 0; n < 150; n++) {
          now += SLOW.patienceMs / 10;
          for (const held of [...slow, ...good]) readers.send(held.socket, frame);
          for (const held of good) held.bufferedAmount = 0;
          const open = slow.filter(({ code }) => code === undefined);
          const waiting = open.reduce((sum, { bufferedAmount }) => sum + (bufferedAmount ?? 0), 0);
          // What was sent to each after it was counted last.
          expect(waiting).toBeLessThanOrEqual(SLOW.all + open.length * frame.length);
        }
        expect(slow.every(({ code }) => code === 1013)).toBe(true);
        expect(good.every(({ code }) => code === undefined)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("goes on counting when it is closed, until its connection is gone: closing gives no memory back", () => {
    const readers = new Readers(() => undefined, clock);
    /** What a new reader who never reads has waiting when it is closed. */
    const stuck = (): Held => {
      const held = new Held();
      while (held.code === undefined) sendAll(readers, held, frame.length, SLOW.patienceMs / 2);
      return held;
    };
    const first = stuck();
    expect(first.bufferedAmount).toBeGreaterThan(SLOW.reader);
    const gone = Array.from({ length: SLOW.all / SLOW.reader }, stuck);
    expect(stuck().bufferedAmount).toBeLessThanOrEqual(SLOW.counted + 2 * frame.length);
    for (const held of gone) readers.ended(held.socket);
    expect(stuck().bufferedAmount).toBeGreaterThan(SLOW.reader);
    // What is taken after all counts no more.
    const [taken, kept] = [Array.from({ length: SLOW.all / SLOW.reader }, stuck), stuck()];
    expect(kept.bufferedAmount).toBeLessThanOrEqual(SLOW.counted + 2 * frame.length);
    for (const held of taken) held.bufferedAmount = 0;
    expect(stuck().bufferedAmount).toBeGreaterThan(SLOW.reader);
  });

  it("is nobody where the runtime does not count", () => {
    const readers = new Readers(() => undefined);
    const held = new Held();
    held.bufferedAmount = undefined;
    for (let n = 0; n < 2 * (SLOW.reader / frame.length); n++) readers.send(held.socket, frame);
    expect(held.code).toBeUndefined();
  });
});
