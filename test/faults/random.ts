// Random choices that a seed repeats. Knows nothing of what is chosen.

const ALPHABETS = ["abcdefghij klmno", "привет, мир ", "你好世界朋友", "שלום עולם ", "👋🏽🎉👩‍👩‍👧 ", "\"'\\\n\t<&>{}$ `;--"];

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to just under 1: mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True `share` of the time. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(all: readonly [T, ...T[]] | readonly T[]): T {
    const picked = all[Math.floor(this.next() * all.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  /** Whole characters of many scripts, that does not end in white space. */
  text(length: number): string {
    const letters = Array.from(this.pick(ALPHABETS));
    return `${Array.from({ length }, () => this.pick(letters)).join("")}.`;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.between(0, 255));
  }
}
