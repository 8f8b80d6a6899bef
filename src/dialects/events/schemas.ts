/** What the five events of `events` ask for. The same schemas validate and stand in the AsyncAPI document. */

import { z } from "zod";
import { chatId, userId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { MessageKind } from "../../core/message.ts";
import { MESSAGE_KINDS } from "../../core/message.ts";
import { chatIdInput, numericId, wellFormed } from "../input.ts";

const user = numericId.transform(userId);
const chat = chatIdInput.transform(chatId);

/** Clients send nothing in several ways. */
const nothing = z.union([z.literal(""), z.null()]).transform(() => undefined);

const externalId = z.union(
  [nothing, z.int().transform(String), wellFormed(LIMITS.externalId)],
  `is a string of at most ${LIMITS.externalId} characters`,
);

/** What can't be an id is given as well: it is answered by name, as any other that nobody has. */
const named = z.union([user, wellFormed(LIMITS.externalId)], "is no id");

const users = z.array(named).max(LIMITS.membersAtOnce, `may be at most ${LIMITS.membersAtOnce}`).nullish();

const title = wellFormed(LIMITS.title)
  .trim()
  .transform((text) => (text === "" ? null : text))
  .nullish();

const DATE = /^\d{4}-\d\d-\d\d/;

/** ISO 8601 (UTC where it names no zone), or milliseconds since 1970. */
const time = z.union(
  [
    nothing,
    z.int().nonnegative().max(8.64e15),
    z
      .string()
      .max(64)
      .regex(DATE)
      .transform((text) => Date.parse(text))
      .refine((ms) => !Number.isNaN(ms)),
  ],
  "is no time: write it as 2026-01-31T12:00:00.000Z",
);

const WIRE_KINDS = ["img", ...MESSAGE_KINDS] as const;

const kind = z
  .enum(WIRE_KINDS, `is one of ${WIRE_KINDS.join(", ")}`)
  .nullish()
  .transform((name): MessageKind => (name === "img" ? "image" : (name ?? "text")));

export const EVENTS = {
  "create-user": z.object({
    user: z
      .object({
        id: z.union([nothing, user], "is no id").optional(),
        external_id: externalId.optional(),
        name: wellFormed(LIMITS.name).trim().min(1, "may not be empty"),
        photo: wellFormed(LIMITS.photo),
      })
      .refine(({ id, external_id }) => id !== undefined || external_id !== undefined, {
        path: ["external_id"],
        message: "or id is needed",
      }),
  }),
  "create-chat": z.object({
    chat: z.object({ name: title, users }).nullish(),
    users,
  }),
  "list-chats": z.object({ user: z.object({ id: user }) }),
  "list-messages": z.object({
    query: z.object({ from: time.optional(), to: time.optional() }).nullish(),
    chat: z.object({ id: chat }),
  }),
  "new-message": z.object({
    chat: z.object({ id: chat }),
    user: z.object({ id: user }),
    message: z.object({ value: z.string(), type: kind }),
  }),
} as const;

export type EventName = keyof typeof EVENTS;
export type Asked<Name extends EventName> = z.output<(typeof EVENTS)[Name]>;

export const isEvent = (name: string): name is EventName => Object.hasOwn(EVENTS, name);
