/** People: who there is in an app, and one's own profile. Knows no transport. */

import { invalidFields, notFound } from "../core/errors.ts";
import type { AppId, UserId } from "../core/ids.ts";
import type { Actor, Person } from "../core/people.ts";
import type { Directory, User, UserPatch } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";

export interface PresentUser {
  readonly user: User;
  readonly online: boolean;
}

/** What others may see of a user. */
export function personOf(user: Person): Person {
  const { id, username, name, photo, email, firstName, middleName, lastName } = user;
  const { externalId, createdAt, updatedAt, deletedAt } = user;
  return {
    id,
    username,
    name,
    photo,
    email,
    firstName,
    middleName,
    lastName,
    externalId,
    createdAt,
    updatedAt,
    deletedAt,
  };
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
