/**
 * The one catalogue of what can go wrong. Knows codes and what they carry; each dialect has its own
 * table that says how they look on its wire.
 */

import type { ChatId } from "./ids.ts";

export type ErrorCode =
  | "auth.required"
  | "auth.invalid"
  | "access.denied"
  | "not_found"
  | "input.invalid"
  | "chat.duplicate"
  | "rate.limited"
  | "too_large"
  | "conflict"
  | "internal";

/** What a field of the input did wrong; `path` is the field as the core names it, e.g. `text` or `attachments.3`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** An error as a plain value: what crosses from object to object, and what a dialect translates. */
export interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** What was not found or refused. */
  readonly subject?: Subject;
  /** What in particular is refused, where a dialect has words of its own for it. */
  readonly reason?: Reason;
  /** With `chat.duplicate`: the chat that exists. */
  readonly chatId?: ChatId;
  /** With `rate.limited`: seconds until another try is worth it. */
  readonly retryAfter?: number;
}

/** `unread`: unread messages are to be read first; `full`: the room has no place left; `direct`: direct chats don't allow this. */
export type Reason = "unread" | "full" | "direct" | "not_member";

export type Subject = "app" | "user" | "chat" | "message" | "member" | "attachment" | "route" | "username" | "token";

/** A failure of the catalogue, thrown. Anything else that is thrown is a fault of ours and becomes `internal`. */
export class ParlanceError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.detail);
    this.name = "ParlanceError";
    this.failure = failure;
  }
}

export const authRequired = (): ParlanceError =>
  new ParlanceError({ code: "auth.required", detail: "This needs a token." });

export const authInvalid = (detail = "The token is not valid, or no longer."): ParlanceError =>
  new ParlanceError({ code: "auth.invalid", detail });

export const denied = (detail: string, subject: Subject = "chat"): ParlanceError =>
  new ParlanceError({ code: "access.denied", detail, subject });

export const notMember = (): ParlanceError =>
  new ParlanceError({
    code: "access.denied",
    detail: "You are not a member of this chat.",
    subject: "member",
    reason: "not_member",
  });

export const refused = (reason: Reason, detail: string): ParlanceError =>
  new ParlanceError({ code: "access.denied", detail, subject: "chat", reason });

export const notFound = (subject: Subject): ParlanceError =>
  new ParlanceError({ code: "not_found", detail: `There is no such ${subject}.`, subject });

export const invalid = (path: string, message: string): ParlanceError => invalidFields([{ path, message }]);

export function invalidFields(errors: readonly FieldError[]): ParlanceError {
  const detail = errors
    .map((error) => (error.path === "" ? error.message : `${error.path}: ${error.message}`))
    .join("; ");
  return new ParlanceError({ code: "input.invalid", detail, errors });
}

export const duplicateChat = (chat: ChatId): ParlanceError =>
  new ParlanceError({ code: "chat.duplicate", detail: "This chat exists already.", chatId: chat });

export const conflict = (detail: string, subject: Subject): ParlanceError =>
  new ParlanceError({ code: "conflict", detail, subject });

export const rateLimited = (retryAfter: number): ParlanceError =>
  new ParlanceError({ code: "rate.limited", detail: `Too many tries. Try again in ${retryAfter} s.`, retryAfter });

export const tooLarge = (what: string, bytes: number): ParlanceError =>
  new ParlanceError({ code: "too_large", detail: `${what} may have at most ${bytes} bytes.` });

const INTERNAL: Failure = { code: "internal", detail: "Something went wrong on our side." };

/** The failure that `thrown` is; what is not of the catalogue becomes the one opaque `internal`. */
export function failureOf(thrown: unknown): Failure {
  return thrown instanceof ParlanceError ? thrown.failure : INTERNAL;
}

/** Whether `thrown` is a failure of the catalogue with this code. */
export function isFailure(thrown: unknown, code: ErrorCode): boolean {
  return thrown instanceof ParlanceError && thrown.failure.code === code;
}

/** The outcome of a call from object to object: failures travel as values, since thrown classes don't survive the way. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** The value of `result`. @throws ParlanceError */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ParlanceError(result.failure);
}

/** The value of `result`; undefined where there was nothing to ask, or nothing any more. @throws ParlanceError where it failed otherwise */
export function unwrapIfFound<T>(result: Result<T>): T | undefined {
  return !result.ok && result.failure.code === "not_found" ? undefined : unwrap(result);
}
