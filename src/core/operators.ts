/**
 * Operators, who run apps, and what they and their tenants need from outside. Shapes only; the adapters (`directory/`,
 * `auth/`) implement them.
 */

import type { AppId, ChatId, UserId } from "./ids.ts";
import type { App, TokenUser } from "./ports.ts";

/** `admin`: registers operators and may act on every app. Without it an operator has their own apps. */
export const SCOPES = ["admin"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Operator {
  readonly id: number;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly scopes: readonly Scope[];
}

/** An operator with what their login is checked against. */
export interface OperatorRecord extends Operator {
  readonly passwordHash: string;
  /** The environment names them, and has their password. */
  readonly ofEnvironment: boolean;
}

export interface NewOperator {
  readonly email: string;
  readonly passwordHash: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly scopes: readonly Scope[];
}

export interface Operators {
  find(id: number): Promise<OperatorRecord | null>;
  /** Without regard to case. */
  findByEmail(email: string): Promise<OperatorRecord | null>;
  /** @throws conflict where the address is taken */
  create(operator: NewOperator): Promise<OperatorRecord>;
  /** The admin that the environment names: found or made, the same one for all who ask at once. */
  ofEnvironment(email: string): Promise<OperatorRecord>;
  setPassword(id: number, hash: string): Promise<void>;
}

/** An app as its operator sees it. */
export interface AppRecord extends App {
  /** Asked, with `?token=`, whether a registered token is valid. */
  readonly verifyUrl: string | null;
  /** Where the keys are that the tenant signs its users' JWTs with. */
  readonly jwksUrl: string | null;
  readonly readBeforeSend: boolean;
  /** Messages are deleted after so many days; null: they are kept. */
  readonly retentionDays: number | null;
  /** Whether it has a secret key; the default app has none at first. */
  readonly hasKey: boolean;
  /** The operator's id; null: the default app's, or one whose operator is gone. */
  readonly owner: number | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface NewApp {
  readonly uuid: string;
  readonly name: string;
  /** SHA-256 of its secret key, in lower-case hex. */
  readonly keyHash: string;
  readonly verifyUrl: string | null;
  readonly jwksUrl: string | null;
  readonly owner: number;
}

export interface AppPatch {
  readonly name?: string | undefined;
  readonly verifyUrl?: string | null | undefined;
  readonly jwksUrl?: string | null | undefined;
  readonly open?: boolean | undefined;
  readonly readBeforeSend?: boolean | undefined;
  readonly retentionDays?: number | null | undefined;
}

/** The apps as operators manage them. None of these finds an app that is being deleted. */
export interface AppRecords {
  create(app: NewApp): Promise<AppRecord>;
  find(app: AppId | string): Promise<AppRecord | null>;
  /** Those of `owner`, and with `unowned` those of nobody; with null for an owner all. By id. */
  list(owner: number | null, unowned: boolean): Promise<AppRecord[]>;
  update(app: AppId, patch: AppPatch): Promise<AppRecord | null>;
  setKey(app: AppId, keyHash: string): Promise<boolean>;
  counts(app: AppId): Promise<{ users: number; chats: number }>;
  /** The next chats of an app by id, from after `after` on. */
  chatsAfter(app: AppId, after: number, limit: number): Promise<ChatId[]>;
}

/** What is left of an app that is being deleted, page by page. */
export interface AppErasure {
  /** From now on nothing finds the app, and none of its tokens stands. Done twice it is harmless. */
  begin(app: AppId): Promise<void>;
  /** At most 100 of its chats. */
  chats(app: AppId): Promise<number[]>;
  /** At most 100 of its users, accounts that are gone included. */
  users(app: AppId): Promise<UserId[]>;
  /** Everything that the directory has of these users. */
  forgetUsers(users: readonly UserId[]): Promise<void>;
  /** The app's own row. False: there are users or chats of it still, or again. */
  forgetApp(app: AppId): Promise<boolean>;
}

/** A tenant's user with the token that was registered for them. */
export interface RegisteredToken {
  readonly user: TokenUser;
  readonly app: Pick<AppRecord, "uuid" | "verifyUrl" | "jwksUrl">;
  readonly tokenId: string;
  /** Milliseconds since 1970. */
  readonly verifiedUntil: number;
}

export interface TenantTokens {
  /**
   * The user's one token from now on; registered again as it is, it stays the same one.
   * @returns ids of replaced tokens whose connections have yet to be closed
   * @throws conflict where it is another user's of the same app, not_found where the account is gone
   */
  register(user: { appId: AppId; userId: UserId }, hash: string): Promise<string[]>;
  /** The connections of these replaced tokens are closed. */
  ended(user: UserId, tokenIds: readonly string[]): Promise<void>;
  /** Those with this hash, each of another app. */
  find(hash: string): Promise<RegisteredToken[]>;
  /** The tenant's URL, as it was when it was asked, said that this token is valid. */
  verified(token: RegisteredToken, verifyUrl: string, until: number): Promise<void>;
}

/** Signs and reads the tokens of operators, which are none of users'. */
export interface OperatorTokens {
  /** `credential`: what the login was checked against; the token is worth nothing once that has changed. `expiresAt`: milliseconds since 1970. */
  sign(operator: number, credential: string, expiresAt: number): Promise<string>;
  /** Who a token of ours names, and whether it was made with a credential; null: it is none, or has expired. */
  verify(token: string): Promise<{ operator: number; madeWith(credential: string): Promise<boolean> } | null>;
}

/** What a tenant's own JWT says, once its signature was checked. */
export interface TenantClaims {
  /** The tenant's id of the user. */
  readonly subject: string;
  readonly firstName: string | null;
  readonly middleName: string | null;
  readonly lastName: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Asks tenants' own systems. Neither throws: what can't be had is a no. */
export interface TenantSystems {
  /** Why an address may not be asked, e.g. `is not https`; null: it may. */
  refusalOf(url: string): string | null;
  /** Whether the tenant's URL says that `token` is valid. */
  confirms(verifyUrl: string, token: string): Promise<boolean>;
  /** The audiences that a JWT names, unchecked; null: it is no JWT. */
  audiencesOf(token: string): string[] | null;
  /** What a JWT says, if the keys at `jwksUrl` signed it and it has not expired. */
  claimsOf(jwksUrl: string, token: string): Promise<TenantClaims | null>;
}

/** What the directory keeps for operators and tenants. */
export interface OperatorDirectory {
  readonly operators: Operators;
  readonly appRecords: AppRecords;
  readonly appErasure: AppErasure;
  readonly tenantTokens: TenantTokens;
}
