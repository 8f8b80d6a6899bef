/**
 * Knows how the browser keeps JSON for us, and that it may refuse to.
 * Must not know what is kept.
 */

export function load(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Null takes it away. */
export function save(storage: Storage, key: string, value: object | null): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or forbidden: the page works as long as it is open.
  }
}
