/** `/v1/socket` and `/v1/chats/{id}/socket`: from the request to the object that holds the socket. */

import type { Context } from "hono";
import { Hono } from "hono";
import { authRequired } from "../../core/errors.ts";
import type { Failure } from "../../core/errors.ts";
import type { Session } from "../../core/people.ts";
import type { Http } from "../http.ts";
import { bearer } from "../http.ts";
import { describe, valid } from "./describe.ts";
import { problem, problemWith } from "./problems.ts";
import { chatParam } from "./schemas.ts";

const BEARER = "bearer.";

/** Browsers can't set headers on a socket: their token comes as a subprotocol beside the one that is spoken. */
function socketToken(c: Context<Http>): string {
  const offered =
    c.req
      .header("sec-websocket-protocol")
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  const token = bearer(c.req.raw) ?? offered.find((name) => name.startsWith(BEARER))?.slice(BEARER.length);
  if (token === undefined) throw authRequired();
  return token;
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

/** Hands the upgrade on by the token's signature: the object that it goes to finds out whether the token still stands. */
async function upgrade(c: Context<Http>, connect: (session: Session) => Promise<Response>): Promise<Response> {
  const token = socketToken(c);
  const { auth } = c.get("service");
  const response = await connect(await auth.signed(token));
  if (response.status === 101) return response;
  // Whose token has ended hears that first, and nothing of what is there.
  await auth.authenticate(token);
  return refusal(response);
}

/** What an object refused, in the dialect's words. */
async function refusal(response: Response): Promise<Response> {
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
      return upgrade(c, (session) => c.get("sockets").gateway("native", c.req.raw, session, c.get("origin")));
    },
  );

  routes.get(
    "/chats/:id/socket",
    describe("A socket on one chat, the shortest way there is", switching, [400, 403, 404, 426], { access: "own" }),
    valid("param", chatParam),
    async (c) => {
      const refused = upgradeRequired(c);
      if (refused !== null) return refused;
      const { id } = c.req.valid("param");
      return upgrade(c, (session) => c.get("sockets").chat(id, c.req.raw, session, c.get("origin")));
    },
  );

  return routes;
}
