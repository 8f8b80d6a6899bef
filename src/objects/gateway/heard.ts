/** Which numbers of a sequence there have been. Pure. */

export type Range = readonly [from: number, to: number];

/** So many ranges are kept apart; of more, the oldest are taken for one: what is missing there comes no more. */
const MOST_RANGES = 16;

/** A set of numbers that come nearly in order: ascending ranges that do not touch. */
export class Heard {
  #ranges: Range[];

  constructor(ranges: readonly Range[] = []) {
    this.#ranges = [...ranges];
  }

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  has(n: number): boolean {
    return this.#ranges.some(([from, to]) => from <= n && n <= to);
  }

  /** False where it was there already. */
  add(n: number): boolean {
    if (this.has(n)) return false;
    const before = this.#ranges.filter(([, to]) => to < n);
    const after = this.#ranges.slice(before.length);
    const [left, right] = [before.at(-1), after[0]];
    const joinsLeft = left !== undefined && left[1] === n - 1;
    const joinsRight = right !== undefined && right[0] === n + 1;
    const range: Range = [joinsLeft ? left[0] : n, joinsRight ? right[1] : n];
    this.#ranges = [...(joinsLeft ? before.slice(0, -1) : before), range, ...(joinsRight ? after.slice(1) : after)];
    const [first, second] = this.#ranges;
    if (this.#ranges.length > MOST_RANGES && first !== undefined && second !== undefined)
      this.#ranges.splice(0, 2, [first[0], second[1]]);
    return true;
  }
}
