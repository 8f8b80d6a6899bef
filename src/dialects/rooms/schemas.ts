/** What clients of `rooms` send with their events. Knows shapes; knows nothing of what is done with them. */

import { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import { integer } from "../input.ts";

/** The clients' own default. */
const PAGE = 20;
/** Every page of the largest chat is below. */
const MOST_PAGES = 2 ** 24;

const nothing = z.unknown();
const limit = z
  .union([z.int(), z.string().regex(/^[0-9]{1,9}$/)])
  .transform((value) => Math.min(Number(value), LIMITS.page))
  .refine((value) => value >= 1);

const roomName = z.string().max(2 * LIMITS.title);

/** The one argument of each event; what a client sends besides is passed over. */
export const EVENTS = {
  join: z.union([roomName, z.object({ room: roomName }).transform(({ room }) => room)]),
  typing: z.union([z.boolean(), z.number(), z.string().max(64), z.null()]),
  seen: nothing,
  send_message: z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]),
  load_more: z
    .object({ page: integer(1, MOST_PAGES).default(1), limit: limit.default(PAGE) })
    .nullish()
    .transform((page) => page ?? { page: 1, limit: PAGE }),
  leave: nothing,
} as const;

export type EventName = keyof typeof EVENTS;

export const isEvent = (name: string): name is EventName => Object.hasOwn(EVENTS, name);
