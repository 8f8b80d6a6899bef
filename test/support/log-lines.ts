/** The lines of the log, as objects and the Worker write them. */

import { vi } from "vitest";
import type { Body } from "./people.ts";

/** Those from now on, which are not printed, until mocks are restored. */
export function listen(): () => Body[] {
  const spy = vi.spyOn(console, "log").mockImplementation(() => undefined);
  return () => spy.mock.calls.map(([line]) => JSON.parse(String(line)));
}

export const faultsIn = (lines: readonly Body[]): Body[] => lines.filter(({ event }) => event === "fault");
