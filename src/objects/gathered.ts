/** Rows of things that happen at the same time, written together: each alone would wait for the disk by itself. Knows no table. */

export class Gathered<Row> {
  readonly #write: (rows: readonly Row[]) => void;
  readonly #coming: () => number;
  #waiting: Row[] = [];
  #written: Promise<void> | undefined;

  /** `coming`: how many may be about to be added, those that wait included. One alone waits for nothing. */
  constructor(write: (rows: readonly Row[]) => void, coming: () => number) {
    this.#write = write;
    this.#coming = coming;
  }

  /** Resolves once the row is written; the runtime holds back what is said of it until it is on the disk. */
  add(row: Row): Promise<void> {
    this.#waiting.push(row);
    this.#written ??= this.#run();
    return this.#written;
  }

  async #run(): Promise<void> {
    // Not before it is noted that this is under way.
    await Promise.resolve();
    for (let had = 0; had < this.#waiting.length && this.#waiting.length < this.#coming();) {
      had = this.#waiting.length;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const rows = this.#waiting;
    this.#waiting = [];
    this.#written = undefined;
    this.#write(rows);
  }
}
