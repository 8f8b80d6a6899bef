/** The arguments of the methods. Knows shapes; knows nothing of what is done with them. */

import { z } from "zod";
import { chatId, userId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import { codePoints } from "../../core/message.ts";
import { chatIdInput, numericId } from "../input.ts";

const chat = chatIdInput.transform(chatId);
const users = z.array(numericId.transform(userId)).max(LIMITS.membersAtOnce);
/** One user named twice is one. */
const someUsers = users.min(1).transform((ids) => [...new Set(ids)]);
const title = z
  .string()
  .refine(
    (text) => text.isWellFormed() && text.length <= 2 * LIMITS.title && codePoints(text) <= LIMITS.title,
    `has at most ${LIMITS.title} characters`,
  )
  .transform((text) => text.trim())
  .transform((text) => (text === "" ? null : text))
  .nullable();

const file = z.object({ name: z.string().max(2 * LIMITS.attachmentName), data: z.string() });

export const METHODS = {
  auth: z.object({}),
  create_chat: z.object({ users, title: title.optional() }),
  update_chat: z.object({ chat, title }),
  send_message: z.object({
    chat,
    text: z.string().nullable().optional(),
    files: z.array(file).max(LIMITS.attachments).nullable().optional(),
  }),
  read_messages: z.object({ chat }),
  remove_from_chat: z.object({ chat, users: someUsers }),
  add_to_chat: z.object({ chat, users: someUsers }),
} as const;

export type MethodName = keyof typeof METHODS;

export const isMethod = (name: string): name is MethodName => Object.hasOwn(METHODS, name);
