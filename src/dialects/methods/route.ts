/** `/ws/chat/`: the socket of `methods`. Always accepted; who calls is said in band. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { Http } from "../http.ts";

export function methodsRoutes(): Hono<Http> {
  const routes = new Hono<Http>();
  const open = async (c: Context<Http>): Promise<Response> => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return c.json(
        {
          type: "error",
          data: { type: "system_error", detail: "This is a WebSocket address.", event_response_key: null },
        },
        426,
        {
          upgrade: "websocket",
        },
      );
    }
    return c.get("sockets").gateway("methods", c.req.raw, null, c.get("origin"));
  };
  routes.get("/ws/chat", open);
  routes.get("/ws/chat/", open);
  return routes;
}
