import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Log, ReadState } from "../../src/core/read-state.ts";
import { isRead, readOne, readUpTo } from "../../src/core/read-state.ts";

type Step =
  | { readonly do: "send"; readonly own: boolean }
  | { readonly do: "one" | "upTo" | "delete"; readonly at: number };

const at = fc.integer({ min: 0, max: 25 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), own: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("one" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("upTo" as const, "delete" as const), at }) },
);

/** What the reader has read, as a plain set, beside the state under test. */
class Model implements Log {
  readonly #messages: { own: boolean; deleted: boolean }[] = [];
  readonly read = new Set<number>();
  state: ReadState = { upTo: 0, singles: [] };

  get last(): number {
    return this.#messages.length;
  }

  needsReading(seq: number): boolean {
    const message = this.#messages[seq - 1];
    return message !== undefined && !message.own && !message.deleted;
  }

  get unread(): number[] {
    return this.#messages.flatMap((_, index) => {
      const seq = index + 1;
      return this.needsReading(seq) && !this.read.has(seq) ? [seq] : [];
    });
  }

  /** Does a step to both, and says what the state says has changed and what the model says. */
  take(one: Step): { changed: readonly number[]; expected: number[] } {
    switch (one.do) {
      case "send":
        this.#messages.push({ own: one.own, deleted: false });
        return { changed: [], expected: [] };
      case "delete": {
        const message = this.#messages[one.at - 1];
        if (message !== undefined) message.deleted = true;
        // A chat forgets single reads of what is deleted.
        this.state = { ...this.state, singles: this.state.singles.filter((seq) => seq !== one.at) };
        return { changed: [], expected: [] };
      }
      case "one":
      case "upTo": {
        const expected = this.unread.filter((seq) => (one.do === "one" ? seq === one.at : seq <= one.at));
        for (const seq of expected) this.read.add(seq);
        const { state, changed } = (one.do === "one" ? readOne : readUpTo)(this.state, one.at, this);
        this.state = state;
        return { changed, expected };
      }
    }
  }
}

/** As a chat counts: what needs reading beyond the pointer, without what was read alone. */
function unreadCount({ upTo, singles }: ReadState, log: Log): number {
  let count = 0;
  for (let at = upTo + 1; at <= log.last; at++) if (log.needsReading(at)) count++;
  return count - singles.length;
}

const run = (steps: readonly Step[], check: (model: Model, told: ReturnType<Model["take"]>) => void): void => {
  const model = new Model();
  for (const one of steps) check(model, model.take(one));
};
const steps = fc.array(step, { maxLength: 40 });

describe("read state, against a plain set of what was read", () => {
  it("counts exactly the unread messages, whatever was sent, read and deleted in whatever order", () => {
    fc.assert(
      fc.property(steps, (all) =>
        run(all, (model) => expect(unreadCount(model.state, model)).toBe(model.unread.length)),
      ),
      { numRuns: 500 },
    );
  });

  it("says which messages a read has changed: those that were unread before, each once, ascending", () => {
    fc.assert(
      fc.property(steps, (all) => run(all, (_, { changed, expected }) => expect(changed).toEqual(expected))),
      { numRuns: 500 },
    );
  });

  it("knows of every message that needs reading whether it was read", () => {
    fc.assert(
      fc.property(steps, (all) =>
        run(all, (model) => {
          const open = Array.from({ length: model.last }, (_, index) => index + 1).filter((seq) =>
            model.needsReading(seq),
          );
          expect(open.filter((seq) => isRead(model.state, seq))).toEqual(open.filter((seq) => model.read.has(seq)));
        }),
      ),
      { numRuns: 500 },
    );
  });

  it("the pointer never goes back nor past the last message, and the single reads beyond it are ascending and unread-worthy", () => {
    fc.assert(
      fc.property(steps, (all) => {
        let before = 0;
        run(all, ({ state, last }) => {
          expect(state.upTo).toBeGreaterThanOrEqual(before);
          expect(state.upTo).toBeLessThanOrEqual(last);
          expect(state.singles).toEqual([...new Set(state.singles)].toSorted((a, b) => a - b));
          for (const seq of state.singles) expect(seq > state.upTo && seq <= last).toBe(true);
          before = state.upTo;
        });
      }),
      { numRuns: 500 },
    );
  });

  it("after a read the pointer stands before the first unread message, so that nothing is kept twice", () => {
    fc.assert(
      fc.property(steps, (all) =>
        run(all, (model, { changed }) => {
          if (changed.length === 0) return;
          expect(model.state.upTo).toBe((model.unread[0] ?? model.last + 1) - 1);
        }),
      ),
      { numRuns: 500 },
    );
  });

  it("reading what is read, or what was never sent, changes nothing", () => {
    fc.assert(
      fc.property(steps, at, (all, seq) => {
        const model = new Model();
        for (const one of all) model.take(one);
        model.take({ do: "upTo", at: seq });
        expect(readUpTo(model.state, seq, model).changed).toEqual([]);
        expect(readOne(model.state, seq, model)).toEqual({ state: model.state, changed: [] });
        expect(readOne(model.state, model.last + 1, model)).toEqual({ state: model.state, changed: [] });
      }),
    );
  });

  it("reading message 2 of 3 leaves 1 and 3 unread", () => {
    const log = { last: 3, needsReading: () => true };
    const { state, changed } = readOne({ upTo: 0, singles: [] }, 2, log);
    expect(changed).toEqual([2]);
    expect([1, 2, 3].map((seq) => isRead(state, seq))).toEqual([false, true, false]);
    expect(unreadCount(state, log)).toBe(2);
  });
});
