/** Pieces of OpenAPI descriptions that the REST of all dialects shares. Knows no route. */

import type { DescribeRouteOptions } from "hono-openapi";

/** Which app a request before login is for. */
export const APP: NonNullable<DescribeRouteOptions["parameters"]> = [
  { in: "header", name: "X-App-Id", description: "The app's UUID; else the default app.", schema: { type: "string" } },
  { in: "query", name: "app", description: "The same, for those who can't set a header.", schema: { type: "string" } },
];

export const RETRY_AFTER = {
  "Retry-After": { description: "Seconds until another try is worth it.", schema: { type: "integer" } },
} as const;
