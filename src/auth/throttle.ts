/**
 * How often somebody may guess, over the Throttle objects. Knows how a login and an address become the names of
 * buckets; knows nothing of passwords.
 */

import { createHash } from "node:crypto";
import { proxyDurable } from "itty-durable";
import { rateLimited } from "../core/errors.ts";
import type { AppId } from "../core/ids.ts";
import { THROTTLE } from "../core/limits.ts";
import type { LoginThrottle } from "../core/ports.ts";
import { nameKey } from "../directory/keys.ts";
import type { Throttle } from "../objects/throttle.ts";
import { networkOf } from "./network.ts";

/** A Throttle as it looks from afar. */
type Bucket = {
  [Method in "take" | "refund" | "forget"]: (
    ...args: Parameters<Throttle[Method]>
  ) => Promise<ReturnType<Throttle[Method]>>;
};

// Hashed, because names travel in a header and must be short ASCII; with a prefix, because itty-durable takes a bare
// name of 64 hex digits for an object's id.
function bucketName(prefix: string, text: string): string {
  return `${prefix}:${createHash("sha256").update(text).digest("hex")}`;
}

/** @throws rate.limited with whole seconds, rounded up, where a bucket says to wait for `waitMs` */
function refuse(waitMs: number): never {
  throw rateLimited(Math.max(1, Math.ceil(waitMs / 1_000)));
}

export function createLoginThrottle(namespace: DurableObjectNamespace): LoginThrottle {
  const buckets = proxyDurable(namespace, { name: "THROTTLE", parse: true });
  const bucket = (name: string): Bucket => buckets.get(name);
  const ofLogin = (at: AppId | "operators", login: string): Bucket => bucket(bucketName(`login:${at}`, nameKey(login)));
  const ofAddress = (address: string): Bucket => bucket(bucketName("address", networkOf(address)));

  return {
    async take(at, login, address) {
      // The address comes first: one that has used up its tries must not even for an instant take those of an
      // account, or it could keep that account's owner out.
      const waitOfAddress = await ofAddress(address).take(THROTTLE.address.burst, THROTTLE.address.refillMs);
      if (waitOfAddress > 0) refuse(waitOfAddress);
      const waitOfLogin = await ofLogin(at, login).take(THROTTLE.name.burst, THROTTLE.name.refillMs);
      if (waitOfLogin === 0) return;
      await ofAddress(address).refund();
      refuse(waitOfLogin);
    },

    async succeeded(at, login, address) {
      await Promise.all([ofLogin(at, login).forget(), ofAddress(address).refund()]);
    },
  };
}
