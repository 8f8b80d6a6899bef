/**
 * Operators' tokens as signed JWTs. Their key, audience and type are others than those of users' tokens, so that neither
 * passes for the other. Knows claims and signatures; knows no operator.
 */

import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { OperatorTokens } from "../core/operators.ts";
import { deriveKey } from "./secret.ts";

const ALGORITHM = "HS256";
const ISSUER = "parlance";
const AUDIENCE = "parlance operators";
const TYPE = "operator+jwt";
const LABEL = "parlance operator token";
const STAMP_LABEL = "parlance operator credential";
/** Characters; a token of ours is far shorter. */
const MAX_LENGTH = 2_048;

const claims = z.object({
  sub: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .transform(Number),
  stamp: z.string(),
});

/** @param secret as `checkSecret` lets it pass */
export function createOperatorTokens(secret: string): OperatorTokens {
  // The keys are kept and not their promises: a promise of one request must not be waited for by another.
  const made = new Map<string, CryptoKey>();
  async function key(label: string): Promise<CryptoKey> {
    const known = made.get(label) ?? (await deriveKey(secret, label));
    made.set(label, known);
    return known;
  }

  /** Binds a token to what the login was checked against, and tells nothing of it to whoever holds the token. */
  async function stampOf(credential: string): Promise<string> {
    const stamp = await crypto.subtle.sign("HMAC", await key(STAMP_LABEL), new TextEncoder().encode(credential));
    return Buffer.from(stamp).toString("base64url");
  }

  return {
    async sign(operator, credential, expiresAt) {
      return new SignJWT({ stamp: await stampOf(credential) })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(String(operator))
        .setIssuedAt()
        .setExpirationTime(Math.floor(expiresAt / 1_000))
        .sign(await key(LABEL));
    },

    async verify(token) {
      if (token.length > MAX_LENGTH) return null;
      const signing = await key(LABEL);
      const expected = { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE, typ: TYPE };
      try {
        const { payload } = await jwtVerify(token, signing, { ...expected, requiredClaims: ["exp"] });
        const parsed = claims.safeParse(payload);
        if (!parsed.success) return null;
        const { sub, stamp } = parsed.data;
        return { operator: sub, madeWith: async (credential) => (await stampOf(credential)) === stamp };
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
