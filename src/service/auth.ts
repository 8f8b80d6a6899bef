/** Accounts and tokens: registering, logging in and out, and who a token speaks for. Knows no transport. */

import { createHash, randomUUID } from "node:crypto";
import { authInvalid, conflict, invalidFields, notFound } from "../core/errors.ts";
import type { FieldError } from "../core/errors.ts";
import { appId } from "../core/ids.ts";
import { Leases, leasesLapse } from "../core/leases.ts";
import { LIMITS, TOKEN } from "../core/limits.ts";
import { codePoints } from "../core/message.ts";
import type { Session } from "../core/people.ts";
import { ghostOf } from "../core/people.ts";
import type { App, NewUser, TokenUser, User } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";
import { isUsername } from "./usernames.ts";

/** A caller whose token stands. */
export interface Caller {
  readonly session: Session;
  readonly user: TokenUser;
}

export interface Registration extends Omit<NewUser, "passwordHash"> {
  readonly password: string;
}

const DEFAULT_APP = appId(1);

/** One policy for every dialect; the messages name what is wrong. */
function checkRegistration({ username, password }: Registration): void {
  const errors: FieldError[] = [];
  if (!isUsername(username)) {
    errors.push({ path: "username", message: `has 1 to ${LIMITS.username} letters, digits or _ . -` });
  }
  const length = codePoints(password);
  if (length < LIMITS.passwordMin || length > LIMITS.passwordMax) {
    errors.push({ path: "password", message: `has ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters` });
  }
  if (errors.length > 0) throw invalidFields(errors);
}

export function createAuth({ directory, objects, passwords, tokens, throttle, now }: ServicePorts) {
  const leases = new Leases(now);

  async function begin(user: User): Promise<{ token: string; user: User; session: Session }> {
    const session: Session = {
      appId: user.appId,
      userId: user.id,
      tokenId: randomUUID(),
      expiresAt: now() + TOKEN.lifeMs,
    };
    await directory.tokens.add(session);
    return { token: await tokens.sign(session), user, session };
  }

  return {
    /** The app that a request is for: by its UUID, else the default one. @throws not_found */
    async app(uuid: string | null): Promise<App> {
      const app = uuid === null ? await directory.apps.byId(DEFAULT_APP) : await directory.apps.byUuid(uuid);
      if (app === null) throw notFound("app");
      return app;
    },

    /**
     * The app whose secret key this is, or null. Looked up by its hash, so the time it takes says nothing of other keys; a
     * key is too long to be guessed.
     */
    appByKey: (key: string): Promise<App | null> =>
      directory.apps.byKeyHash(createHash("sha256").update(key).digest("hex")),

    /** @throws input.invalid, conflict where the username is taken */
    async register(app: App, registration: Registration): Promise<{ token: string; user: User; session: Session }> {
      checkRegistration(registration);
      // Hashing is the dear part: a name that is taken is refused before it.
      if ((await directory.users.findByUsername(app.id, registration.username)) !== null) {
        throw conflict("This username is taken.", "username");
      }
      const { password, ...rest } = registration;
      const user = await directory.users.create(app.id, { ...rest, passwordHash: await passwords.hash(password) });
      await objects.announce(app.id, { type: "user.joined", userId: user.id, username: user.username });
      return begin(user);
    },

    /** `address`: where the try comes from. @throws auth.invalid, rate.limited */
    async login(
      app: App,
      login: string,
      password: string,
      address: string,
    ): Promise<{ token: string; user: User; session: Session }> {
      await throttle.take(app.id, login, address);
      const known = await directory.users.credential(app.id, login);
      // An unknown name takes as long as a wrong password, so the two can't be told apart.
      const { fits, stale } = await passwords.verify(password, known?.hash ?? null);
      if (known === null || !fits) throw authInvalid("The username or the password is wrong.");
      await throttle.succeeded(app.id, login, address);
      if (stale) await directory.users.setPassword(known.user.id, await passwords.hash(password));
      return begin(known.user);
    },

    /**
     * What `token` says by its signature alone: whether it still stands is for the user's Inbox to see, which each
     * connection is entered in. @throws auth.invalid
     */
    async signed(token: string): Promise<Session> {
      const session = await tokens.verify(token);
      if (session === null) throw authInvalid();
      return session;
    },

    /** Whose `token` this is, where the directory said so a moment ago; else `authenticate` has to be asked. */
    recent: (token: string): Session | undefined => leases.get(token),

    /** Who `token` speaks for; one query of the directory. @throws auth.invalid */
    async authenticate(token: string): Promise<Caller> {
      const session = await tokens.verify(token);
      const askedAt = now();
      const user = session === null ? null : await directory.tokens.user(session.tokenId);
      if (session === null || user === null || user.id !== session.userId || user.appId !== session.appId) {
        throw authInvalid();
      }
      leases.add(token, session, askedAt);
      return { session, user };
    },

    /** The token is dead at once, and so are the sockets that it opened. */
    async logout(session: Session): Promise<void> {
      // If this is cut off in between, the token still stands, and can be ended once more.
      await objects.endSessions(session);
      await directory.tokens.end(session.tokenId);
      await leasesLapse();
    },

    /** All tokens of the caller are dead at once, this one too, and so are the sockets that they opened. */
    async logoutEverywhere(session: Session): Promise<void> {
      await objects.endAllSessions(session.userId);
      await leasesLapse();
    },

    /** The account is gone; its messages stay, as those of a deleted user. */
    async erase({ user }: Caller): Promise<void> {
      await objects.eraseUser({ appId: user.appId, userId: user.id }, ghostOf(user.id, now()));
      await objects.announce(user.appId, { type: "user.left", userId: user.id, username: user.username });
      await leasesLapse();
    },
  };
}
