/**
 * Gathers what arrives while a commit is in flight into the next one: idle, nothing waits; busy, many commands share one
 * write to the disk. What changes nothing waits for no write. Knows no command.
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
  /** Does what was left until then. */
  readonly follow: () => void;
  /** It could not be written: what was committed last may not be there. These wait for the next commit, and get none. */
  readonly lost: (works: readonly Work[], thrown: unknown) => void;
}

export class GroupCommit<Work> {
  readonly #ports: GroupCommitPorts<Work>;
  #waiting: Work[] = [];
  #isUnderWay = false;
  /** The next ones are being committed; false while they are only written. */
  #isCommitting = false;
  /** Commands come faster than they are committed. */
  #isBusy = false;

  constructor(ports: GroupCommitPorts<Work>) {
    this.#ports = ports;
  }

  /** `changes` false: it only looks, and is done at once unless something that came before it is still to be committed. */
  add(work: Work, changes = true): void {
    if (!changes && this.#waiting.length === 0 && !this.#isCommitting) {
      void this.#ports.commit([work]);
      return;
    }
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
        this.#isCommitting = true;
        const done = this.#ports.commit(works);
        const count = typeof done === "number" ? done : await done;
        this.#isCommitting = false;
        if (count < works.length) this.#waiting = [...works.slice(count), ...this.#waiting];
        try {
          await this.#ports.written();
        } catch (thrown) {
          this.#ports.lost(this.#waiting.splice(0), thrown);
          continue;
        }
        this.#ports.follow();
        this.#isBusy = works.length > 1 || this.#waiting.length > 0;
      }
    } finally {
      this.#isCommitting = false;
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
