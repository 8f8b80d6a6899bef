/**
 * `/socket.io/`, where Socket.IO clients go by default: two dialects share it, told apart by whether the query has a
 * `token`. Knows their names; knows none of their events.
 */

import { Hono } from "hono";
import type { Context } from "hono";
import type { Http } from "./http.ts";
import { answerSocketIo } from "./socket-io.ts";

/** The dialects by their names; null: there is none, and such connections find nothing here. */
interface Dialects {
  readonly withToken: string | null;
  readonly withoutToken: string;
}

/** The request with the app of its header `X-App-Id`, which no Gateway sees, in the query; the address is the client's else. */
function withApp(request: Request, url: URL): Request {
  const app = request.headers.get("x-app-id");
  if (app === null || url.searchParams.has("sid")) return request;
  url.searchParams.set("app", app);
  return new Request(url, request);
}

export function defaultPathRoutes({ withToken, withoutToken }: Dialects): Hono<Http> {
  const routes = new Hono<Http>();
  const answer = async (c: Context<Http>): Promise<Response> => {
    const url = new URL(c.req.url);
    const dialect = url.searchParams.has("token") ? withToken : withoutToken;
    if (dialect === null) return c.notFound();
    const request = withApp(c.req.raw, url);
    return answerSocketIo(dialect, request, (gateways, key) =>
      c.get("sockets").carried(gateways, key, request, c.get("origin")),
    );
  };
  routes.all("/socket.io", answer);
  routes.all("/socket.io/", answer);
  return routes;
}
