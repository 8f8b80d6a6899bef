/** `/auth`: operators log in, register others, and have tokens looked at. */

import { Hono } from "hono";
import { z } from "zod";
import { isFailure } from "../../../core/errors.ts";
import type { Http } from "../../http.ts";
import { addressOf } from "../../http.ts";
import { operatorOf } from "./access.ts";
import { describe } from "./describe.ts";
import { RestError, loginFailed } from "./errors.ts";
import { bodyOf } from "./input.ts";
import { renderSession } from "./render.ts";
import { loginInput, registerInput, sessionOutput } from "./schemas.ts";

export function authRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/auth/login",
    describe("Log in as operator", "anyone", sessionOutput, [400, 401, 422, 429], { body: loginInput }),
    async (c) => {
      const { email, password } = await bodyOf(c, loginInput);
      try {
        return c.json(renderSession(await c.get("service").operators.login(email, password, addressOf(c.req.raw))));
      } catch (thrown) {
        throw isFailure(thrown, "auth.invalid") ? loginFailed() : thrown;
      }
    },
  );

  routes.post(
    "/auth/register",
    describe("Register another operator, as admin", "operator", sessionOutput, [400, 403, 422], {
      body: registerInput,
    }),
    async (c) => {
      const operator = await operatorOf(c);
      const { firstName = null, lastName = null, ...rest } = await bodyOf(c, registerInput);
      try {
        return c.json(
          renderSession(await c.get("service").operators.register(operator, { ...rest, firstName, lastName })),
        );
      } catch (thrown) {
        if (isFailure(thrown, "conflict")) throw new RestError(400, "Email Already Exists");
        throw thrown;
      }
    },
  );

  routes.get(
    "/auth/verify",
    describe("Whether an operator's token stands", "anyone", z.boolean(), [], {
      parameters: [{ in: "header", name: "token", description: "The token.", schema: { type: "string" } }],
    }),
    async (c) => {
      try {
        await c.get("service").operators.authenticate(c.req.header("token") ?? "");
        return c.json(true);
      } catch (thrown) {
        if (isFailure(thrown, "auth.invalid")) return c.json(false);
        throw thrown;
      }
    },
  );

  return routes;
}
