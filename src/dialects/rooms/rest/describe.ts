/** Short hands for the OpenAPI description of the REST of `rooms`. Knows `hono-openapi`; knows no route. */

import type { MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver } from "hono-openapi";
import type { z } from "zod";
import { RETRY_AFTER } from "../../openapi.ts";
import { errorOutput } from "./schemas.ts";

const ERRORS: Readonly<Record<number, string>> = {
  400: "The body is unreadable, or the address is taken.",
  401: "`No token provided`, `Invalid token`, `Invalid key` or `Login failed`.",
  403: "This is not for this caller.",
  404: "`App Not Found`, `Room Not Found` or `ChatUser id … Not Found`.",
  409: "`Room Already Exists`, or a token that is another user's.",
  422: "The input is wrong, or `Users … not registered`.",
  429: "Too many tries; `Retry-After` says for how long.",
};

/** Who may call: an operator, an operator or a holder of the app's key, or anyone. */
type Access = "operator" | "manager" | "anyone";

const SECURITY: Record<Access, { operator?: []; appKey?: [] }[]> = {
  operator: [{ operator: [] }],
  manager: [{ operator: [] }, { appKey: [] }],
  anyone: [],
};

type Parameters = NonNullable<DescribeRouteOptions["parameters"]>;

/** The app that a request is about; with a key it may be left out. */
export const APP_ID: Parameters = [
  { in: "header", name: "appId", description: "The app's UUID.", schema: { type: "string" } },
  { in: "query", name: "appId", description: "The same, in the query.", schema: { type: "string" } },
];

const json = (schema: z.ZodType) => ({ "application/json": { schema: resolver(schema) } });

/** A route: who may call, what it answers, and which errors it may have besides 401. */
export function describe(
  summary: string,
  access: Access,
  answer: z.ZodType,
  errors: readonly number[],
  { body, parameters = [] }: { body?: z.ZodType; parameters?: Parameters } = {},
): MiddlewareHandler {
  const responses: NonNullable<DescribeRouteOptions["responses"]> = {
    200: { description: "OK", content: json(answer) },
  };
  for (const status of access === "anyone" ? errors : [401, ...errors]) {
    responses[String(status)] = {
      description: ERRORS[status] ?? "",
      content: json(errorOutput),
      ...(status === 429 ? { headers: RETRY_AFTER } : {}),
    };
  }
  // Said here too: a schema that transforms what it takes in loses its examples on the way to the document.
  const example = (body?.meta() as { examples?: readonly unknown[] } | undefined)?.examples?.[0];
  const content = body === undefined ? null : { schema: resolver(body, { io: "input" }), example };
  return describeRoute({
    summary,
    tags: ["rooms"],
    security: SECURITY[access],
    parameters: [...parameters],
    responses,
    ...(content === null
      ? {}
      : { requestBody: { content: { "application/json": content, "application/x-www-form-urlencoded": content } } }),
  });
}
