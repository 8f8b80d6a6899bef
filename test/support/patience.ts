/** How long tests wait for what has to come. Knows nothing of what that is. */

import { vi } from "vitest";

/** Longer than any hiccup of a machine that others use too: only a test that fails waits to the end. */
export const PATIENCE_MS = 20_000;

/** Waits until `check` throws no more. @throws what it threw last */
export const soon = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });
