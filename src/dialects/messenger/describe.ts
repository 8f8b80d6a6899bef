/** Short hands for the OpenAPI description of the `messenger` routes. Knows `hono-openapi`; knows no route. */

import type { MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver } from "hono-openapi";
import type { z } from "zod";
import { APP, RETRY_AFTER } from "../openapi.ts";
import { errorOutput, errorsOutput } from "./schemas.ts";

const ERRORS: Readonly<Record<number, string>> = {
  400: "The input is wrong; `errors` says where.",
  401: "The username or the password is wrong.",
  403: "No token, or none that stands.",
  404: "There is no such app.",
  409: "The username is taken.",
  429: "Too many tries; `Retry-After` says for how long.",
};

type Responses = NonNullable<DescribeRouteOptions["responses"]>;
type Content = Extract<NonNullable<DescribeRouteOptions["requestBody"]>, { content: unknown }>["content"];

interface More {
  /** A form or JSON. */
  readonly body?: z.ZodType;
  /** A form with files. */
  readonly form?: Content[string]["schema"];
  /** It needs no token, and says which app it is for. */
  readonly open?: boolean;
}

function contentOf({ body, form }: More): Content | undefined {
  if (form !== undefined) return { "multipart/form-data": { schema: form } };
  if (body === undefined) return undefined;
  const schema = resolver(body, { io: "input" });
  return { "application/json": { schema }, "application/x-www-form-urlencoded": { schema } };
}

/** A route: what it does, what it answers (a shape, or in words where there is no body), and which errors it may have. */
export function describe(
  summary: string,
  answers: Readonly<Record<number, z.ZodType | string>>,
  errors: readonly number[],
  more: More = {},
): MiddlewareHandler {
  const responses: Responses = {};
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] =
      typeof answer === "string"
        ? { description: answer }
        : { description: "OK", content: { "application/json": { schema: resolver(answer) } } };
  }
  for (const status of errors) {
    responses[String(status)] = {
      description: ERRORS[status] ?? "",
      content: { "application/json": { schema: resolver(status === 400 ? errorsOutput : errorOutput) } },
      ...(status === 429 ? { headers: RETRY_AFTER } : {}),
    };
  }
  const content = contentOf(more);
  return describeRoute({
    summary,
    tags: ["messenger"],
    security: more.open === true ? [] : [{ bearer: [] }],
    ...(more.open === true ? { parameters: APP } : {}),
    responses,
    ...(content === undefined ? {} : { requestBody: { required: true, content } }),
  });
}
