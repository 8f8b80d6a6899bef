/** Counts what objects do: rows written, alarms set, calls taken. Patches the classes in the tests' isolate; `stop` takes it back. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

export type Kind = "CHAT" | "INBOX" | "GATEWAY" | "LOBBY";

/** The methods by which other objects and the Worker call an object of this kind, sockets apart. */
export const CALLS = {
  CHAT: {
    execute: true,
    executeAll: true,
    readLog: true,
    open: true,
    isMember: true,
    attach: true,
    summary: true,
    settle: true,
    hear: true,
    subscribe: true,
    enter: true,
    expire: true,
    closeSockets: true,
    alive: true,
    personChanged: true,
    personErased: true,
    eraseWithApp: true,
  },
  INBOX: {
    deliver: true,
    written: true,
    addConnection: true,
    removeConnections: true,
    subscribe: true,
    list: true,
    unreadSum: true,
    watch: true,
    unwatch: true,
    online: true,
    lastSeen: true,
    endSessions: true,
    endAllSessions: true,
    sweepLater: true,
    profileChanged: true,
    erase: true,
    eraseWithApp: true,
  },
  GATEWAY: { deliver: true, news: true, closeConnections: true, closeApp: true, alive: true, ask: true },
  LOBBY: {
    count: true,
    figures: true,
    setOnline: true,
    online: true,
    allOnline: true,
    listen: true,
    announce: true,
    retain: true,
    closeApp: true,
    eraseApp: true,
  },
} as const;

type Method = (...args: unknown[]) => unknown;

/** The class of the object called `name`, as its methods; the object is there afterwards. */
async function methodsOf(kind: Kind, name: string): Promise<Record<string, Method>> {
  return runInDurableObject(
    env[kind].getByName(name),
    (instance) => Object.getPrototypeOf(instance) as Record<string, Method>,
  );
}

/** Replaces methods of a class until the returned function is called. `replace` gets the old method and makes the new one. */
export async function patch(
  kind: Kind,
  name: string,
  methods: readonly string[],
  replace: (old: Method, method: string) => Method,
): Promise<() => void> {
  const prototype = await methodsOf(kind, name);
  const undo: (() => void)[] = [];
  for (const method of methods) {
    const old = prototype[method];
    if (old === undefined) throw new Error(`${kind} has no method ${method}`);
    prototype[method] = replace(old, method);
    undo.push(() => {
      prototype[method] = old;
    });
  }
  return () => {
    for (const one of undo) one();
  };
}

/** Counts the calls that objects of these kinds take, by `KIND.method`. */
export async function countCalls(
  objects: readonly (readonly [Kind, string])[],
): Promise<{ calls: Map<string, number>; stop: () => void }> {
  const calls = new Map<string, number>();
  const stops: (() => void)[] = [];
  for (const [kind, name] of objects) {
    stops.push(
      await patch(kind, name, Object.keys(CALLS[kind]), (old, method) => {
        return function (this: unknown, ...args: unknown[]) {
          const key = `${kind}.${method}`;
          calls.set(key, (calls.get(key) ?? 0) + 1);
          return old.apply(this, args);
        };
      }),
    );
  }
  return {
    calls,
    stop: () => {
      for (const one of stops) one();
    },
  };
}

/** Counts the rows that the SQLite of a chat reads from now on. */
export async function countReads(chat: number): Promise<() => Promise<number>> {
  const object = env.CHAT.getByName(`chat:${chat}`);
  const cursors: { readonly rowsRead: number }[] = [];
  await runInDurableObject(object, (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql) as (query: string, ...bindings: unknown[]) => { readonly rowsRead: number };
    Object.assign(sql, {
      exec: (query: string, ...bindings: unknown[]) => {
        const cursor = exec(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      },
    });
  });
  return () => runInDurableObject(object, () => cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0));
}

/** Counts the rows that one object writes from now on, an alarm that is set being one. */
export async function countRows(kind: Kind, name: string): Promise<() => number> {
  return runInDurableObject(env[kind].getByName(name), (_, { storage }) => {
    const cursors: { readonly rowsWritten: number }[] = [];
    let alarms = 0;
    const { sql } = storage;
    const exec = sql.exec.bind(sql) as (query: string, ...bindings: unknown[]) => { readonly rowsWritten: number };
    Object.assign(sql, {
      exec: (query: string, ...bindings: unknown[]) => {
        const cursor = exec(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      },
    });
    const setAlarm = storage.setAlarm.bind(storage);
    Object.assign(storage, {
      setAlarm: (at: number) => {
        alarms++;
        return setAlarm(at);
      },
    });
    return () => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, alarms);
  });
}
