/** What something may be now: one thing, unless a change was cut off since it was last looked. Knows nothing of what it is. */
export class Possible<T> {
  #values: ReadonlySet<T>;

  constructor(value: T) {
    this.#values = new Set([value]);
  }

  /** What it is; undefined where it may be more than one thing. */
  get sure(): T | undefined {
    const [value] = this.#values;
    return this.#values.size === 1 ? value : undefined;
  }

  get all(): readonly T[] {
    return [...this.#values];
  }

  has(value: T): boolean {
    return this.#values.has(value);
  }

  /** Begins to change it; what comes back is called where that was acknowledged. */
  change(to: T): () => void {
    this.#values = new Set([...this.#values, to]);
    return () => {
      this.#values = new Set([to]);
    };
  }

  /** False where it may not be this. From then on it is. */
  settle(found: T): boolean {
    const isPossible = this.has(found);
    this.#values = new Set([found]);
    return isPossible;
  }
}
