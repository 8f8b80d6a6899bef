/** How the REST of `rooms` says that something went wrong: `{status, message}`, with the texts that its clients know. One table. */

import { HTTPException } from "hono/http-exception";
import type { Failure } from "../../../core/errors.ts";
import { failureOf } from "../../../core/errors.ts";

/** An error of this dialect alone. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "RestError";
  }
}

export const noToken = (): RestError => new RestError(401, "No token provided");
export const badToken = (): RestError => new RestError(401, "Invalid token");
export const badKey = (): RestError => new RestError(401, "Invalid key");
export const loginFailed = (): RestError => new RestError(401, "Login failed");
export const noApp = (): RestError => new RestError(404, "App Not Found");
export const noRoom = (): RestError => new RestError(404, "Room Not Found");
export const noUser = (id: string): RestError => new RestError(404, `ChatUser id ${id} Not Found`);
export const notRegistered = (users: readonly string[]): RestError =>
  new RestError(422, `Users ${users.join(",")} not registered`);
export const badInput = (detail: string): RestError => new RestError(422, detail);

function ofFailure(failure: Failure): RestError {
  switch (failure.code) {
    case "auth.required":
      return noToken();
    case "auth.invalid":
      return badToken();
    case "access.denied":
      return new RestError(403, failure.detail);
    case "not_found":
      if (failure.subject === "app") return noApp();
      return failure.subject === "chat" ? noRoom() : new RestError(404, failure.detail);
    case "conflict":
      return new RestError(409, failure.subject === "chat" ? "Room Already Exists" : failure.detail);
    case "chat.duplicate":
      return new RestError(409, failure.detail);
    case "input.invalid":
      return badInput(failure.detail);
    case "too_large":
      return new RestError(413, failure.detail);
    case "rate.limited":
      return new RestError(429, failure.detail);
    case "internal":
      return new RestError(500, failure.detail);
  }
}

function toRestError(thrown: unknown): RestError {
  if (thrown instanceof RestError) return thrown;
  if (thrown instanceof HTTPException && thrown.status < 500) return new RestError(thrown.status, thrown.message);
  return ofFailure(failureOf(thrown));
}

/** The answer to what a route threw. */
export function errorResponse(thrown: unknown): Response {
  const { status, message } = toRestError(thrown);
  const { retryAfter } = failureOf(thrown);
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return Response.json({ status, message }, { status, headers });
}

/** Whether what was thrown is a fault of ours. */
export const isFault = (thrown: unknown): boolean => toRestError(thrown).status === 500;
