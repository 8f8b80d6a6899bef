/** `/app`: an operator's apps, their keys and settings, and how much is in them. */

import { Hono } from "hono";
import { z } from "zod";
import type { Http } from "../../http.ts";
import { renderUser } from "../render.ts";
import { operatorOf, operatorsApp } from "./access.ts";
import { describe } from "./describe.ts";
import { bodyOf } from "./input.ts";
import { renderApp, renderKeyed } from "./render.ts";
import {
  appInput,
  appOutput,
  appPatchInput,
  keyedAppOutput,
  messageOutput,
  statsOutput,
  userOutput,
} from "./schemas.ts";

export function appRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/app",
    describe("Make an app; its key is told this once", "operator", keyedAppOutput, [400, 422], { body: appInput }),
    async (c) => {
      const operator = await operatorOf(c);
      return c.json(renderKeyed(await c.get("service").apps.create(operator, await bodyOf(c, appInput))));
    },
  );

  routes.get(
    "/app",
    describe("One's own apps", "operator", z.array(appOutput), [], {
      parameters: [
        { in: "query", name: "all", description: "`true`: every app, for an admin.", schema: { type: "string" } },
      ],
    }),
    async (c) => {
      const operator = await operatorOf(c);
      return c.json((await c.get("service").apps.list(operator, c.req.query("all") === "true")).map(renderApp));
    },
  );

  routes.get("/app/:appId", describe("An app", "operator", appOutput, [404]), async (c) =>
    c.json(renderApp(await operatorsApp(c, await operatorOf(c), c.req.param("appId")))),
  );

  routes.patch(
    "/app/:appId",
    describe("Change an app; what is left out stays", "operator", appOutput, [400, 404, 422], { body: appPatchInput }),
    async (c) => {
      const operator = await operatorOf(c);
      const patch = await bodyOf(c, appPatchInput);
      const { id } = await operatorsApp(c, operator, c.req.param("appId"));
      return c.json(renderApp(await c.get("service").apps.update(operator, id, patch)));
    },
  );

  routes.delete(
    "/app/:appId",
    describe("Delete an app with all that is its own", "operator", messageOutput, [403, 404]),
    async (c) => {
      const operator = await operatorOf(c);
      const { id } = await operatorsApp(c, operator, c.req.param("appId"));
      await c.get("service").apps.remove(operator, id);
      return c.json({ message: "deleted" });
    },
  );

  routes.post(
    "/app/:appId/key",
    describe(
      "Another key, told this once; the old one is dead, and what it opened is closed",
      "operator",
      keyedAppOutput,
      [404],
    ),
    async (c) => {
      const operator = await operatorOf(c);
      const { id } = await operatorsApp(c, operator, c.req.param("appId"));
      return c.json(renderKeyed(await c.get("service").apps.rotateKey(operator, id)));
    },
  );

  routes.get("/app/:appId/stats", describe("How much is in an app", "operator", statsOutput, [404]), async (c) => {
    const operator = await operatorOf(c);
    const { id } = await operatorsApp(c, operator, c.req.param("appId"));
    return c.json(await c.get("service").apps.stats(operator, id));
  });

  routes.get(
    "/app/:appId/online",
    describe("Who is online, by username", "operator", z.array(userOutput), [404]),
    async (c) => {
      const app = await operatorsApp(c, await operatorOf(c), c.req.param("appId"));
      return c.json((await c.get("service").apps.online(app)).map((user) => renderUser(user, app.id)));
    },
  );

  return routes;
}
