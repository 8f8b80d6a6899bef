// Which numbers there have been: a set, however they come, kept as few ranges.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heard } from "../../src/objects/gateway/heard.ts";

describe("what was heard", () => {
  it("is one range where numbers come in order, from wherever they begin", () => {
    const heard = new Heard();
    for (let n = 7; n < 100; n++) expect(heard.add(n)).toBe(true);
    expect(heard.ranges).toEqual([[7, 99]]);
    for (let n = 7; n < 100; n++) expect(heard.add(n)).toBe(false);
  });

  it("takes each number once, in any order, also after it was stored", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 25 })), (numbers) => {
        const seen = new Set<number>();
        let heard = new Heard();
        for (const n of numbers) {
          heard = new Heard(JSON.parse(JSON.stringify(heard.ranges)));
          expect(heard.add(n)).toBe(!seen.has(n));
          seen.add(n);
          const expected = Array.from({ length: 27 }, (_, at) => seen.has(at));
          expect(Array.from({ length: 27 }, (_, at) => heard.has(at))).toEqual(expected);
        }
        for (const [at, [from, to]] of heard.ranges.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect(from).toBeGreaterThan((heard.ranges[at - 1]?.[1] ?? -1) + 1);
        }
      }),
    );
  });

  it("forgets old holes where there are many, and takes nothing twice", () => {
    const heard = new Heard();
    for (let n = 1; n < 200; n += 2) heard.add(n);
    expect(heard.ranges.length).toBeLessThanOrEqual(16);
    for (let n = 1; n < 200; n += 2) expect(heard.add(n)).toBe(false);
    expect(heard.add(198)).toBe(true);
  });
});
