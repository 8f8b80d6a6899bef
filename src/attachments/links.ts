/**
 * Links that open one attachment to whoever holds them, until they expire.
 * Knows how they are signed; must not know who may have one, nor what the file is.
 */

import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { TOKEN } from "../core/limits.ts";

const DAY = 24 * 60 * 60 * 1_000;

export interface Links {
  /** The query that opens attachment `id`: `expires=<seconds since 1970>&signature=<base64url>`. `now`: milliseconds since 1970. */
  sign(id: string, now: number): string;
  /** Whether `query` opens attachment `id` at `now` (milliseconds since 1970). Never throws. */
  verify(id: string, query: URLSearchParams, now: number): boolean;
  /** The absolute address of attachment `id` under `origin`, e.g. `https://chat.example.com`. */
  linkTo(origin: string, id: string, now: number): string;
}

/** Links signed with a key of their own that is derived from `secret`, so that no other signature made with it opens a file. */
export function createLinks(secret: string): Links {
  if (secret === "") throw new RangeError("links need a secret");
  const key = new Uint8Array(hkdfSync("sha256", secret, "", "parlance attachment link", 32));

  const signature = (id: string, expires: string): string =>
    createHmac("sha256", key).update(`${expires}\n${id}`).digest("base64url");

  const sign = (id: string, now: number): string => {
    // The end of a day, so that the address of a file stays the same all day and caches know it again.
    const expires = String(((Math.floor((now + TOKEN.linkMs) / DAY) + 1) * DAY) / 1_000);
    return `expires=${expires}&signature=${signature(id, expires)}`;
  };

  return {
    sign,
    verify(id, query, now) {
      const expires = query.get("expires") ?? "";
      const given = query.get("signature") ?? "";
      if (!/^[1-9]\d{0,11}$/.test(expires) || !/^[\w-]{43}$/.test(given)) return false;
      // Compared as text: in base64 several texts stand for the same bytes, and only one of them is ours.
      if (!timingSafeEqual(Buffer.from(given), Buffer.from(signature(id, expires)))) return false;
      return now < Number(expires) * 1_000;
    },
    linkTo: (origin, id, now) => `${origin}/v1/attachments/${encodeURIComponent(id)}?${sign(id, now)}`,
  };
}
