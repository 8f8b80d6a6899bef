/**
 * Passwords as scrypt hashes in PHC form. Knows the settings in force and those that a stored hash was made with;
 * knows nothing of users, nor of how often somebody may guess.
 */

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Passwords } from "../core/ports.ts";

interface Settings {
  /** log2 of N, the cost of time and memory. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

interface Stored extends Settings {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** OWASP's row for 16 MiB: an isolate has 128 MiB, which all logins in it share. */
const IN_FORCE: Settings = { ln: 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** workerd refuses a higher N * r * p (`DEFAULT_MAX_SCRYPT_COST`). */
const MAX_COST = 2 ** 20;
/** Bytes; what asks for more is no hash of ours. */
const MAX_MEMORY = 64 * 1024 * 1024;

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

const cost = ({ ln, r, p }: Settings): number => 2 ** ln * r * p;
const memory = ({ ln, r }: Settings): number => 128 * r * 2 ** ln;

/** The parts of a PHC string, or null where it is none that we could have made. */
function parse(phc: string): Stored | null {
  const [, ln, r, p, salt, key] = PHC.exec(phc) ?? [];
  if (salt === undefined || key === undefined) return null;
  const settings = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (settings.ln < 1 || cost(settings) < 1 || cost(settings) > MAX_COST || memory(settings) > MAX_MEMORY) return null;
  return { ...settings, salt: Buffer.from(salt, "base64"), key: Buffer.from(key, "base64") };
}

function derive(password: string, salt: Uint8Array, length: number, settings: Settings): Promise<Uint8Array> {
  const { ln, r, p } = settings;
  // The same characters can be typed in more than one encoding, depending on the keyboard.
  const typed = password.normalize("NFKC");
  // Twice the need, because the default (32 MiB) counts the rounds' buffers too.
  const options = { N: 2 ** ln, r, p, maxmem: 2 * memory(settings) + 128 * r * p };
  return new Promise((resolve, reject) => {
    scrypt(typed, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function weaker(stored: Stored): boolean {
  return (
    memory(stored) < memory(IN_FORCE) ||
    cost(stored) < cost(IN_FORCE) ||
    stored.salt.length < SALT_BYTES ||
    stored.key.length < KEY_BYTES
  );
}

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("=", "");

async function hash(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES, IN_FORCE);
  const { ln, r, p } = IN_FORCE;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(key)}`;
}

async function verify(password: string, phc: string | null): Promise<{ fits: boolean; stale: boolean }> {
  const stored = phc === null ? null : parse(phc);
  if (stored === null) {
    // The time that an answer takes must not tell whether there is such an account.
    await derive(password, new Uint8Array(SALT_BYTES), KEY_BYTES, IN_FORCE);
    return { fits: false, stale: false };
  }
  const key = await derive(password, stored.salt, stored.key.length, stored);
  const fits = timingSafeEqual(key, stored.key);
  return { fits, stale: fits && weaker(stored) };
}

/** Hash in the Worker, not in an object: a hash takes the thread for as long as it lasts (about 0.15 s). */
export const passwords: Passwords = { hash, verify };
