/** The routes of `/v1`, put together: each reads its input by a schema, calls one use case and renders its result. */

import { Hono } from "hono";
import { invalid, notFound } from "../../core/errors.ts";
import { wholeBody } from "../body.ts";
import type { Http } from "../http.ts";
import { everyOrigin } from "../http.ts";
import { problem } from "./problems.ts";
import type { Render } from "./render.ts";
import { accountRoutes } from "./rest-account.ts";
import { attachmentRoutes } from "./rest-attachments.ts";
import { chatRoutes } from "./rest-chats.ts";
import { messageRoutes } from "./rest-messages.ts";
import { socketRoutes } from "./rest-sockets.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

export function nativeRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();
  const whole = wholeBody((thrown) => {
    throw thrown;
  });

  routes.use(
    everyOrigin({
      allowHeaders: ["authorization", "content-type", "x-app-id", "range", "if-none-match"],
      allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      exposeHeaders: ["retry-after", "etag", "content-range", "accept-ranges", "content-disposition", "x-request-id"],
    }),
  );
  routes.use(async (c, next) => {
    if (c.req.path === "/v1/attachments") return next();
    // A body that does not say what it is would be taken for none: `read` with one would read everything.
    const empty = c.req.raw.body === null || c.req.header("content-length") === "0";
    if (!empty && !JSON_TYPE.test(c.req.header("content-type") ?? "")) {
      throw invalid("", "the body must be JSON (Content-Type: application/json)");
    }
    return whole(c, next);
  });
  routes.route("/", accountRoutes(render));
  routes.route("/", socketRoutes());
  routes.route("/", chatRoutes(render));
  routes.route("/", messageRoutes(render));
  routes.route("/", attachmentRoutes(render));
  routes.all("*", () => problem(notFound("route").failure));
  return routes;
}
