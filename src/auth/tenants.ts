/**
 * What tenants' own systems say of their tokens: by a URL that is asked, or by the keys that they sign JWTs with. Knows how
 * a JWT is verified; knows no user and no app.
 */

import type { JWTPayload } from "jose";
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from "jose";
import { z } from "zod";
import { LIMITS } from "../core/limits.ts";
import type { TenantClaims, TenantSystems } from "../core/operators.ts";
import { refusalOf } from "./addresses.ts";
import type { Outbound } from "./outbound.ts";

/** Signatures by a private key alone: with a shared secret the public keys would be one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const JWKS = {
  /** How long a tenant's keys are believed; a key that is not among them has them fetched anew. */
  lifeMs: 5 * 60_000,
  /** But not more often than this. */
  pauseMs: 30_000,
  /** Bytes. */
  most: 64 * 1024,
  /** Sets that an isolate keeps. */
  kept: 500,
} as const;

/** Clocks of others may go a little wrong. */
const TOLERANCE_S = 5;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

const name = z
  .string()
  .max(LIMITS.name)
  .refine((text) => text.isWellFormed())
  .nullish()
  .catch(null);

const claims = z.object({
  sub: z
    .string()
    .min(1)
    .max(LIMITS.externalId)
    .refine((text) => text.isWellFormed()),
  /** Seconds since 1970. */
  exp: z.number().positive(),
  given_name: name,
  middle_name: name,
  family_name: name,
});

interface Known {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

/** @param now milliseconds since 1970 */
export function createTenantSystems(outbound: Outbound, development: boolean, now: () => number): TenantSystems {
  /** Values and never promises: a promise of one request must not be waited for by another. */
  const sets = new Map<string, Known>();

  async function fetchKeys(jwksUrl: string): Promise<Known | null> {
    const set = await outbound.get(new URL(jwksUrl), async (response) => keySet.parse(await jsonOf(response)));
    if (set === null) return null;
    const known = { keys: createLocalJWKSet(set), at: now() };
    if (sets.size >= JWKS.kept) sets.clear();
    sets.set(jwksUrl, known);
    return known;
  }

  /** The payload, if `known` has the key; "unknown": it has not. Null: the token is bad. */
  async function verifyWith({ keys }: Known, token: string): Promise<JWTPayload | "unknown" | null> {
    try {
      const options = { algorithms: ALGORITHMS, requiredClaims: ["sub", "exp"], clockTolerance: TOLERANCE_S };
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return "unknown";
      return null;
    }
  }

  async function verified(jwksUrl: string, token: string): Promise<JWTPayload | null> {
    const cached = sets.get(jwksUrl);
    const fresh = cached !== undefined && now() - cached.at < JWKS.lifeMs ? cached : await fetchKeys(jwksUrl);
    if (fresh === null) return null;
    const payload = await verifyWith(fresh, token);
    if (payload !== "unknown") return payload;
    // The tenant may have begun to sign with another key since.
    if (now() - fresh.at < JWKS.pauseMs) return null;
    const newer = await fetchKeys(jwksUrl);
    const again = newer === null ? null : await verifyWith(newer, token);
    return again === "unknown" ? null : again;
  }

  return {
    refusalOf: (url) => refusalOf(url, development),

    async confirms(verifyUrl, token) {
      const url = new URL(verifyUrl);
      url.searchParams.set("token", token);
      const said = await outbound.get(url, async (response) => {
        await response.body?.cancel();
        return true;
      });
      return said === true;
    },

    audiencesOf(token) {
      try {
        const { aud } = decodeJwt(token);
        return aud === undefined ? [] : [aud].flat().filter((one) => typeof one === "string");
      } catch {
        return null;
      }
    },

    async claimsOf(jwksUrl, token): Promise<TenantClaims | null> {
      const parsed = claims.safeParse(await verified(jwksUrl, token));
      if (!parsed.success) return null;
      const { sub, exp, given_name, middle_name, family_name } = parsed.data;
      return {
        subject: sub,
        firstName: given_name ?? null,
        middleName: middle_name ?? null,
        lastName: family_name ?? null,
        expiresAt: Math.floor(exp) * 1_000,
      };
    },
  };
}

/** The body as JSON. @throws Error where it is longer than a set of keys may be */
async function jsonOf(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > JWKS.most) throw new Error("too many bytes");
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}
