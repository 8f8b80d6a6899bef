/** The REST of `rooms`, put together: the operators' side. */

import { Hono } from "hono";
import { wholeBody } from "../../body.ts";
import type { Http } from "../../http.ts";
import { answerWith, everyOrigin } from "../../http.ts";
import { appRoutes } from "./apps.ts";
import { authRoutes } from "./auth.ts";
import { errorResponse, isFault, RestError } from "./errors.ts";
import { metricsRoutes } from "./metrics.ts";
import { roomRoutes } from "./rooms.ts";
import { userRoutes } from "./users.ts";

const AREAS = ["/auth", "/app", "/user", "/room", "/metrics"];

/** `report` hears of what is a fault of ours. */
export function roomsRestRoutes(report: (fault: unknown) => void): Hono<Http> {
  const routes = new Hono<Http>();
  const whole = wholeBody(errorResponse);
  const open = everyOrigin({
    allowHeaders: ["authorization", "content-type", "token", "appid", "x-app-id", "x-app-key"],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: ["next-after", "retry-after", "x-request-id"],
  });
  for (const area of AREAS) {
    // A pattern with a star holds for the path itself too.
    routes.use(`${area}/*`, open, whole, (c, next) => {
      // Keys and tokens are told once, and kept nowhere.
      answerWith(c, { "cache-control": "no-store" });
      return next();
    });
  }
  for (const part of [authRoutes(), appRoutes(), userRoutes(), roomRoutes(), metricsRoutes()]) {
    part.onError((thrown) => {
      if (isFault(thrown)) report(thrown);
      return errorResponse(thrown);
    });
    routes.route("/", part);
  }
  for (const area of AREAS) {
    routes.all(`${area}/*`, () => errorResponse(new RestError(404, "There is no such route.")));
  }
  return routes;
}
