/** The routes of `mobile`, put together: each area with the codes that its errors have there. */

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { failureOf } from "../../core/errors.ts";
import { wholeBody } from "../body.ts";
import type { Http } from "../http.ts";
import { everyOrigin } from "../http.ts";
import { accountRoutes } from "./accounts.ts";
import { chatV2Routes } from "./chats-v2.ts";
import { chatRoutes } from "./chats.ts";
import type { Area } from "./errors.ts";
import { errorResponse, MobileError } from "./errors.ts";
import type { Render } from "./render.ts";
import { roomRoutes } from "./rooms.ts";

/** `report` hears of what is a fault of ours. */
export function mobileRoutes(render: Render, report: (fault: unknown) => void): Hono<Http> {
  const routes = new Hono<Http>();
  area(routes, ["/users", "/authentication", "/sync"], accountRoutes(), "chat", report);
  area(routes, ["/chats"], chatRoutes(render), "chat", report);
  area(routes, ["/chats_v2"], chatV2Routes(render), "chat", report);
  area(routes, ["/chat_rooms"], roomRoutes(render), "room", report);
  return routes;
}

function area(
  routes: Hono<Http>,
  paths: readonly string[],
  part: Hono<Http>,
  name: Area,
  report: (fault: unknown) => void,
): void {
  const whole = wholeBody((thrown) => errorResponse(thrown, name));
  const open = everyOrigin({
    allowHeaders: ["authorization", "content-type", "accept", "x-app-id"],
    allowMethods: ["GET", "HEAD", "POST", "DELETE"],
    exposeHeaders: ["unread_count", "unread-count", "retry-after", "x-request-id"],
  });
  part.onError((thrown) => {
    const known = thrown instanceof MobileError || thrown instanceof HTTPException;
    if (!known && failureOf(thrown).code === "internal") report(thrown);
    return errorResponse(thrown, name);
  });
  // A pattern with a star holds for the path itself too. What is first here is first to see a request.
  const patterns = paths.map((path) => `${path}/*`);
  for (const pattern of patterns) routes.use(pattern, open, whole);
  routes.route("/", part);
  for (const pattern of patterns) {
    routes.all(pattern, () => errorResponse(new MobileError(404, "There is no such route."), name));
  }
}
