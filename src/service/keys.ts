/** Secrets that are too long to be guessed, and what is kept of them. Knows no app and no token. */

import { createHash, randomBytes } from "node:crypto";

/** A new secret key: 256 bits. */
export const newKey = (): string => randomBytes(32).toString("base64url");

/**
 * SHA-256 in lower-case hex: what is stored of a key or a tenant's token, and looked up. The time of a look-up then says
 * nothing of other keys.
 */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
