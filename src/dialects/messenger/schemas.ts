/** What clients of `messenger` send: the payloads of their events, and the bodies of their requests. Knows shapes only. */

import { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import { integer, numericId } from "../input.ts";

/** A username; one that nobody can have names nobody. */
const user = z.string();
const ofUser = z.object({ user });

/** The payload of each event, its one argument. */
export const REQUESTS = {
  // Some clients send nothing at all where the document has an object without fields.
  "fetch-users": z.object({}).nullish(),
  "fetch-conversation-with-user": z.object({
    user,
    limit: integer(1, LIMITS.page).default(LIMITS.pageDefault),
    /** Ids of messages: what is older than the one, newer than the other. */
    before: numericId.optional(),
    after: numericId.optional(),
  }),
  "fetch-unread-chats-count": ofUser,
  "read-chat": z.object({ id: numericId }),
  "send-message": z.object({
    message: z.string().default(""),
    user,
    media: z.array(z.string().max(LIMITS.photo)).max(LIMITS.attachments).default([]),
  }),
  "wait-for-user": ofUser,
  "stop-waiting-for-user": ofUser,
} as const;

export type RequestName = keyof typeof REQUESTS;
export type RequestOf<Name extends RequestName> = z.output<(typeof REQUESTS)[Name]>;

export const isRequest = (event: string): event is RequestName => Object.hasOwn(REQUESTS, event);

/** Whatever is no string is as wrong as an empty one, and each field is found wrong by itself. */
const field = z.string().catch("");
export const accountBody = z.object({ username: field, password: field }).catch({ username: "", password: "" });

// ---- as the OpenAPI document has them --------------------------------------------------------------------------------

export const accountInput = z.object({ username: z.string(), password: z.string() });
export const createdOutput = z.object({ message: z.literal("Created") });
export const tokenOutput = z.object({ token: z.string() });
export const uploadedOutput = z.object({
  message: z.literal("Uploaded successfully"),
  files: z.array(z.url()).min(1).max(LIMITS.messengerFiles),
});
export const errorOutput = z.object({ error: z.union([z.string(), z.literal(409)]) });
export const errorsOutput = z.object({
  errors: z.array(z.object({ msg: z.string(), param: z.string(), location: z.literal("body") })).min(1),
});
