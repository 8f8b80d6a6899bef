/** An app with two people, in whatever time, whose operator may change how long messages are kept; for tests of that. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Tenant } from "./operators.ts";
import { operator, tenant } from "./operators.ts";
import type { Answer, Body, Person } from "./people.ts";
import { person } from "./people.ts";

export const DAY_MS = 86_400_000;

/** Does `work` so many days from now; tokens stand in the present alone. */
export async function after<T>(days: number, work: () => Promise<T>): Promise<T> {
  const then = vi.isFakeTimers() ? Date.now() : undefined;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
    if (then !== undefined) vi.useFakeTimers({ toFake: ["Date"], now: then });
  }
}

export interface Scene extends Tenant {
  readonly ann: Person;
  readonly bob: Person;
  readonly show: () => Promise<Body>;
  readonly change: (patch: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly remove: () => Promise<Answer>;
}

export async function scene(): Promise<Scene> {
  const by = await operator();
  const made = await tenant(by);
  const path = `/app/${made.app.id}`;
  const [ann, bob] = [await person("ann", made.app.id), await person("bob", made.app.id)];
  return {
    ...made,
    ann,
    bob,
    show: async () => (await by.get(path)).body,
    change: (patched, headers) => by.call("PATCH", path, patched, headers),
    remove: () => by.delete(path),
  };
}

export const lobby = (app: number) => env.LOBBY.getByName(`app:${app}`);

/** When the Lobby's alarm goes off next; null: it has none. */
export const alarmOf = (app: number): Promise<number | null> =>
  runInDurableObject(lobby(app), (_, { storage }) => storage.getAlarm());

/** Runs the Lobby's alarm as long as it has more to do: until it waits for the next day, or has none. */
export async function round(app: number): Promise<void> {
  for (let n = 0; n < 40; n++) {
    const due = await alarmOf(app);
    if (due === null || due > Date.now() + 60_000) return;
    // What is to be tried again in some seconds is tried in some seconds' time.
    if (due > Date.now()) await after((due - Date.now()) / DAY_MS, () => runDurableObjectAlarm(lobby(app)));
    else await runDurableObjectAlarm(lobby(app));
  }
  throw new Error("the round never came to its end");
}

/** The texts of a chat, the oldest first; null where a message is deleted. */
export const texts = async (who: Person, chat: number): Promise<(string | null)[]> =>
  (await who.get(`/v1/chats/${chat}/messages?limit=100`)).body.items.map((message: Body) => message.text).toReversed();
