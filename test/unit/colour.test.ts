import * as fc from "fast-check";
import { expect, it } from "vitest";
import { userId } from "../../src/core/ids.ts";
import { colourOf } from "../../src/core/people.ts";

/** Relative luminance as in WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const contrastWithWhite = (hex: string): number => 1.05 / (luminance(hex) + 0.05);

it("every user has a colour, always the same, on which white letters are readable (4.5:1)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
      const colour = colourOf(userId(id));
      expect(colour).toMatch(/^#[0-9a-f]{6}$/);
      expect(colourOf(userId(id))).toBe(colour);
      expect(contrastWithWhite(colour)).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns: 1_000 },
  );
});

it("the first thousand users all have readable colours, and neighbours have different ones", () => {
  const colours = Array.from({ length: 1_000 }, (_, at) => colourOf(userId(at + 1)));
  expect(Math.min(...colours.map(contrastWithWhite))).toBeGreaterThanOrEqual(4.5);
  for (const [at, colour] of colours.entries()) expect(colour).not.toBe(colours[at + 1]);
});
