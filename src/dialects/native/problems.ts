/** How the native dialect says that something went wrong: RFC 9457 over HTTP, `{code, detail}` on a socket. */

import type { ErrorCode, Failure } from "../../core/errors.ts";

const STATUS: Record<ErrorCode, number> = {
  "auth.required": 401,
  "auth.invalid": 401,
  "access.denied": 403,
  not_found: 404,
  "input.invalid": 400,
  conflict: 409,
  "chat.duplicate": 409,
  "rate.limited": 429,
  too_large: 413,
  internal: 500,
};

const TITLE: Record<ErrorCode, string> = {
  "auth.required": "Authorization required",
  "auth.invalid": "Authorization failed",
  "access.denied": "Access denied",
  not_found: "Not found",
  "input.invalid": "Invalid input",
  conflict: "Conflict",
  "chat.duplicate": "The chat exists",
  "rate.limited": "Too many requests",
  too_large: "Too large",
  internal: "Internal error",
};

/** The contract's codes know no conflict: a name that is taken is an invalid input. */
const codeOf = (failure: Failure): string => (failure.code === "conflict" ? "input.invalid" : failure.code);

function errorsOf(failure: Failure): Failure["errors"] {
  if (failure.errors !== undefined) return failure.errors;
  return failure.code === "conflict" ? [{ path: failure.subject ?? "", message: failure.detail }] : undefined;
}

/** An `application/problem+json` answer. */
export function problem(failure: Failure): Response {
  return problemWith(STATUS[failure.code], TITLE[failure.code], failure);
}

/** One whose status says more than the code does. */
export function problemWith(status: number, title: string, failure: Failure): Response {
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (status === 426) headers.set("upgrade", "websocket");
  if (status === 401) headers.set("www-authenticate", "Bearer");
  if (failure.retryAfter !== undefined) headers.set("retry-after", String(failure.retryAfter));
  const errors = errorsOf(failure);
  const body = {
    type: "about:blank",
    title,
    status,
    code: codeOf(failure),
    detail: failure.detail,
    ...(errors === undefined ? {} : { errors }),
    ...(failure.chatId === undefined ? {} : { chat_id: failure.chatId }),
  };
  return new Response(JSON.stringify(body), { status, headers });
}

/** The `error` of an answer on a socket. */
export function socketError(failure: Failure): { code: string; detail: string; errors?: Failure["errors"] } {
  const errors = errorsOf(failure);
  return { code: codeOf(failure), detail: failure.detail, ...(errors === undefined ? {} : { errors }) };
}
