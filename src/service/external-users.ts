/**
 * Users whom another system knows by an id of its own: found or made, and their names brought up to date. Knows no
 * transport; whether the caller may speak for the app is checked before.
 */

import { conflict, ParlanceError } from "../core/errors.ts";
import type { AppId } from "../core/ids.ts";
import { personOf } from "../core/people.ts";
import type { NewUser, User, UserPatch } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";
import { usernamesLike } from "./usernames.ts";

/** What is `undefined` stays as it is. */
export interface ExternalUser extends UserPatch {
  readonly externalId: string;
}

const PATCHED = ["name", "photo", "firstName", "middleName", "lastName"] as const;

export function createExternalUsers({ directory, objects }: Pick<ServicePorts, "directory" | "objects">) {
  /** `user` as `wanted` has them; nothing is written where they are so already. */
  async function refresh(user: User, wanted: UserPatch): Promise<User> {
    const isSame = (field: (typeof PATCHED)[number]): boolean =>
      wanted[field] === undefined || wanted[field] === user[field];
    if (PATCHED.every(isSame)) return user;
    const { name, photo, firstName, middleName, lastName } = wanted;
    const updated = await directory.users.update(user.id, { name, photo, firstName, middleName, lastName });
    if (updated === null) return user;
    await objects.profileChanged(personOf(updated));
    return updated;
  }

  /** @throws conflict where somebody has this external id by now, not_found where the app is gone */
  async function create(app: AppId, user: NewUser): Promise<User> {
    for (const username of usernamesLike(user.externalId ?? "")) {
      try {
        const created = await directory.users.create(app, { ...user, username });
        await objects.announce(app, { type: "user.joined", userId: created.id, username: created.username });
        return created;
      } catch (thrown) {
        if (!(thrown instanceof ParlanceError) || thrown.failure.subject !== "username") throw thrown;
      }
    }
    throw conflict("No username could be made from this external id.", "username");
  }

  return {
    refresh,

    /** The user of that external id, as `user` has them: the same one for all who ask at once. @throws not_found where the app is gone */
    async ensure(app: AppId, user: ExternalUser): Promise<User> {
      const known = await directory.users.findByExternalId(app, user.externalId);
      if (known !== null) return refresh(known, user);
      try {
        return await create(app, { ...user, username: "" });
      } catch (thrown) {
        const made = await directory.users.findByExternalId(app, user.externalId);
        if (made === null) throw thrown;
        return refresh(made, user);
      }
    },
  };
}
