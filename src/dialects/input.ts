/** Pieces of input that all dialects read alike. Knows `zod` and the limits; knows no dialect. */

import { z } from "zod";
import type { FieldError } from "../core/errors.ts";
import { MAX_CHAT_ID } from "../core/ids.ts";
import { codePoints } from "../core/message.ts";

/** A positive integer, also as a string of digits: forms send strings. */
export const numericId = z
  .union([z.int().positive(), z.string().regex(/^[0-9]{1,16}$/, "is no id")], "is no id")
  .transform((value) => Number(value))
  .refine((value) => Number.isSafeInteger(value) && value > 0, "is no id");

/** An integer from `least` to `most`, also as a string of digits: a query has nothing else. */
export const integer = (least: number, most: number) => {
  const message = `is an integer from ${least} to ${most}`;
  return z
    .union([z.int().min(least, message).max(most, message), z.string().regex(/^[0-9]{1,16}$/, message)], message)
    .transform((value) => Number(value))
    .refine((value) => value >= least && value <= most, message);
};

/** A string of at most `most` characters that every storage keeps as it is. */
export const wellFormed = (most: number): z.ZodString =>
  z
    .string()
    .max(2 * most)
    .refine((text) => text.isWellFormed() && codePoints(text) <= most, `has at most ${most} characters`);

export const chatIdInput = numericId.refine((value) => value <= MAX_CHAT_ID, "is no id");

const MAX_DEPTH = 32;

/** Whether a parsed JSON value is nested at most 32 levels deep. */
export function isShallow(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  let level = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
    if (level.length === 0) return true;
  }
  return false;
}

/**
 * As the schema's own `safeParse`, for all that clients send. Checks of length ask whatever has a `length`, be it a string
 * or not: `zod` throws where that is an object that can't be compared, which is as wrong as any other type.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(input);
  } catch (thrown) {
    if (!hasOddLength(input)) throw thrown;
    return {
      success: false,
      error: new z.ZodError([{ code: "custom", path: [], message: "Invalid input" }]) as z.ZodError<z.output<Schema>>,
    };
  }
}

function hasOddLength(input: unknown): boolean {
  const left = [input];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (typeof one !== "object" || one === null) continue;
    if (Object.hasOwn(one, "length") && typeof (one as { length: unknown }).length === "object") return true;
    for (const value of Object.values(one)) if (typeof value === "object" && value !== null) left.push(value);
  }
  return false;
}

/** What `zod` found wrong, in the core's words: `path` is dotted, e.g. `attachments.3`. */
export function fieldErrors(
  issues: readonly { path?: readonly unknown[] | undefined; message: string }[],
): FieldError[] {
  return issues.map((issue) => ({
    path: (issue.path ?? [])
      .map((part) => (typeof part === "object" && part !== null && "key" in part ? String(part.key) : String(part)))
      .join("."),
    message: issue.message,
  }));
}
