/** What `mobile` takes in: forms or JSON, ids in paths, and its own scheme of authorization. Knows shapes only. */

import type { Context } from "hono";
import { z } from "zod";
import { authInvalid, authRequired } from "../../core/errors.ts";
import type { ChatId, UserId } from "../../core/ids.ts";
import { MAX_CHAT_ID, chatId, userId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Session } from "../../core/people.ts";
import { MESSAGE_KINDS } from "../../core/message.ts";
import type { Caller } from "../../service/auth.ts";
import { fieldsOf } from "../body.ts";
import type { Http } from "../http.ts";
import { bearer } from "../http.ts";
import { numericId, parseInput, wellFormed } from "../input.ts";
import type { MobileError } from "./errors.ts";
import { badInput, noInteger } from "./errors.ts";

/** @throws 422 with what is wrong, by field */
export function parse<Schema extends z.ZodType>(schema: Schema, fields: unknown): z.output<Schema> {
  const parsed = parseInput(schema, fields);
  if (parsed.success) return parsed.data;
  const errors: Record<string, string[]> = {};
  for (const issue of parsed.error.issues) (errors[String(issue.path[0] ?? "body")] ??= []).push(issue.message);
  throw badInput(errors);
}

export async function bodyOf<Schema extends z.ZodType>(c: Context<Http>, schema: Schema): Promise<z.output<Schema>> {
  return parse(schema, await fieldsOf(c, (message) => badInput({ body: [message] })));
}

const INTEGER = /^[0-9]{1,15}$/;

/** The chat that the path names. @throws 400-3 where it is no integer; an integer that can't be an id names no chat */
export function chatParam(c: Context<Http>, name: string, missing: () => MobileError): ChatId {
  const value = Number(integerParam(c, name));
  if (value < 1 || value > MAX_CHAT_ID) throw missing();
  return chatId(value);
}

/** @throws 400-3 */
export function userParam(c: Context<Http>, name: string): UserId {
  const value = Number(integerParam(c, name));
  if (value < 1) throw noInteger(name);
  return userId(value);
}

function integerParam(c: Context<Http>, name: string): string {
  const value = c.req.param(name) ?? "";
  if (!INTEGER.test(value)) throw noInteger(name);
  return value;
}

const FAE = /^FAE +([A-Za-z0-9+/_-]+={0,2}) *$/i;

/** The token of `FAE base64(user_id:token:session_id)`, or of Bearer; and whose it has to be. @throws auth.required, auth.invalid */
function tokenOf(c: Context<Http>): { token: string; isTheirs: (session: Session) => boolean } {
  const header = c.req.header("authorization") ?? "";
  const token = bearer(c.req.raw);
  if (token !== null) return { token, isTheirs: () => true };
  if (!/^FAE\b/i.test(header)) throw authRequired();
  const [user, fae, id] = Buffer.from(FAE.exec(header)?.[1] ?? "", "base64")
    .toString("latin1")
    .split(":");
  if (fae === undefined || fae === "") throw authInvalid();
  // The three belong together: a token is worth nothing beside another user's id, or in another session.
  return { token: fae, isTheirs: ({ userId: owner, tokenId }) => user === String(owner) && id === tokenId };
}

/** Who calls, as the directory has them now. @throws auth.required, auth.invalid */
export async function callerOf(c: Context<Http>): Promise<Caller> {
  const { token, isTheirs } = tokenOf(c);
  const caller = await c.get("service").auth.authenticate(token);
  if (!isTheirs(caller.session)) throw authInvalid();
  return caller;
}

/** Who calls; the directory is asked where it was not a moment ago. @throws auth.required, auth.invalid */
export async function sessionOf(c: Context<Http>): Promise<Session> {
  const { token, isTheirs } = tokenOf(c);
  const session = c.get("service").auth.recent(token);
  if (session === undefined) return (await callerOf(c)).session;
  if (!isTheirs(session)) throw authInvalid();
  return session;
}

// ---- bodies and queries -----------------------------------------------------------------------------------------

const text = z.string({ error: (issue) => (issue.input === undefined ? "is missing" : "is no text") });
const optionalText = wellFormed(LIMITS.name).optional();
const number = (least: number, most: number) =>
  z
    .union([z.number(), z.string().regex(/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i)], {
      error: `is a number from ${least} to ${most}`,
    })
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is a number from ${least} to ${most}`);

const messageFields = z.object({ message: text, type: z.enum(MESSAGE_KINDS).default("text") });
export const chatMessageFields = messageFields.extend({
  receiver_id: z.union([numericId], { error: "is no user id" }).transform(userId),
});
export const readFields = z.object({
  chat_id: z
    .union([numericId], { error: "is no chat id" })
    .refine((value) => value <= MAX_CHAT_ID, "is no chat id")
    .transform(chatId),
});

export const userFields = z.object({
  user_name: text,
  password: text,
  email: z.union([z.email().max(LIMITS.email), z.literal("")], { error: "is no e-mail address" }).optional(),
  first_name: optionalText,
  last_name: optionalText,
});

export const loginFields = z
  .object({
    user_name: z.string().max(LIMITS.email).optional(),
    email: z.string().max(LIMITS.email).optional(),
    password: text.max(4 * LIMITS.passwordMax),
  })
  .refine(({ user_name, email }) => Boolean(user_name || email), { path: ["user_name"], error: "is missing" });

/** Where somebody is, in degrees. */
const latitude = number(-90, 90);
const longitude = number(-180, 180);

export const roomFields = z.object({
  title: wellFormed(LIMITS.title).trim().min(1, "is missing"),
  geo_latitude: latitude,
  geo_longitude: longitude,
  interaction_radius: number(0, 20_040_000).default(0),
  description: z
    .string()
    .max(LIMITS.dataBytes / 4)
    .default(""),
  capacity: number(1, LIMITS.members)
    .refine((value) => Number.isInteger(value), "is no integer")
    .default(50),
});

/** Clients that don't know where they are leave these out, or empty. */
const unknown = z.literal(["", null]).transform(() => undefined);
export const positionFields = z.object({
  geo_latitude: z.union([unknown, latitude]).optional(),
  geo_longitude: z.union([unknown, longitude]).optional(),
});
export const roomMessageFields = messageFields.extend(positionFields.shape);

export const pageQuery = z.object({
  count: number(1, LIMITS.page)
    .refine((value) => Number.isInteger(value), "is no integer")
    .default(LIMITS.pageDefault),
  offset: number(1, Number.MAX_SAFE_INTEGER)
    .refine((value) => Number.isInteger(value), "is no integer")
    .default(1),
});
