/**
 * How the Worker tells an object on whose behalf an upgrade comes. The Worker builds these headers anew for each
 * request, so a client can't send them; `zod` reads them all the same.
 */

import { z } from "zod";
import { appId, userId } from "../core/ids.ts";
import { GATEWAY } from "../core/limits.ts";
import type { Session } from "../core/people.ts";
import { requestOf } from "../log.ts";

const HEADER = "x-parlance-identity";

export interface Identity {
  /** As the token says by its signature; the user's Inbox sees whether it still stands. Null: the dialect asks in band. */
  readonly session: Session | null;
  /** The origin that links begin with. */
  readonly origin: string;
}

/** The same, as the object gets it. */
export interface IdentityOfRequest extends Identity {
  /** The id of the request; lines of the log that come of it bear it. */
  readonly request: string | null;
}

const schema = z.object({
  session: z
    .object({
      appId: z.number().transform(appId),
      userId: z.number().transform(userId),
      tokenId: z.string(),
      expiresAt: z.number(),
    })
    .nullable(),
  origin: z.string(),
  request: z.string().nullable(),
});

const header = (identity: Identity): string =>
  JSON.stringify({ ...identity, request: requestOf() } satisfies IdentityOfRequest);

/** An upgrade request for an object, with nothing of the client's but what the handshake needs. */
export function upgradeRequest(request: Request, identity: Identity): Request {
  const headers = new Headers({ upgrade: "websocket", [HEADER]: header(identity) });
  const offered = request.headers.get("sec-websocket-protocol");
  if (offered !== null) headers.set("sec-websocket-protocol", offered);
  return new Request(request.url, { headers });
}

/**
 * A request for an object that answers the client itself: method, body and address, and the headers that matter. It is
 * addressed to the origin that links begin with, whichever one the client knows us by.
 */
export function carriedRequest(request: Request, identity: Identity): Request {
  const headers = new Headers({ [HEADER]: header(identity) });
  for (const name of ["upgrade", "origin", "content-type", "content-length"]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { pathname, search } = new URL(request.url);
  const address = `${identity.origin}${pathname}${search}`;
  // A body is for those who post; of one that has no end, the object is told no more than it takes to refuse it.
  const body = request.method === "POST" ? (request.body?.pipeThrough(cutAfter(GATEWAY.bodyBytes)) ?? null) : null;
  return new Request(address, { method: request.method, headers, body });
}

/** Lets so many bytes pass, and ends the stream with the chunk that goes beyond them. */
function cutAfter(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let left = limit;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      left -= chunk.byteLength;
      if (left < 0) controller.terminate();
    },
  });
}

export function identityOf(request: Request): IdentityOfRequest {
  return schema.parse(JSON.parse(request.headers.get(HEADER) ?? "null"));
}

/** The id of a request that an object answers itself; null where it bears none. */
export function requestIn(request: Request): string | null {
  const told = schema.safeParse(JSON.parse(request.headers.get(HEADER) ?? "null"));
  return told.success ? told.data.request : null;
}
