/**
 * Gathers what arrives while a commit is in flight into the next one: idle, nothing waits; busy, many commands share one
 * write to the disk. Knows no command.
 */

/** As many are committed without waiting for more. */
const ENOUGH = 256;
/** With fewer than these in a turn, there is no more to wait for. */
const MANY = 16;

export interface GroupCommitPorts<Work> {
  /** Commits the first of these, in order and in one transaction; how many that were. */
  readonly commit: (works: readonly Work[]) => number | Promise<number>;
  /** Resolves once everything that was written is on the disk. */
  readonly written: () => Promise<void>;
}

export class GroupCommit<Work> {
  readonly #ports: GroupCommitPorts<Work>;
  #waiting: Work[] = [];
  #isUnderWay = false;
  /** Commands come faster than they are committed. */
  #isBusy = false;

  constructor(ports: GroupCommitPorts<Work>) {
    this.#ports = ports;
  }

  add(work: Work): void {
    this.#waiting.push(work);
    if (!this.#isUnderWay) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isUnderWay = true;
    // Those that came in one call are added one right after the other.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) {
        if (this.#isBusy) await this.#arrived();
        const works = this.#waiting;
        this.#waiting = [];
        const done = this.#ports.commit(works);
        const count = typeof done === "number" ? done : await done;
        if (count < works.length) this.#waiting = [...works.slice(count), ...this.#waiting];
        await this.#ports.written();
        this.#isBusy = works.length > 1 || this.#waiting.length > 0;
      }
    } finally {
      this.#isUnderWay = false;
    }
  }

  /**
   * A commit is over sooner than the frames that have come meanwhile are read, one by one: they are waited for as long as
   * many of them come. Nothing waits where nothing has come.
   */
  async #arrived(): Promise<void> {
    for (let had = -MANY; this.#waiting.length >= had + MANY && had < ENOUGH;) {
      had = this.#waiting.length;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}
