/**
 * Users whom a tenant brings: registered with the tokens that the tenant's own system issues, and let in by them. Knows no
 * transport; whether the caller may speak for the app is checked before.
 */

import { authInvalid, invalid, notFound } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { leasesLapse } from "../core/leases.ts";
import { LIMITS, TOKEN } from "../core/limits.ts";
import type { RegisteredToken, TenantClaims } from "../core/operators.ts";
import { ghostOf } from "../core/people.ts";
import type { App, TokenUser, User } from "../core/ports.ts";
import type { Caller, createAuth } from "./auth.ts";
import type { ExternalUser } from "./external-users.ts";
import { createExternalUsers } from "./external-users.ts";
import { hashOf } from "./keys.ts";
import type { ServicePorts } from "./ports.ts";

export function createTenants(ports: ServicePorts, auth: Pick<ReturnType<typeof createAuth>, "authenticate">) {
  const { directory, objects, tenantSystems, tokens, now } = ports;
  const external = createExternalUsers(ports);

  function callerOf(user: TokenUser, tokenId: string, expiresAt: number): Caller {
    return { user, session: { appId: user.appId, userId: user.id, tokenId, expiresAt } };
  }

  /** By a registered token. @throws auth.invalid where the tenant does not stand by it */
  async function byRegistered(registered: RegisteredToken, token: string): Promise<Caller> {
    const { user, app, tokenId, verifiedUntil } = registered;
    const caller = (expiresAt: number): Caller => callerOf(user, tokenId, Math.min(expiresAt, now() + TOKEN.lifeMs));
    if (app.verifyUrl !== null) {
      if (verifiedUntil > now()) return caller(Infinity);
      if (!(await tenantSystems.confirms(app.verifyUrl, token))) throw authInvalid();
      await directory.tenantTokens.verified(registered, app.verifyUrl, now() + TOKEN.verifiedMs);
      return caller(Infinity);
    }
    if (app.jwksUrl === null || tenantSystems.audiencesOf(token) === null) return caller(Infinity);
    // Registered or not, a JWT ends when it says so.
    const claims = await tenantSystems.claimsOf(app.jwksUrl, token);
    if (claims === null || claims.subject !== user.externalId) throw authInvalid();
    return caller(claims.expiresAt);
  }

  /** The app that an unregistered JWT is for: the one that was named, else one that its audience names. */
  async function appOfJwt(audiences: readonly string[], named: string | null): Promise<string | null> {
    const uuids = audiences.map((one) => one.toLowerCase()).filter((one) => UUID.test(one));
    if (named !== null && (uuids.length === 0 || uuids.includes(named))) return named;
    for (const uuid of uuids.slice(0, MOST_AUDIENCES)) {
      const isApp = (await directory.apps.byUuid(uuid)) !== null;
      // A token for one of our apps is never one for another; an audience that is no app says nothing.
      if (isApp) return named === null ? uuid : null;
    }
    return named;
  }

  /** By a JWT that the keys of an app's tenant signed: its user is made when first seen. @throws auth.invalid */
  async function byJwt(token: string, audiences: readonly string[], named: string | null): Promise<Caller> {
    const uuid = await appOfJwt(audiences, named);
    const app = uuid === null ? null : await directory.appRecords.find(uuid);
    const claims = app?.jwksUrl == null ? null : await tenantSystems.claimsOf(app.jwksUrl, token);
    if (app === null || claims === null) throw authInvalid();
    const user = await external.ensure(app.id, userOf(claims));
    const tokenId = `jwt:${hashOf(`${app.id}:${token}`)}`;
    const expiresAt = Math.min(claims.expiresAt, now() + TOKEN.lifeMs);
    return callerOf({ ...user, readBeforeSend: app.readBeforeSend }, tokenId, expiresAt);
  }

  return {
    /**
     * Who a token speaks for: one of ours, one that a tenant registered (found by its SHA-256), or a tenant's JWT.
     * `app`: the app's UUID, where the client names it. It is needed for a JWT whose audience is not the app, and where two
     * apps have registered the same token; a token of another app is refused.
     * @throws auth.invalid
     */
    async authenticate(token: string, app: string | null): Promise<Caller> {
      if (token === "" || token.length > LIMITS.tenantToken) throw authInvalid();
      const named = app === null || app === "" ? null : app.toLowerCase();
      if ((await tokens.verify(token)) !== null) {
        const caller = await auth.authenticate(token);
        if (named !== null && (await directory.apps.byUuid(named))?.id !== caller.user.appId) throw authInvalid();
        return caller;
      }
      const found = await directory.tenantTokens.find(hashOf(token));
      const fitting = named === null ? found : found.filter((one) => one.app.uuid === named);
      const [registered, ambiguous] = fitting;
      if (ambiguous !== undefined) throw authInvalid();
      if (registered !== undefined) return byRegistered(registered, token);
      const audiences = tenantSystems.audiencesOf(token);
      if (audiences === null) throw authInvalid();
      return byJwt(token, audiences, named);
    },

    /**
     * The user of that id in the tenant's system: made or brought up to date, with `token` as the one that lets them in from
     * now on. Connections that the token before had opened are closed. `token` null: what was registered stays.
     * @throws conflict where the token is another user's, input.invalid, not_found where the app is gone
     */
    async register(app: App, user: ExternalUser, token: string | null): Promise<User> {
      if (token !== null && (token === "" || token.length > LIMITS.tenantToken))
        throw invalid("token", `has 1 to ${LIMITS.tenantToken} characters`);
      const ensured = await external.ensure(app.id, user);
      if (token !== null) await registerToken(ensured, hashOf(token));
      return ensured;
    },

    /** @throws not_found where the app has no such user */
    async remove(app: App, id: UserId): Promise<void> {
      const user = await directory.users.find(app.id, id);
      if (user === null) throw notFound("user");
      await objects.eraseUser({ appId: app.id, userId: id }, ghostOf(id, now()));
      await objects.announce(app.id, { type: "user.left", userId: id, username: user.username });
      await leasesLapse();
    },

    /** The app's users by username, from after `after` on. */
    list: (app: App, page: { after: string | null; limit: number }): Promise<User[]> =>
      directory.users.search(app.id, { query: "", ...page }),

    /** The user of that id, of whatever app. */
    find: (id: UserId): Promise<User | null> => directory.users.findAnywhere(id),

    /** The users of these ids in the tenant's system, in their order; `unknown`: those that are none. */
    async named(app: App, externalIds: readonly string[]): Promise<{ users: User[]; unknown: string[] }> {
      const unique = [...new Set(externalIds)];
      const users = await directory.users.findByExternalIds(app.id, unique);
      const byId = new Map(users.map((user) => [user.externalId, user]));
      return {
        users: unique.flatMap((id) => byId.get(id) ?? []),
        unknown: unique.filter((id) => !byId.has(id)),
      };
    },
  };

  async function registerToken({ id, appId }: User, hash: string): Promise<void> {
    const ending = await directory.tenantTokens.register({ appId, userId: id }, hash);
    if (ending.length === 0) return;
    const expiresAt = now() + TOKEN.lifeMs;
    for (const tokenId of ending) await objects.endSessions({ appId, userId: id, tokenId, expiresAt });
    await directory.tenantTokens.ended(id, ending);
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Audiences of a JWT that are looked up. */
const MOST_AUDIENCES = 5;

/** Names that a JWT does not bear stay as they are. */
function userOf({ subject, firstName, middleName, lastName }: TenantClaims): ExternalUser {
  return {
    externalId: subject,
    firstName: firstName ?? undefined,
    middleName: middleName ?? undefined,
    lastName: lastName ?? undefined,
  };
}
