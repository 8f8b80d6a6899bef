/** What the REST of `rooms` takes in: JSON or forms, and which app a request is about. Knows shapes only. */

import type { Context } from "hono";
import { z } from "zod";
import type { Http } from "../../http.ts";
import { fieldErrors, numericId, parseInput } from "../../input.ts";
import { RestError, badInput } from "./errors.ts";

/** The fields of a form; one that is repeated, or is called `name[]`, is a list. */
function formFields(form: Iterable<[string, unknown]>): Record<string, unknown> {
  const lists = new Map<string, unknown[]>();
  const isList = new Set<string>();
  for (const [key, value] of form) {
    const field = key.endsWith("[]") ? key.slice(0, -2) : key;
    if (field !== key || lists.has(field)) isList.add(field);
    lists.set(field, [...(lists.get(field) ?? []), value]);
  }
  return Object.fromEntries([...lists].map(([field, values]) => [field, isList.has(field) ? values : values[0]]));
}

/** @throws 400 where the body is neither a form nor JSON */
async function fieldsOf(c: Context<Http>): Promise<unknown> {
  const type = c.req.header("content-type")?.toLowerCase() ?? "";
  const unreadable = new RestError(400, "The body is neither JSON nor a form of the type that it says");
  if (type.startsWith("multipart/form-data")) {
    const form = await c.req.formData().catch(() => {
      throw unreadable;
    });
    return formFields(form);
  }
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  if (text.trim() === "") return {};
  if (type.startsWith("application/x-www-form-urlencoded") && !text.trimStart().startsWith("{"))
    return formFields(new URLSearchParams(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable;
  }
}

/** @throws 422 that names what is wrong, and quotes none of it; 400 */
export async function bodyOf<Schema extends z.ZodType>(c: Context<Http>, schema: Schema): Promise<z.output<Schema>> {
  const parsed = parseInput(schema, await fieldsOf(c));
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues);
  throw badInput(errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; "));
}

/** The app that a request names beside its body: header `appId` or `X-App-Id`, or the query `appId`. */
export function appNamed(c: Context<Http>): string | undefined {
  return c.req.header("appid") ?? c.req.header("x-app-id") ?? c.req.query("appId");
}

const pageInput = z.object({
  limit: z.coerce.number().int().min(1).catch(Infinity),
  after: z.string().nullable().catch(null),
});

/** A page of users: at most `most`, from after the username `after` on. */
export function pageOf(c: Context<Http>, most: number): { limit: number; after: string | null } {
  const { limit, after } = pageInput.parse({ limit: c.req.query("limit"), after: c.req.query("after") ?? null });
  return { limit: Math.min(limit, most), after };
}

/** The number that a path names; null: it is none. */
export function idIn(text: string): number | null {
  return numericId.safeParse(text).data ?? null;
}
