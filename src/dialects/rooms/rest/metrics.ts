/** `/metrics`: what was counted of the traffic of a caller's apps, for Prometheus to fetch. */

import { Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import type { Http } from "../../http.ts";
import { operatorOf, appIn } from "./access.ts";
import { badKey } from "./errors.ts";
import { PROMETHEUS, prometheusText } from "./prometheus.ts";
import { errorOutput } from "./schemas.ts";

const failure = (description: string) => ({
  description,
  content: { "application/json": { schema: resolver(errorOutput) } },
});

export function metricsRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.get(
    "/metrics",
    describeRoute({
      summary:
        "What was counted of the traffic of one's own apps (an admin's: of all), in the text format of Prometheus",
      tags: ["rooms"],
      security: [{ operator: [] }, { appKey: [] }],
      parameters: [
        {
          in: "query",
          name: "app",
          description: "This app alone, by its number or UUID; an app's key speaks for its own in any case.",
          schema: { type: "string" },
        },
      ],
      responses: {
        200: { description: "OK", content: { "text/plain": { schema: { type: "string" } } } },
        401: failure("`No token provided`, `Invalid token` or `Invalid key`."),
        404: failure("`App Not Found`."),
      },
    }),
    async (c) => {
      const { apps } = c.get("service");
      const key = c.req.header("x-app-key");
      const named = c.req.query("app");
      if (key === undefined) {
        const operator = await operatorOf(c);
        const counted = await apps.figures(operator, named === undefined ? undefined : appIn(named));
        return text(counted);
      }
      const app = await apps.findByKey(key);
      if (app === null) throw badKey();
      return text([await apps.figuresOf(app)]);
    },
  );

  return routes;
}

type Counted = Awaited<ReturnType<Http["Variables"]["service"]["apps"]["figures"]>>;

function text(counted: Counted): Response {
  const shown = counted.map(({ app, figures }) => ({ app: app.uuid, figures }));
  return new Response(prometheusText(shown), { headers: { "content-type": PROMETHEUS } });
}
