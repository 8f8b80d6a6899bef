/** Short hands for the OpenAPI description of the native routes. Knows `hono-openapi`; knows no route. */

import type { MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver, validator } from "hono-openapi";
import type { z } from "zod";
import { invalidFields } from "../../core/errors.ts";
import { fieldErrors } from "../input.ts";
import { problemOutput } from "./schemas.ts";

const problemContent = { "application/problem+json": { schema: resolver(problemOutput) } };

const PROBLEMS: Record<number, string> = {
  400: "The input is wrong; `errors` says where.",
  401: "No token, or none that stands.",
  403: "Not a member of the chat, or not allowed to do this in it.",
  404: "There is no such thing.",
  409: "The username is taken.",
  413: "The body is too large.",
  426: "This is a WebSocket address.",
  429: "Too many tries; `Retry-After` says for how long.",
};

/** A route: what it does, what it answers, and which problems it may have. `open`: it needs no token. */
export function describe(
  summary: string,
  answers: { readonly [status: number]: z.ZodType | string },
  problems: readonly (keyof typeof PROBLEMS)[],
  more: { readonly open?: boolean; readonly body?: DescribeRouteOptions["requestBody"] } = {},
): MiddlewareHandler {
  const responses: NonNullable<DescribeRouteOptions["responses"]> = {};
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] =
      typeof answer === "string"
        ? { description: answer }
        : { description: "OK", content: { "application/json": { schema: resolver(answer) } } };
  }
  for (const status of more.open === true ? problems : [401, ...problems]) {
    responses[String(status)] = { description: PROBLEMS[status] ?? "", content: problemContent };
  }
  return describeRoute({
    summary,
    tags: ["native"],
    security: more.open === true ? [] : [{ bearer: [] }],
    responses,
    ...(more.body === undefined ? {} : { requestBody: more.body }),
  });
}

type Target = "json" | "query" | "param";

/** Validates a part of the request; what is wrong becomes `input.invalid` with its path. */
export function valid<Kind extends Target, Schema extends z.ZodType>(target: Kind, schema: Schema) {
  return validator(target, schema, (result) => {
    if (!result.success) throw invalidFields(fieldErrors(result.error));
  });
}
