// Which stretch of a chat is in the page, for any chat and any way of scrolling through it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Span } from "../../src/web/model/span.ts";
import { around, follow, missing, MOST, newer, newest, older } from "../../src/web/model/span.ts";

const last = fc.integer({ min: 0, max: 100_000 });
const within = ({ from, to }: Span, end: number): boolean => from >= 1 && to <= end && to - from < MOST;

describe("the stretch of messages in the page", () => {
  it("begins at the end, or around a message, which is in it", () => {
    fc.assert(
      fc.property(last, fc.nat(), (end, at) => {
        expect(newest(end).to).toBe(end);
        expect(within(newest(end), end)).toBe(true);
        if (end === 0) return;
        const seq = 1 + (at % end);
        const span = around(seq, end);
        expect(within(span, end)).toBe(true);
        expect(span.from <= seq && seq <= span.to).toBe(true);
      }),
    );
  });

  it("stays short and within the chat while one scrolls, and never leaves out what borders on it", () => {
    fc.assert(
      fc.property(last, fc.array(fc.boolean(), { maxLength: 60 }), (end, ups) => {
        let span = newest(end);
        for (const up of ups) {
          const next = up ? older(span) : newer(span, end);
          expect(within(next, end)).toBe(true);
          if (end > 0) expect(next.from <= span.to + 1 && next.to >= span.from - 1).toBe(true);
          span = next;
        }
      }),
    );
  });

  it("gets to the first message and back to the newest", () => {
    let span = newest(100_000);
    let steps = 0;
    for (; span.from > 1; steps++) span = older(span);
    for (; span.to < 100_000; steps++) span = newer(span, 100_000);
    expect(steps).toBeLessThan(6_000);
  });

  it("follows what comes at its end, and leaves alone who reads further up", () => {
    expect(follow({ from: 1, to: 100 }, 100, 300, true)).toEqual({ from: 300 - MOST + 1, to: 300 });
    expect(follow({ from: 41, to: 100 }, 100, 101, false)).toEqual({ from: 41, to: 101 });
    expect(follow({ from: 1, to: 100 }, 200, 201, true)).toEqual({ from: 1, to: 100 });
    expect(follow({ from: 1, to: 300 }, 300, 301, false)).toEqual({ from: 1, to: 300 });
  });
});

describe("what is missing of a stretch", () => {
  it("is exactly what is not known, in pieces of at most a page", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 300 })), fc.integer({ min: 1, max: 100 }), (seqs, most) => {
        const known = new Set(seqs);
        const holes = missing({ from: 1, to: 300 }, (seq) => known.has(seq), most);
        const found = holes.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
        expect(found).toEqual(Array.from({ length: 300 }, (_, at) => at + 1).filter((seq) => !known.has(seq)));
        expect(holes.every(({ from, to }) => to - from < most)).toBe(true);
      }),
    );
  });
});
