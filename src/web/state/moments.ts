/**
 * Knows what was told after which question, so that an answer which was on its way meanwhile does not undo it.
 * Must not know what is told.
 */

let now = 0;
const told = new Map<string, number>();

/** At which a question goes out. */
export const moment = (): number => now;

/** Something is told about `what`. */
export const noteTold = (what: string): void => void told.set(what, ++now);

export const wasToldSince = (what: string, asked: number): boolean => (told.get(what) ?? 0) > asked;

export const forgetMoments = (): void => told.clear();
