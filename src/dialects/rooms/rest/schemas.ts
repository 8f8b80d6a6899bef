/** What the REST of `rooms` takes in and gives out. The same schemas validate and stand in the OpenAPI document. */

import { z } from "zod";
import { LIMITS, RETENTION } from "../../../core/limits.ts";
import type { Json } from "../../../core/message.ts";
import { SCOPES } from "../../../core/operators.ts";
import { isShallow, wellFormed } from "../../input.ts";

// ---- in -------------------------------------------------------------------------------------------------------

const name = wellFormed(LIMITS.name).trim();
/** A number or its digits, or any other string. */
const externalId = z
  .union([z.int().transform(String), wellFormed(LIMITS.externalId).min(1)], "is a number or a string")
  .meta({ description: "The user's id in the tenant's own system." });
/** The app's UUID (its number is taken too); where it is missing, header and query are looked at. */
const app = z.union([z.int().positive().transform(String), z.string().max(64)], "is no app id").optional();
/** Forms have no other way to say so. */
const boolean = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
  "is true or false",
);
/** An empty one is none. */
const address = z
  .string()
  .max(LIMITS.tenantUrl)
  .nullable()
  .transform((text) => text || null);
const someDays = z.int().min(1).max(RETENTION.maxDays);
/** Forms have digits, or an empty field for null. */
const days = z
  .union(
    [
      someDays,
      z
        .string()
        .regex(/^\d{0,4}$/)
        .transform((digits) => (digits === "" ? null : Number(digits)))
        .pipe(someDays.nullable()),
      z.null(),
    ],
    `is a whole number from 1 to ${RETENTION.maxDays}, or null`,
  )
  .meta({
    description: `Messages are deleted after so many days (1 to ${RETENTION.maxDays}), with their files, from all chats of the app: those that are older already within moments. Null: they are kept.`,
  });
/** Forms repeat the field, or have it once. */
const users = z
  .preprocess(
    (value) => (typeof value === "string" || typeof value === "number" ? [value] : value),
    z.array(externalId),
  )
  .refine((all) => all.length <= LIMITS.membersAtOnce, `may be at most ${LIMITS.membersAtOnce} at once`);
const password = z.string().max(4 * LIMITS.passwordMax);
const token = z.string().min(1).max(LIMITS.tenantToken);
const json = z
  .unknown()
  .refine(isShallow, "is nested too deep")
  .transform((value) => value as Json);

export const loginInput = z
  .object({ email: z.string().trim().max(LIMITS.email), password })
  .meta({ ref: "OperatorLogin", examples: [{ email: "operator@localhost", password: "the operator's password" }] });

export const registerInput = z
  .object({
    email: z.string().trim().max(LIMITS.email),
    password,
    firstName: name.nullish(),
    lastName: name.nullish(),
    scopes: z.array(z.enum(SCOPES)).max(SCOPES.length).default([]),
  })
  .meta({
    ref: "OperatorRegistration",
    examples: [{ email: "olga@example.org", password: "correct horse battery", firstName: "Olga", lastName: "Ort" }],
  });

export const appInput = z
  .object({ name: name.min(1), verifyUrl: address.optional(), jwksUrl: address.optional() })
  .meta({ ref: "NewApp", examples: [{ name: "Shop", verifyUrl: "https://shop.example.org/chat/verify" }] });

export const appPatchInput = z
  .object({
    name: name.min(1),
    verifyUrl: address,
    jwksUrl: address,
    open: boolean,
    readBeforeSend: boolean,
    retentionDays: days,
  })
  .partial()
  .meta({
    ref: "AppChanges",
    examples: [{ name: "Shop 2", verifyUrl: null, readBeforeSend: true, retentionDays: 365 }],
  });

export const userInput = z
  .object({
    appId: app,
    appUserId: externalId,
    firstName: name.min(1),
    lastName: name.min(1),
    middleName: name.nullish(),
    token: token.optional(),
  })
  .meta({
    ref: "ChatUserRegistration",
    examples: [{ appUserId: 7, firstName: "Ann", lastName: "Lee", token: "what your system gave Ann at login" }],
  });

export const roomInput = z
  .object({ room: z.string(), appId: app, users, extra: json.optional() })
  .meta({ ref: "NewRoom", examples: [{ room: "order-12", users: [7], extra: { order: 12 } }] });

export const membersInput = z
  .object({ room: z.string(), appId: app, users })
  .meta({ ref: "RoomMembers", examples: [{ room: "order-12", users: [7] }] });

// ---- out ------------------------------------------------------------------------------------------------------

const id = z.int().positive();
const time = z.iso.datetime();

export const errorOutput = z.object({ status: z.int(), message: z.string() }).meta({ ref: "RestError" });
export const messageOutput = z.object({ message: z.string() }).meta({ ref: "Done" });

export const sessionOutput = z
  .object({ token: z.string(), firstName: z.string(), lastName: z.string(), email: z.string() })
  .meta({ ref: "OperatorSession" });

const appFields = {
  id,
  applicationId: z.uuid(),
  name: z.string(),
  verifyUrl: z.string().nullable(),
  jwksUrl: z.string().nullable(),
  open: z.boolean(),
  readBeforeSend: z.boolean(),
  retentionDays: z.int().positive().nullable(),
  hasKey: z.boolean(),
  createdAt: time,
};
export const appOutput = z.object(appFields).meta({ ref: "App" });
/** With the key, told this once. */
export const keyedAppOutput = z.object({ ...appFields, key: z.string() }).meta({ ref: "AppWithKey" });
export const statsOutput = z
  .object({ users: z.int().nonnegative(), chats: z.int().nonnegative(), online: z.int().nonnegative() })
  .meta({ ref: "AppStats" });

export const userOutput = z
  .object({
    id,
    appId: id,
    appUserId: z.union([z.int(), z.string()]).nullable(),
    firstName: z.string().nullable(),
    middleName: z.string().nullable(),
    lastName: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
    deletedAt: time.nullable(),
  })
  .meta({ ref: "ChatUser" });

const roomFields = {
  id,
  appId: id,
  room: z.string().nullable(),
  name: z.string().nullable(),
  extra: z.unknown(),
  createdAt: time,
  updatedAt: time,
  deletedAt: time.nullable(),
};
export const roomOutput = z.object(roomFields).meta({ ref: "Room" });
export const roomWithUsersOutput = z
  .object({ ...roomFields, users: z.array(userOutput) })
  .meta({ ref: "RoomWithUsers" });
