/** Does `work` for each item, at most `atOnce` at the same time: what calls other objects must not call hundreds at once. */
export async function inBatches<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  atOnce = 16,
): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) await Promise.all(items.slice(at, at + atOnce).map(work));
}

/** The same, going on where it fails for one; what was thrown. */
export async function triedInBatches<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<unknown[]> {
  const faults: unknown[] = [];
  await inBatches(items, async (item) => {
    try {
      await work(item);
    } catch (fault) {
      faults.push(fault);
    }
  });
  return faults;
}
