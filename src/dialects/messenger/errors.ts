/** How the REST of `messenger` says that something went wrong. One table. */

import { HTTPException } from "hono/http-exception";
import type { Failure } from "../../core/errors.ts";
import { failureOf, invalid } from "../../core/errors.ts";

/** An error of this dialect alone: the status and its own words. */
export class MessengerError extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
  ) {
    super(`${status}`);
    this.name = "MessengerError";
  }
}

const plain = (status: number, error: string): MessengerError => new MessengerError(status, { error });

export const forbidden = (): MessengerError => plain(403, "Forbidden");
export const unauthorized = (): MessengerError => plain(401, "Unauthorized");
export const noRoute = (): MessengerError => plain(404, "Not Found");
export const bodyTooLarge = (): MessengerError => plain(413, "Payload Too Large");
export const unreadable = (message: string): Error => invalid("body", message);

const badInput = (errors: readonly { path: string; message: string }[]): MessengerError =>
  new MessengerError(400, {
    errors: errors.map(({ path, message }) => ({ msg: message, param: path, location: "body" })),
  });

function ofFailure(failure: Failure): MessengerError {
  switch (failure.code) {
    case "auth.required":
    case "auth.invalid":
      return unauthorized();
    case "access.denied":
      return forbidden();
    case "not_found":
      return noRoute();
    case "input.invalid":
      return badInput(failure.errors ?? [{ path: "body", message: failure.detail }]);
    case "too_large":
      return badInput([{ path: "files", message: failure.detail }]);
    case "conflict":
    case "chat.duplicate":
      return new MessengerError(409, { error: 409 });
    case "rate.limited":
      return plain(429, "Too Many Requests");
    case "internal":
      return plain(500, "Internal Server Error");
  }
}

/** The answer to what a route threw. */
export function errorResponse(thrown: unknown): Response {
  const failure = failureOf(thrown);
  const retry: Record<string, string> =
    failure.retryAfter === undefined ? {} : { "retry-after": String(failure.retryAfter) };
  const { status, body } = errorOf(thrown, failure);
  return Response.json(body, { status, headers: retry });
}

function errorOf(thrown: unknown, failure: Failure): MessengerError {
  if (thrown instanceof MessengerError) return thrown;
  if (thrown instanceof HTTPException && thrown.status < 500) return plain(thrown.status, thrown.message);
  return ofFailure(failure);
}
