/** `/users`, `/authentication` and `/sync`: accounts, sessions and how much is unread. */

import { Hono } from "hono";
import type { Http } from "../http.ts";
import { addressOf, appOf } from "../http.ts";
import { describe } from "./describe.ts";
import { bodyOf, loginFields, sessionOf, userFields } from "./input.ts";
import { mobileTime } from "./render.ts";
import { loginOutput, syncOutput } from "./schemas.ts";

export function accountRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/users",
    describe("Make an account", { 201: "The account is made." }, [404, 422], { body: userFields, open: true }),
    async (c) => {
      const { user_name, password, email, first_name, last_name } = await bodyOf(c, userFields);
      await c.get("service").auth.register(await appOf(c), {
        username: user_name,
        password,
        email: email === "" ? undefined : email,
        firstName: first_name,
        lastName: last_name,
      });
      return c.body(null, 201);
    },
  );

  routes.post(
    "/authentication",
    describe("Log in: a token and its session", { 201: loginOutput }, [401, 404, 422, 429], {
      body: loginFields,
      open: true,
    }),
    async (c) => {
      const { user_name, email, password } = await bodyOf(c, loginFields);
      const login = user_name || email || "";
      const { token, user, session } = await c
        .get("service")
        .auth.login(await appOf(c), login, password, addressOf(c.req.raw));
      return c.json(
        { user_id: user.id, token, session_id: session.tokenId, last_login_at: mobileTime(Date.now()) },
        201,
      );
    },
  );

  routes.delete(
    "/authentication",
    describe("Log out: the token is dead at once", { 204: "Done." }, [401]),
    async (c) => {
      await c.get("service").auth.logout(await sessionOf(c));
      return c.body(null, 204);
    },
  );

  routes.get("/sync", describe("How much is unread", { 200: syncOutput }, [401]), async (c) => {
    const session = await sessionOf(c);
    const unread = await c.get("service").chats.unreadSum(session);
    return c.json({ friend_request: 0, chat: unread.direct, chat_room: unread.room + unread.group });
  });

  return routes;
}
