/** People: who there is in an app, and one's own profile. Knows no transport. */

import { notFound } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Actor, Person } from "../core/people.ts";
import type { User, UserPatch } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";

export interface PresentUser {
  readonly user: User;
  readonly online: boolean;
}

/** What others may see of a user. */
export function personOf(user: Person): Person {
  const { id, username, name, photo, email, firstName, lastName } = user;
  return { id, username, name, photo, email, firstName, lastName };
}

export function createUsers({ directory, objects }: ServicePorts) {
  return {
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
    async get(actor: Actor, id: UserId): Promise<PresentUser & { readonly lastSeen: number | null }> {
      const user = await directory.users.find(actor.appId, id);
      if (user === null) throw notFound("user");
      const [online, lastSeen] = await Promise.all([objects.online(actor.appId, [id]), objects.lastSeen(id)]);
      return { user, online: online.has(id), lastSeen };
    },

    /** @throws not_found */
    async update(actor: Actor, patch: UserPatch): Promise<User> {
      const user = await directory.users.update(actor.userId, patch);
      if (user === null) throw notFound("user");
      await objects.profileChanged(personOf(user));
      return user;
    },

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
