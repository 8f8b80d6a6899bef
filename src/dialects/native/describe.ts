/** Short hands for the OpenAPI description of the native routes. Knows `hono-openapi`; knows no route. */

import type { Context, MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { describeRoute, resolver, validator } from "hono-openapi";
import type { z } from "zod";
import { invalidFields } from "../../core/errors.ts";
import type { Http } from "../http.ts";
import { sessionOf } from "../http.ts";
import { fieldErrors, parseInput } from "../input.ts";
import { APP, RETRY_AFTER } from "../openapi.ts";
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

/** `token`: checked here, before any of the input is; `own`: by the route itself; `optional`: there is another way in. */
type Access = "token" | "own" | "optional" | "none";

const SECURITY: Record<Access, { bearer?: [] }[]> = {
  token: [{ bearer: [] }],
  own: [{ bearer: [] }],
  optional: [{ bearer: [] }, {}],
  none: [],
};

/** A route: what it does, what it answers, which problems it may have, and who may ask. */
export function describe(
  summary: string,
  answers: { readonly [status: number]: z.ZodType | string },
  problems: readonly (keyof typeof PROBLEMS)[],
  more: { readonly access?: Access; readonly body?: DescribeRouteOptions["requestBody"] } = {},
): MiddlewareHandler<Http> {
  const access = more.access ?? "token";
  const responses: NonNullable<DescribeRouteOptions["responses"]> = {};
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] =
      typeof answer === "string"
        ? { description: answer }
        : { description: "OK", content: { "application/json": { schema: resolver(answer) } } };
  }
  for (const status of access === "token" || access === "own" ? [401, ...problems] : problems) {
    responses[String(status)] = {
      description: PROBLEMS[status] ?? "",
      content: problemContent,
      ...(status === 429 ? { headers: RETRY_AFTER } : {}),
    };
  }
  const described = describeRoute({
    summary,
    tags: ["native"],
    security: SECURITY[access],
    ...(access === "none" ? { parameters: APP } : {}),
    responses,
    ...(more.body === undefined ? {} : { requestBody: more.body }),
  });
  if (access !== "token") return described;
  const checked: MiddlewareHandler<Http> = async (c, next) => {
    await sessionOf(c);
    await next();
  };
  // With the description that `describeRoute` has put on its middleware: what the document says is what is done.
  return Object.assign(checked, described);
}

type Target = "json" | "query" | "param";

/** Validates a part of the request; what is wrong becomes `input.invalid` with its path. */
export function valid<Kind extends Target, Schema extends z.ZodType>(target: Kind, schema: Schema) {
  const validate = (value: unknown) => {
    const { success, data, error } = parseInput(schema, value);
    return success ? { value: data } : { issues: error.issues };
  };
  const read = Object.assign(schema, { "~standard": { ...schema["~standard"], validate } });
  const described = validator(target, read, (result) => {
    if (!result.success) throw invalidFields(fieldErrors(result.error));
  });
  if (target === "json") return described;
  // An address is there at once, and what the library awaits for the sake of bodies costs a page of history more than its check does.
  const checked: MiddlewareHandler<Http> = (c, next) => {
    const { success, data, error } = parseInput(schema, target === "param" ? c.req.param() : queryOf(c));
    if (!success) throw invalidFields(fieldErrors(error.issues));
    c.req.addValidatedData(target, data as object);
    return next();
  };
  return Object.assign(checked, described) as typeof described;
}

/** Each parameter's value; all its values, where there are several. */
const queryOf = (c: Context<Http>): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]),
  );
