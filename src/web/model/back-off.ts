/**
 * Knows how long to wait before the next try.
 * Must not know what is tried.
 */

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/**
 * Milliseconds before try number `tries` + 1: doubled each time up to a limit, of which `chance` (0 to 1) decides one
 * half, so that all who lost the server at the same instant don't come back at the same instant.
 */
export const backOff = (tries: number, chance: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** tries) * (0.5 + chance / 2);
