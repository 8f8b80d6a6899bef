/** `/user`: a tenant registers its users, with the tokens that its own system issued. */

import { Hono } from "hono";
import { z } from "zod";
import { userId } from "../../../core/ids.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { Http } from "../../http.ts";
import { renderUser } from "../render.ts";
import { managerOf } from "./access.ts";
import { describe } from "./describe.ts";
import { badInput, noUser } from "./errors.ts";
import { bodyOf, idIn, pageOf } from "./input.ts";
import { messageOutput, userInput, userOutput } from "./schemas.ts";

export function userRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/user",
    describe(
      "Register a user, or bring one up to date; the token replaces the one before",
      "manager",
      userOutput,
      [400, 404, 409, 422],
      { body: userInput },
    ),
    async (c) => {
      const manager = await managerOf(c);
      const { appId, appUserId, token, ...names } = await bodyOf(c, userInput);
      const app = await manager.app(appId);
      // Where the tenant's JWTs are verified by its keys, none needs to be registered.
      if (token === undefined && app.jwksUrl === null) throw badInput("token: is missing");
      const user = await c.get("service").tenants.register(app, { externalId: appUserId, ...names }, token ?? null);
      return c.json(renderUser(user, app.id));
    },
  );

  routes.get(
    "/user/:appId",
    describe(`Users of an app by username, at most ${LIMITS.operatorPage}`, "manager", z.array(userOutput), [404], {
      parameters: [
        { in: "query", name: "limit", description: "At most so many.", schema: { type: "integer" } },
        {
          in: "query",
          name: "after",
          description:
            "Go on after this username: the header `next-after` of the page before, which the last one lacks.",
          schema: { type: "string" },
        },
      ],
    }),
    async (c) => {
      const app = await (await managerOf(c)).app(c.req.param("appId"));
      const { limit, after } = pageOf(c, LIMITS.operatorPage);
      const users = await c.get("service").tenants.list(app, { after, limit: limit + 1 });
      const shown = users.slice(0, limit);
      const last = users.length > limit ? shown.at(-1) : undefined;
      if (last !== undefined) c.header("next-after", encodeURIComponent(last.username));
      return c.json(shown.map((user) => renderUser(user, app.id)));
    },
  );

  routes.delete(
    "/user/:id",
    describe("Delete a user: token, names and connections go, messages stay", "manager", messageOutput, [404]),
    async (c) => {
      const manager = await managerOf(c);
      const { tenants } = c.get("service");
      const text = c.req.param("id");
      const id = idIn(text);
      const user = id === null ? null : await tenants.find(userId(id));
      if (user === null) throw noUser(text);
      // A user of another's app does not exist either.
      const app = await manager.appById(user.appId);
      if (app === null) throw noUser(text);
      await tenants.remove(app, user.id);
      return c.json({ message: "deleted" });
    },
  );

  return routes;
}
