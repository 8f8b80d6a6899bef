/** People: who there is in an app, and one's own profile. Knows no transport. */

import { invalidFields, notFound } from "../core/errors.ts";
import type { AppId, UserId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Actor } from "../core/people.ts";
import { personOf } from "../core/people.ts";
import type { Directory, User, UserPatch } from "../core/ports.ts";
import { createExternalUsers } from "./external-users.ts";
import type { ServicePorts } from "./ports.ts";

/** How many users are read from the directory at once, where all are wanted. */
const USERS_AT_ONCE = 1_000;

export interface PresentUser {
  readonly user: User;
  readonly online: boolean;
}

/** The users of `app` that `ids` name, each once, in their order. @throws input.invalid naming, under `path`, those that are none */
export async function usersNamed(
  directory: Pick<Directory, "users">,
  app: AppId,
  ids: readonly UserId[],
  path: string,
): Promise<User[]> {
  const unique = [...new Set(ids)];
  const found = new Map((await directory.users.findMany(app, unique)).map((user) => [user.id, user]));
  const unknown = ids.flatMap((id, at) => (found.has(id) ? [] : [{ path: `${path}.${at}`, message: "is no user" }]));
  if (unknown.length > 0) throw invalidFields(unknown);
  return unique.flatMap((id) => found.get(id) ?? []);
}

export function createUsers({ directory, objects }: ServicePorts) {
  return {
    ...createExternalUsers({ directory, objects }),

    /** Stores what is new in `patch`, and tells every chat that they are in. @throws not_found */
    async update(actor: Actor, patch: UserPatch): Promise<User> {
      const user = await directory.users.update(actor.userId, patch);
      if (user === null) throw notFound("user");
      await objects.profileChanged(personOf(user));
      return user;
    },

    /** @throws not_found */
    async get(app: AppId, id: UserId): Promise<User> {
      const user = await directory.users.find(app, id);
      if (user === null) throw notFound("user");
      return user;
    },

    /** Those of `ids` that are no users of this app. */
    async unknown(app: AppId, ids: readonly UserId[]): Promise<UserId[]> {
      const known = new Set((await directory.users.findMany(app, ids)).map((user) => user.id));
      return ids.filter((id) => !known.has(id));
    },

    /** Users of the caller's app by username, from after `after` on, with who is online. */
    async search(
      actor: Actor,
      page: { query: string; after: string | null; limit: number },
    ): Promise<{ items: PresentUser[]; next: string | null }> {
      const found = await directory.users.search(actor.appId, { ...page, limit: page.limit + 1 });
      const shown = found.slice(0, page.limit);
      const online = await objects.online(
        actor.appId,
        shown.map((user) => user.id),
      );
      const next = found.length > page.limit ? (shown.at(-1)?.username ?? null) : null;
      return { items: shown.map((user) => ({ user, online: online.has(user.id) })), next };
    },

    /** One user of the caller's app; `lastSeen` (milliseconds since 1970) where nobody is connected. @throws not_found */
    async seen(actor: Actor, id: UserId): Promise<PresentUser & { readonly lastSeen: number | null }> {
      const user = await directory.users.find(actor.appId, id);
      if (user === null) throw notFound("user");
      const [online, lastSeen] = await Promise.all([objects.online(actor.appId, [id]), objects.lastSeen(id)]);
      return { user, online: online.has(id), lastSeen };
    },

    /** All other users of the caller's app by username (the first 10,000), with who is online. */
    async everyone(actor: Actor): Promise<PresentUser[]> {
      const users: User[] = [];
      for (let after: string | null = null; users.length < LIMITS.usersTold;) {
        const found: User[] = await directory.users.search(actor.appId, { query: "", after, limit: USERS_AT_ONCE });
        users.push(...found);
        after = found.at(-1)?.username ?? null;
        if (found.length < USERS_AT_ONCE) break;
      }
      const others = users.filter((user) => user.id !== actor.userId);
      const online = await objects.online(
        actor.appId,
        others.map((user) => user.id),
      );
      return others.map((user) => ({ user, online: online.has(user.id) }));
    },

    /** The user of the caller's app with this username, without regard to case. */
    named: (actor: Actor, username: string): Promise<User | null> =>
      directory.users.findByUsername(actor.appId, username),

    /** `watcher` is a connection that hears of the user's presence from now on. @throws not_found */
    async watch(actor: Actor, user: UserId, watcher: string): Promise<boolean> {
      if ((await directory.users.find(actor.appId, user)) === null) throw notFound("user");
      return objects.watch(user, watcher);
    },

    async unwatch(user: UserId, watcher: string): Promise<void> {
      await objects.unwatch(user, watcher);
    },
  };
}
