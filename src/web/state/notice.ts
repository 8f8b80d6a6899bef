/**
 * Knows the one thing that went wrong, or was done, of which the page has to tell just now.
 * Must not know what it was about.
 */

import { signal } from "@preact/signals";
import { Problem } from "../api/http.ts";
import { TEXT } from "../text.ts";

const LASTS_MS = 6_000;

export const notice = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  clearTimeout(timer);
  notice.value = text;
  if (text !== "") timer = setTimeout(() => (notice.value = ""), LASTS_MS);
}

/** What to tell somebody about a failure. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return TEXT.offline;
  const [field] = Object.values(error.fields);
  return error.detail || field || TEXT.failed;
}

/** Does `work`, and says why it did not work. Whether it did. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    say(explain(error));
    return false;
  }
}
