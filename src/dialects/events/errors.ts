/** The one form of errors in `events`: `{status: "error", error: [{message, field?}]}`. Translates the core's failures once, here. */

import type { z } from "zod";
import type { Failure } from "../../core/errors.ts";
import { ParlanceError } from "../../core/errors.ts";
import { fieldErrors } from "../input.ts";

interface EventError {
  readonly message: string;
  /** Dotted, as the client wrote it: `user.name`. */
  readonly field?: string;
}

export interface ErrorBody {
  readonly status: "error";
  readonly error: readonly EventError[];
}

/** Errors of this dialect, on their way to the client. */
export class Refusal extends Error {
  constructor(readonly errors: readonly EventError[]) {
    super(errors[0]?.message ?? "");
    this.name = "Refusal";
  }
}

export const wrong = (field: string, what: string): Refusal => new Refusal([error(field, what)]);

const error = (field: string, what: string): EventError =>
  field === "" ? { message: what } : { message: `${field}: ${what}`, field };

/** What a schema found wrong. */
export function refused(issues: z.core.$ZodError["issues"]): Refusal {
  return new Refusal(fieldErrors(issues).map(({ path, message }) => error(path, message)));
}

/** What the core calls otherwise than this dialect. */
const FIELDS: { readonly [path: string]: string } = {
  text: "message.value",
  members: "users",
  title: "chat.name",
  chat_id: "chat.id",
};

const SUBJECTS: { readonly [subject: string]: string } = { user: "user.id", chat: "chat.id", member: "user.id" };

/** The body of an error; what is a fault of ours says nothing of itself. */
export function errorBody(thrown: unknown): ErrorBody {
  if (thrown instanceof Refusal) return { status: "error", error: thrown.errors };
  if (thrown instanceof ParlanceError) return { status: "error", error: ofFailure(thrown.failure) };
  return { status: "error", error: [{ message: "Something went wrong on our side." }] };
}

/** Whether `thrown` is the client's doing, and no fault of ours. */
export const isExpected = (thrown: unknown): boolean => thrown instanceof Refusal || thrown instanceof ParlanceError;

function ofFailure({ code, detail, errors, reason, subject }: Failure): EventError[] {
  if (code === "input.invalid" && errors !== undefined) {
    return errors.map(({ path, message }) => error(FIELDS[path] ?? path, message));
  }
  if (reason === "not_member") return [error("user.id", "is not in this chat")];
  const field = code === "not_found" && subject !== undefined ? SUBJECTS[subject] : undefined;
  return [field === undefined ? { message: detail } : error(field, `names no ${subject}`)];
}
