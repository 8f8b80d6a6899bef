/** Short hands for the OpenAPI description of the `mobile` routes. Knows `hono-openapi`; knows no route. */

import type { MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver } from "hono-openapi";
import type { z } from "zod";
import { APP, RETRY_AFTER } from "../openapi.ts";
import { errorOutput } from "./schemas.ts";

const ERRORS: Readonly<Record<number, string>> = {
  400: "`400-1` read first, `400-2` to oneself, `400-3` no integer, `400-4` the room is full.",
  401: "Without credentials, with wrong ones, or not one's own.",
  403: "`403-1` not in this chat, `403-3` too far away.",
  404: "`404-2` no such chat, `404-5` no such room, `404-8` not taking part; without a code: no such app.",
  422: "The input is wrong; `errors` says where.",
  429: "Too many tries; `Retry-After` says for how long.",
};

type Responses = NonNullable<DescribeRouteOptions["responses"]>;

interface More {
  /** A form or JSON. */
  readonly body?: z.ZodType;
  /** It needs no credentials, and says which app it is for. */
  readonly open?: boolean;
  readonly parameters?: readonly NonNullable<DescribeRouteOptions["parameters"]>[number][];
  /** Answers that are more than one shape of JSON. */
  readonly responses?: Responses;
}

export const json = (schema: z.ZodType) => ({ schema: resolver(schema) });

/** A route: what it does, what it answers (a shape, or in words where there is no body), and which errors it may have. */
export function describe(
  summary: string,
  answers: Readonly<Record<number, z.ZodType | string>>,
  errors: readonly number[],
  { body, open = false, parameters = [], responses: more = {} }: More = {},
): MiddlewareHandler {
  const responses: Responses = { ...more };
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] =
      typeof answer === "string"
        ? { description: answer }
        : { description: "OK", content: { "application/json": json(answer) } };
  }
  for (const status of errors) {
    responses[String(status)] = {
      description: ERRORS[status] ?? "",
      content: { "application/json": json(errorOutput) },
      ...(status === 429 ? { headers: RETRY_AFTER } : {}),
    };
  }
  const schema = body === undefined ? null : resolver(body, { io: "input" });
  return describeRoute({
    summary,
    tags: ["mobile"],
    security: open ? [] : [{ fae: [] }, { bearer: [] }],
    parameters: open ? [...APP, ...parameters] : [...parameters],
    responses,
    ...(schema === null
      ? {}
      : {
          requestBody: { content: { "application/x-www-form-urlencoded": { schema }, "application/json": { schema } } },
        }),
  });
}
