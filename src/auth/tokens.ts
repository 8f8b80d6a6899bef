/**
 * User tokens as signed JWTs. Knows their claims and their signature; knows nothing of whether a token was ended,
 * which the directory says.
 */

import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { appId, userId } from "../core/ids.ts";
import type { TokenSigner } from "../core/ports.ts";
import { deriveKey } from "./secret.ts";

const ALGORITHM = "HS256";
const ISSUER = "parlance";
/** A token of ours has about 250 characters; more than this is refused unread. */
const MAX_LENGTH = 2_048;
const LABEL = "parlance user token";

const claims = z.object({
  sub: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .transform(Number)
    .pipe(z.int().positive()),
  app: z.int().positive(),
  jti: z.string().min(1).max(64),
  iat: z.int(),
  /** Seconds since 1970. */
  exp: z.int().positive(),
});

/** @param secret as `checkSecret` lets it pass */
export function createTokenSigner(secret: string): TokenSigner {
  // The key is kept and not its promise: a promise of one request must not be waited for by another.
  let made: CryptoKey | undefined;
  const key = async (): Promise<CryptoKey> => (made ??= await deriveKey(secret, LABEL));

  return {
    /** The token bears whole seconds: what is past the second in `expiresAt` is cut off. */
    async sign(session) {
      return new SignJWT({ app: session.appId })
        .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
        .setIssuer(ISSUER)
        .setSubject(String(session.userId))
        .setJti(session.tokenId)
        .setIssuedAt()
        .setExpirationTime(Math.floor(session.expiresAt / 1_000))
        .sign(await key());
    },

    async verify(token) {
      if (token.length > MAX_LENGTH) return null;
      const signing = await key();
      try {
        const { payload } = await jwtVerify(token, signing, { algorithms: [ALGORITHM], issuer: ISSUER, typ: "JWT" });
        const parsed = claims.safeParse(payload);
        if (!parsed.success) return null;
        const { sub, app, jti, exp } = parsed.data;
        return { userId: userId(sub), appId: appId(app), tokenId: jti, expiresAt: exp * 1_000 };
      } catch (error) {
        // What jose refuses is a bad token; anything else is a fault of ours and must be seen as one.
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
