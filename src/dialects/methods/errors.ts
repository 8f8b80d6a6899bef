/** The five kinds of errors of `methods`, with the texts that its clients know. Translates the core's failures once, here. */

import type { Failure } from "../../core/errors.ts";
import { ParlanceError } from "../../core/errors.ts";
import type { Json } from "../../core/message.ts";

type ErrorType = "system_error" | "access_error" | "authorization_error" | "field_error" | "chat_duplication_error";

/** An error of this dialect, on its way to the client. */
export class MethodError extends Error {
  constructor(
    readonly type: ErrorType,
    readonly detail: string,
    readonly extra: { readonly [name: string]: Json } = {},
  ) {
    super(detail);
    this.name = "MethodError";
  }
}

export const notJson = (): MethodError => new MethodError("system_error", "The data has to be JSON.");
export const notObject = (): MethodError => new MethodError("system_error", "The data has to be a JSON-object.");
export const noToken = (): MethodError => new MethodError("field_error", "There is no access token.");
export const badToken = (): MethodError => new MethodError("authorization_error", "Authorization failed.");
export const noMethod = (name: string): MethodError =>
  new MethodError("access_error", `You do not have permissions to execute this method (${name})`);
/** A chat of others and a chat that is none look alike. */
const noChat = (): MethodError => new MethodError("access_error", "You do not have access to this chat.");
export const badField = (detail: string): MethodError => new MethodError("field_error", detail);

/** How a failure of the core reads in this dialect; what is a fault of ours says nothing of itself. */
export function methodError(thrown: unknown): MethodError {
  if (thrown instanceof MethodError) return thrown;
  if (!(thrown instanceof ParlanceError)) return new MethodError("system_error", "Something went wrong on our side.");
  return fromFailure(thrown.failure);
}

/** What the core calls otherwise than this dialect. */
const ARGUMENTS: { readonly [path: string]: string } = { members: "users", attachments: "files", chat_id: "chat" };

function argument(path: string): string {
  const [first = "", ...rest] = path.split(".");
  return [ARGUMENTS[first] ?? first, ...rest].join(".");
}

function fromFailure(failure: Failure): MethodError {
  switch (failure.code) {
    case "auth.required":
      return noToken();
    case "auth.invalid":
      return badToken();
    case "access.denied":
      return failure.reason === "not_member" ? noChat() : new MethodError("access_error", failure.detail);
    case "not_found":
      if (failure.subject === "chat") return noChat();
      if (failure.subject === "member") return badField("users: is not in this chat");
      return badField(failure.subject === "user" ? "users: is no user" : failure.detail);
    case "input.invalid":
      return badField(
        failure.errors?.map(({ path, message }) => `${argument(path)}: ${message}`).join("; ") ?? failure.detail,
      );
    case "too_large":
      return badField(`files: ${failure.detail}`);
    case "conflict":
      return badField(failure.detail);
    case "chat.duplicate":
      return new MethodError("chat_duplication_error", "This chat exists already.", {
        chat_id: failure.chatId ?? null,
      });
    case "rate.limited":
      return new MethodError("system_error", "Too many requests. Wait a moment.");
    case "internal":
      return new MethodError("system_error", failure.detail);
  }
}

/** The frame of an error; `key` is what the client passed along. */
export function errorFrame({ type, detail, extra }: MethodError, key: Json): string {
  return JSON.stringify({ type: "error", data: { type, detail, ...extra, event_response_key: key } });
}
