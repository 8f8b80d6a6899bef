/**
 * Knows what is fetched when a view opens, whether it is there yet, and how it is fetched again.
 * Must not know what it is.
 */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { explain } from "../state/notice.ts";

interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: string;
  readonly again: () => Promise<void>;
}

export function useLoaded<Value>(fetchIt: () => Promise<Value>, keys: readonly unknown[]): Loaded<Value> {
  const value = useSignal<Value | undefined>(undefined);
  const error = useSignal("");
  const again = async (): Promise<void> => {
    try {
      value.value = await fetchIt();
      error.value = "";
    } catch (thrown) {
      error.value = explain(thrown);
    }
  };
  useEffect(() => void again(), keys);
  return { value: value.value, error: error.value, again };
}
