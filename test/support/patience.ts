/** How long tests wait for what has to come. Knows nothing of what that is. */

import { vi } from "vitest";

/** Longer than any hiccup of a machine that others use too: only a test that fails waits to the end. */
export const PATIENCE_MS = 20_000;

/** Waits until `check` throws no more. @throws what it threw last */
export const soon = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });

const SILENCE_MS = 30;

/** Waits until `heard` has not changed for two looks in a row, where nothing tells when all has come. */
export async function silence(heard: () => number): Promise<void> {
  let last = -1;
  for (let quiet = 0; quiet < 2;) {
    const now = heard();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  }
}

/** Does `work` while no time passes: what fills up with time stays empty, however long the machine takes. */
export async function whileTimeStands<Result>(work: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}
