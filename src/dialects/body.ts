/** Bodies of dialects whose clients send forms or JSON, and do not always say which. Knows forms; knows no dialect. */

import type { Context } from "hono";
import type { Http } from "./http.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/;

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
