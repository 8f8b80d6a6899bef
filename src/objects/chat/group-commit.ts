/**
 * Gathers what arrives while a commit is in flight into the next one: idle, nothing waits; busy, many commands share one
 * write to the disk. Knows no command.
 */

export interface GroupCommitPorts<Work> {
  /** Commits the first of these, in order and in one transaction; how many that were. */
  readonly commit: (works: readonly Work[]) => number | Promise<number>;
  /** Resolves once everything that was written is on the disk. */
  readonly written: () => Promise<void>;
  readonly waitUntil: (work: Promise<void>) => void;
}

export class GroupCommit<Work> {
  readonly #ports: GroupCommitPorts<Work>;
  #waiting: Work[] = [];
  #isUnderWay = false;

  constructor(ports: GroupCommitPorts<Work>) {
    this.#ports = ports;
  }

  add(work: Work): void {
    this.#waiting.push(work);
    if (!this.#isUnderWay) this.#ports.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    this.#isUnderWay = true;
    try {
      while (this.#waiting.length > 0) {
        const works = this.#waiting;
        this.#waiting = [];
        const done = this.#ports.commit(works);
        const count = typeof done === "number" ? done : await done;
        if (count < works.length) this.#waiting = [...works.slice(count), ...this.#waiting];
        await this.#ports.written();
      }
    } finally {
      this.#isUnderWay = false;
    }
  }
}
