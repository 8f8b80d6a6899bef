/**
 * Bodies of requests: as bytes, within bounds; and as fields, for dialects whose clients send forms or JSON and do not
 * always say which. Knows forms; knows no dialect.
 */

import type { Context, MiddlewareHandler } from "hono";
import { ParlanceError, invalid, tooLarge } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Http } from "./http.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/;

/**
 * Reads a body before its route does, which then finds it in memory. `refuse` answers one that is too large
 * (`too_large`), or that breaks off or is not framed as it says (`input.invalid`): whoever does that has no fault of ours.
 */
export function wholeBody(refuse: (thrown: Error) => Response): MiddlewareHandler<Http> {
  return async (c, next) => {
    const { raw } = c.req;
    // With these methods a body means nothing, and the runtime makes no request that has one.
    if (raw.body === null || raw.method === "GET" || raw.method === "HEAD") return next();
    try {
      const body = await bytesOf(raw.body, Number(raw.headers.get("content-length") ?? 0));
      c.req.raw = new Request(raw, { method: raw.method, body });
    } catch (thrown) {
      return refuse(thrown instanceof ParlanceError ? thrown : invalid("", "the body was cut off"));
    }
    return next();
  };
}

/** All of `body`. @throws too_large */
async function bytesOf(body: ReadableStream<Uint8Array>, said: number): Promise<Blob> {
  if (said > LIMITS.body) throw tooLarge("A body", LIMITS.body);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LIMITS.body) throw tooLarge("A body", LIMITS.body);
    chunks.push(chunk);
  }
  return new Blob(chunks);
}

/**
 * The fields of a body: JSON where it says so or begins with a brace, else a form; an empty body has none.
 * `unreadable` makes what is thrown where it is neither.
 */
export async function fieldsOf(c: Context<Http>, unreadable: (message: string) => Error): Promise<unknown> {
  const type = c.req.header("content-type")?.toLowerCase() ?? "";
  if (type.startsWith("multipart/form-data")) return multipart(c, unreadable);
  // As bytes: the runtime warns of forms that are read as text.
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  if (text.trim() === "") return {};
  // Many a client says of every body that it is a form, or nothing; a form encodes its braces.
  if (!JSON_TYPE.test(type) && !text.trimStart().startsWith("{")) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable("is neither a form nor JSON");
  }
}

async function multipart(c: Context<Http>, unreadable: (message: string) => Error): Promise<unknown> {
  const form = await c.req.formData().catch(() => {
    throw unreadable("is no form of the type that it says");
  });
  return Object.fromEntries(form);
}
