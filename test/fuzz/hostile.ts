/** Values and texts that nobody asked for. Knows nothing of the shapes that are expected. */

import * as fc from "fast-check";
import type { Random } from "./random.ts";

/** Arbitrary JSON and strings as fast-check makes them: once for each run, since each case only chooses. */
export interface Pools {
  readonly json: readonly unknown[];
  readonly strings: readonly string[];
}

export function poolsOf(seed: number): Pools {
  const of = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { seed, numRuns: 2_000 });
  const key = fc.constantFrom("__proto__", "constructor", "toString", "id", "text", "length", "then", "toJSON", "");
  const nested = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 2 }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const strings = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.string({ unit: "grapheme", maxLength: 60 }));
  return { json: of(nested), strings: of(strings) };
}

const TEXTS = [
  "", " ", "0", "-1", "1e3", "1.5", "NaN", "null", "true", "undefined", "[object Object]",
  "9007199254740993", "99999999999999999999999", "0x10", "٣", "\u0000", "a\u0000b", "\ud800", "x\udc00y",
  "\u202e\u2066", "\ufeff", "e\u0301".repeat(50), "💥", "👩‍👩‍👧‍👦", "__proto__", "constructor", "hasOwnProperty",
  "' OR 1=1 --", "'; DROP TABLE users; --", "\" UNION SELECT * FROM users", "%", "_%", "\\", "%00", "%F0%9F", "%2e%2e%2f",
  "../../etc/passwd", "..\\..", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "$where", "\r\nSet-Cookie: a=b",
  "data:image/png;base64,iVBORw0KGgo=", "data:,", "data:;base64,%%%", "http://169.254.169.254/latest", "file:///etc/passwd",
  "2024-02-30T00:00:00Z", "+275760-09-13T00:00:00.001Z", "0000-00-00 00:00:00", "Infinity", "-0",
  "a".repeat(129), "a".repeat(256), "a".repeat(10_000), "a".repeat(10_001), "💥".repeat(10_000), "\u0000".repeat(300),
]; // oxfmt-ignore

const NUMBERS = [
  0, -0, -1, 1, 0.5, 1.5, 255, 256, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21, 1e300, -1e300, 5e-324,
]; // oxfmt-ignore

const SHAPES: readonly unknown[] = [
  [],
  {},
  [[]],
  [null],
  [1, "1", null],
  { id: 1 },
  { length: 5 },
  { toString: 1 },
  { length: { toString: 1 } },
  { length: [[{ toString: "" }]] },
  { size: {} },
];

const deep = (depth: number): unknown => {
  let value: unknown = "x";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

export class Hostile {
  readonly #random: Random;
  readonly #pools: Pools;

  constructor(random: Random, pools: Pools) {
    this.#random = random;
    this.#pools = pools;
  }

  text(): string {
    return this.#random.of(this.#random.is(0.6) ? TEXTS : this.#pools.strings);
  }

  value(): unknown {
    const random = this.#random;
    return random.weighted<() => unknown>([
      [30, () => this.text()],
      [20, () => random.of(NUMBERS)],
      [10, () => random.of([null, true, false])],
      [10, () => random.of(SHAPES)],
      [25, () => random.of(this.#pools.json)],
      [2, () => Array.from({ length: 3_000 }, (_, index) => index)],
      [2, () => Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index]))],
      [1, () => deep(random.of([50, 500, 1_500]))],
    ])();
  }

  /** An object with one thing wrong: a field of another type, missing, unknown, or one that means something to JavaScript. */
  mutated(value: unknown): unknown {
    const random = this.#random;
    if (typeof value !== "object" || value === null) return this.value();
    const names = Object.keys(value);
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    const [name] = names.length === 0 ? [undefined] : [random.of(names)];
    switch (random.below(6)) {
      case 0:
        if (name !== undefined) Reflect.deleteProperty(copy, name);
        return copy;
      case 1:
        copy[random.of(["x", "constructor", "toString", "id", "user", "app", "role"])] = this.value();
        return copy;
      case 2:
        Object.defineProperty(copy, "__proto__", { value: this.value(), enumerable: true });
        return copy;
      case 3:
        return name === undefined || Array.isArray(value) ? [value] : { ...copy, [name]: this.mutated(copy[name]) };
      default:
        if (name !== undefined) copy[name] = this.value();
        return copy;
    }
  }

  /** JSON of the value, or something that only begins like it. */
  json(value: unknown): string {
    const random = this.#random;
    const text = JSON.stringify(value) ?? "";
    if (!random.is(0.12)) return text;
    switch (random.below(9)) {
      case 0:
        return text.slice(0, random.below(text.length + 1));
      case 1:
        return text + random.of(["}", "]", "\u0000", ",", text]);
      case 2: // the same name twice
        return text.replace(/^\{("[^"]*":)/, (all, name: string) => `{${name}null,${all.slice(1)}`);
      case 3:
        return text.replace(/[^"\\]"/, (end) => end.replace('"', '\\ud800"'));
      case 4:
        return `\ufeff${text}`;
      case 5:
        return text.replace(/:/, ':1e999,"x":');
      case 6:
        return "[".repeat(random.of([10, 1_000, 20_000]));
      case 7:
        return random.of(["", " ", "NaN", "undefined", "'x'", "{a:1}", "1e400", "-", '"', "{", "null", "0"]);
      default:
        return this.bytes(text).toString("latin1");
    }
  }

  /** A few bytes are others. */
  bytes(text: string): Buffer {
    const bytes = Buffer.from(text);
    for (let flips = this.#random.below(4); flips >= 0 && bytes.length > 0; flips--) {
      bytes[this.#random.below(bytes.length)] = this.#random.below(256);
    }
    return bytes;
  }
}
