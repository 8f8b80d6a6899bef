/** `/v1/socket` and `/v1/chats/{id}/socket`: from the request to the object that holds the socket. */

import type { Context } from "hono";
import { Hono } from "hono";
import { authRequired } from "../../core/errors.ts";
import type { Failure } from "../../core/errors.ts";
import type { Caller } from "../../service/auth.ts";
import type { Http } from "../http.ts";
import { bearer } from "../http.ts";
import { describe, valid } from "./describe.ts";
import { problem, problemWith } from "./problems.ts";
import { chatParam } from "./schemas.ts";

const BEARER = "bearer.";

/** Browsers can't set headers on a socket: their token comes as a subprotocol beside the one that is spoken. */
async function socketCaller(c: Context<Http>): Promise<Caller> {
  const offered =
    c.req
      .header("sec-websocket-protocol")
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  const token = bearer(c.req.raw) ?? offered.find((name) => name.startsWith(BEARER))?.slice(BEARER.length);
  if (token === undefined) throw authRequired();
  return c.get("service").auth.authenticate(token);
}

function upgradeRequired(c: Context<Http>): Response | null {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return null;
  const detail = "This is a WebSocket address.";
  return problemWith(426, "Upgrade required", {
    code: "input.invalid",
    detail,
    errors: [{ path: "", message: detail }],
  });
}

/** What an object refused, in the dialect's words. */
async function refusal(response: Response): Promise<Response> {
  if (response.status === 101) return response;
  if (response.status !== 400)
    return problem({ code: "rate.limited", detail: "This place is full. Try again soon.", retryAfter: 5 });
  return problem(await response.json<Failure>());
}

export function socketRoutes(): Hono<Http> {
  const routes = new Hono<Http>();
  const switching = { 101: "The socket stands." };

  routes.get(
    "/socket",
    describe("A socket for everything about all of one's chats", switching, [426, 429], { access: "own" }),
    async (c) => {
      const refused = upgradeRequired(c);
      if (refused !== null) return refused;
      const caller = await socketCaller(c);
      return refusal(await c.get("sockets").gateway("native", c.req.raw, caller, c.get("origin")));
    },
  );

  routes.get(
    "/chats/:id/socket",
    describe("A socket on one chat, the shortest way there is", switching, [400, 403, 404, 426], { access: "own" }),
    valid("param", chatParam),
    async (c) => {
      const refused = upgradeRequired(c);
      if (refused !== null) return refused;
      const caller = await socketCaller(c);
      return refusal(await c.get("sockets").chat(c.req.valid("param").id, c.req.raw, caller, c.get("origin")));
    },
  );

  return routes;
}
