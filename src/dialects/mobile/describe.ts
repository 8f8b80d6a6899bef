/** Short hands for the OpenAPI description of the `mobile` routes. Knows `hono-openapi`; knows no route. */

import type { MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver } from "hono-openapi";
import { z } from "zod";

const errorOutput = z.object({
  message: z.string(),
  error_code: z.string().optional(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
  status_code: z.int(),
});

const ERRORS: Readonly<Record<number, string>> = {
  400: "`400-1` read first, `400-2` to oneself, `400-3` no integer, `400-4` the room is full.",
  401: "Without credentials, with wrong ones, or not one's own.",
  403: "`403-1` not in this chat, `403-3` too far away.",
  404: "`404-2` no such chat, `404-5` no such room, `404-8` not taking part.",
  422: "The input is wrong; `errors` says where.",
  429: "Too many tries; `Retry-After` says for how long.",
};

/** A route: what it does, what it answers, which errors it may have, and its body (a form or JSON). `open`: it needs no credentials. */
export function describe(
  summary: string,
  answers: Readonly<Record<number, string>>,
  errors: readonly number[],
  body: z.ZodType | null = null,
  open = false,
): MiddlewareHandler {
  const responses: NonNullable<DescribeRouteOptions["responses"]> = {};
  for (const [status, description] of Object.entries(answers)) responses[status] = { description };
  for (const status of errors) {
    responses[String(status)] = {
      description: ERRORS[status] ?? "",
      content: { "application/json": { schema: resolver(errorOutput) } },
    };
  }
  const schema = body === null ? null : resolver(body, { io: "input" });
  return describeRoute({
    summary,
    tags: ["mobile"],
    security: open ? [] : [{ fae: [] }, { bearer: [] }],
    responses,
    ...(schema === null
      ? {}
      : {
          requestBody: { content: { "application/x-www-form-urlencoded": { schema }, "application/json": { schema } } },
        }),
  });
}
