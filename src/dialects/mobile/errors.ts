/** How `mobile` says that something went wrong: `{message, error_code?, status_code}`, with its own codes. One table. */

import { HTTPException } from "hono/http-exception";
import type { Failure } from "../../core/errors.ts";
import { failureOf, ParlanceError } from "../../core/errors.ts";

/** What a route is about decides which code a missing chat or membership has. */
export type Area = "chat" | "room";

/** An error of this dialect alone. */
export class MobileError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly fields: Readonly<Record<string, readonly string[]>> | null = null,
  ) {
    super(message);
    this.name = "MobileError";
  }
}

export const toOneself = (): MobileError => new MobileError(400, "One does not chat with oneself.", "400-2");
export const noInteger = (what: string): MobileError => new MobileError(400, `${what} is no integer.`, "400-3");
export const notInChat = (): MobileError => new MobileError(403, "You are not in this chat.", "403-1");
export const tooFar = (): MobileError => new MobileError(403, "You are too far from this chat room.", "403-3");
export const noChat = (): MobileError => new MobileError(404, "There is no such chat.", "404-2");
export const noRoom = (): MobileError => new MobileError(404, "There is no such chat room.", "404-5");
const noParticipant = (): MobileError => new MobileError(404, "You do not take part in this chat room.", "404-8");
export const notYours = (): MobileError => new MobileError(401, "This chat is not yours to delete.");

export function badInput(fields: Readonly<Record<string, readonly string[]>>): MobileError {
  return new MobileError(422, "The input is wrong.", null, fields);
}

function ofFailure(failure: Failure, area: Area): MobileError {
  switch (failure.code) {
    case "auth.required":
    case "auth.invalid":
      return new MobileError(401, failure.detail);
    case "access.denied":
      if (failure.reason === "unread") return new MobileError(400, failure.detail, "400-1");
      if (failure.reason === "full") return new MobileError(400, failure.detail, "400-4");
      if (failure.reason === "not_member" && area === "room") return noParticipant();
      return notInChat();
    case "not_found":
      if (failure.subject === "user") return badInput({ receiver_id: ["is no user"] });
      if (failure.subject === "app") return new MobileError(404, failure.detail);
      return area === "room" ? noRoom() : noChat();
    case "input.invalid": {
      const fields: Record<string, string[]> = {};
      for (const { path, message } of failure.errors ?? []) (fields[FIELD[path] ?? path] ??= []).push(message);
      return badInput(fields);
    }
    case "conflict":
      return badInput({ [FIELD[failure.subject ?? ""] ?? failure.subject ?? ""]: [failure.detail] });
    case "too_large":
      return new MobileError(413, failure.detail);
    case "rate.limited":
      return new MobileError(429, failure.detail);
    case "chat.duplicate":
      return new MobileError(409, failure.detail);
    case "internal":
      return new MobileError(500, failure.detail);
  }
}

/** Whether `thrown` says that the caller is not in the chat. */
export function isStranger(thrown: unknown): boolean {
  return thrown instanceof ParlanceError && thrown.failure.reason === "not_member";
}

/** The fields of the core by the names that they have here. */
const FIELD: Readonly<Record<string, string>> = { text: "message", username: "user_name" };

/** The answer to what a route threw. */
export function errorResponse(thrown: unknown, area: Area): Response {
  const error = toMobileError(thrown, area);
  const body = {
    message: error.message,
    ...(error.code === null ? {} : { error_code: error.code }),
    ...(error.fields === null ? {} : { errors: error.fields }),
    status_code: error.status,
  };
  const failure = failureOf(thrown);
  const retry: Record<string, string> =
    failure.retryAfter === undefined ? {} : { "retry-after": String(failure.retryAfter) };
  return Response.json(body, { status: error.status, headers: retry });
}

function toMobileError(thrown: unknown, area: Area): MobileError {
  if (thrown instanceof MobileError) return thrown;
  if (thrown instanceof HTTPException && thrown.status < 500) return new MobileError(thrown.status, thrown.message);
  return ofFailure(failureOf(thrown), area);
}
