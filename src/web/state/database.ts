/**
 * Knows how the browser keeps records for us in IndexedDB, and that it may refuse to: then nothing is kept.
 * Must not know what the records mean.
 */

const NAME = "parlance";
const VERSION = 1;

/** `outbox`: messages on their way, by client id. `seen`: what a user saw last, by user id. */
export type Store = "outbox" | "seen";

let opening: Promise<IDBDatabase | null> | undefined;

function open(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.addEventListener("upgradeneeded", () => {
        request.result.createObjectStore("outbox", { keyPath: "clientId" });
        request.result.createObjectStore("seen", { keyPath: "user" });
      });
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => resolve(null));
      request.addEventListener("blocked", () => resolve(null));
    } catch {
      resolve(null);
    }
  });
  return opening;
}

/** The result of one request, once it is written; undefined where the browser refuses. */
async function run<Result>(
  store: Store,
  mode: IDBTransactionMode,
  work: (records: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result | undefined> {
  const database = await open();
  if (database === null) return undefined;
  return new Promise((resolve) => {
    try {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.addEventListener("complete", () => resolve(request.result));
      transaction.addEventListener("abort", () => resolve(undefined));
      transaction.addEventListener("error", () => resolve(undefined));
    } catch {
      resolve(undefined);
    }
  });
}

export const all = async <Item>(store: Store): Promise<readonly Item[]> =>
  ((await run(store, "readonly", (records) => records.getAll())) as Item[] | undefined) ?? [];
export const one = async <Item>(store: Store, key: string | number): Promise<Item | undefined> =>
  (await run(store, "readonly", (records) => records.get(key))) as Item | undefined;
/** Whether it is kept. */
export const keep = async (store: Store, item: object): Promise<boolean> =>
  (await run(store, "readwrite", (records) => records.put(item))) !== undefined;
export async function remove(store: Store, key: string | number): Promise<void> {
  await run(store, "readwrite", (records) => records.delete(key));
}
