/**
 * Knows how the browser keeps records for us in IndexedDB, and that it may refuse to: then nothing is kept.
 * Must not know what the records mean.
 */

const NAME = "parlance";
const VERSION = 1;

/** `outbox`: messages on their way, by client id. `seen`: what a user saw last, by user id. */
export type Store = "outbox" | "seen";

let opening: Promise<IDBDatabase | null> | undefined;
const forget = (): void => void (opening = undefined);

function open(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.addEventListener("upgradeneeded", () => {
        request.result.createObjectStore("outbox", { keyPath: "clientId" });
        request.result.createObjectStore("seen", { keyPath: "user" });
      });
      request.addEventListener("success", () => {
        // The browser may end it by itself; the next one who asks opens it again.
        request.result.addEventListener("close", forget);
        resolve(request.result);
      });
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
): Promise<{ readonly result: Result } | undefined> {
  const database = await open();
  if (database === null) return undefined;
  return new Promise((resolve) => {
    try {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.addEventListener("complete", () => resolve({ result: request.result }));
      transaction.addEventListener("abort", () => resolve(undefined));
      transaction.addEventListener("error", () => resolve(undefined));
      // At once, and not when its result is heard of: the page may be gone by then, and what is not committed with it.
      transaction.commit();
    } catch {
      // It was closed before anything said so.
      forget();
      resolve(undefined);
    }
  });
}

/** Undefined where that can't be told. */
export const all = async <Item>(store: Store): Promise<readonly Item[] | undefined> =>
  (await run(store, "readonly", (records) => records.getAll() as IDBRequest<Item[]>))?.result;
/** Null: there is none; undefined where that can't be told. */
export async function one<Item>(store: Store, key: string | number): Promise<Item | null | undefined> {
  const found = await run(store, "readonly", (records) => records.get(key) as IDBRequest<Item | undefined>);
  return found === undefined ? undefined : (found.result ?? null);
}
/** Whether it is kept. */
export const keep = async (store: Store, item: object): Promise<boolean> =>
  (await run(store, "readwrite", (records) => records.put(item))) !== undefined;
export async function remove(store: Store, key: string | number): Promise<void> {
  await run(store, "readwrite", (records) => records.delete(key));
}
