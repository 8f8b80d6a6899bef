/**
 * The one secret of a deployment and the keys that are made of it. Knows what a secret must be; knows nothing of
 * what the keys sign.
 */

/** Below this a secret could be found by trying, with nothing but one token in hand. */
const MIN_LENGTH = 32;

/**
 * `secret`, if it is fit to sign with.
 * @throws Error where there is none or it is too short: then nothing may be served
 */
export function checkSecret(secret: string | undefined): string {
  if (secret === undefined || secret === "") {
    throw new Error("TOKEN_SECRET is not set: make one with `wrangler secret put TOKEN_SECRET`.");
  }
  if (secret.length < MIN_LENGTH) {
    throw new Error(`TOKEN_SECRET is too short: it has ${secret.length} characters and needs at least ${MIN_LENGTH}.`);
  }
  return secret;
}

/**
 * The HMAC-SHA-256 key for one purpose, so that what is signed for one is worth nothing for another.
 * @param label names the purpose, e.g. `parlance user token`
 */
export async function deriveKey(secret: string, label: string): Promise<CryptoKey> {
  const bytes = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", bytes.encode(checkSecret(secret)), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes.encode(label) },
    base,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
