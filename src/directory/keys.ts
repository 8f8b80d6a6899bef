/**
 * The form in which names are compared: without regard to case and to how their characters are encoded.
 * Knows strings only, nothing of what they name.
 */

/** `name` in normal form (NFKC, lower case): two names are the same where this is. */
export function nameKey(name: string): string {
  // Lowering can undo the normal form (İ), and writes a sigma at the end of a word differently from one within it.
  return name.toWellFormed().normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

/** An upper bound of all keys that begin with `key`: U+10FFFF is no character, so nothing goes on with it. */
export const afterPrefix = (key: string): string => `${key}\u{10ffff}`;
