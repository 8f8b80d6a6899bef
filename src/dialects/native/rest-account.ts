/** `/v1/config`, `/v1/auth/*`, `/v1/me` and `/v1/users`: accounts and people. */

import { Hono } from "hono";
import { LIMITS } from "../../core/limits.ts";
import type { Http } from "../http.ts";
import { addressOf, appOf, callerOf, sessionOf } from "../http.ts";
import { describe, valid } from "./describe.ts";
import type { Render } from "./render.ts";
import {
  configOutput,
  isOn,
  listedUserOutput,
  knownUserOutput,
  loginInput,
  logoutQuery,
  pageOf,
  profileInput,
  registerInput,
  sessionOutput,
  userOutput,
  userParam,
  usersQuery,
} from "./schemas.ts";
import { z } from "zod";

/** What a client must know before it asks its user to write. */
const CLIENT_LIMITS = {
  text: LIMITS.text,
  title: LIMITS.title,
  name: LIMITS.name,
  username: LIMITS.username,
  password_min: LIMITS.passwordMin,
  password_max: LIMITS.passwordMax,
  attachments: LIMITS.attachments,
  attachment_bytes: LIMITS.attachmentBytes,
  page: LIMITS.page,
  members: LIMITS.members,
  members_at_once: LIMITS.membersAtOnce,
};

export function accountRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  routes.get(
    "/config",
    describe("What a client must know before login", { 200: configOutput }, [404], { access: "none" }),
    async (c) => {
      const app = await appOf(c);
      return c.json({ app: app.uuid, name: app.name, open: app.open, limits: CLIENT_LIMITS });
    },
  );

  routes.post(
    "/auth/register",
    describe("Make an account", { 201: sessionOutput }, [400, 404, 409], { access: "none" }),
    valid("json", registerInput),
    async (c) => {
      const { token, user } = await c.get("service").auth.register(await appOf(c), c.req.valid("json"));
      return c.json({ token, user: render.user(user) }, 201);
    },
  );

  routes.post(
    "/auth/login",
    describe("Log in", { 200: sessionOutput }, [400, 401, 404, 429], { access: "none" }),
    valid("json", loginInput),
    async (c) => {
      const { username, password } = c.req.valid("json");
      const { token, user } = await c
        .get("service")
        .auth.login(await appOf(c), username, password, addressOf(c.req.raw));
      return c.json({ token, user: render.user(user) });
    },
  );

  routes.post(
    "/auth/logout",
    describe(
      "End the token, and close its sockets; with `everywhere=1` all tokens of the user",
      { 204: "The token is dead." },
      [400],
    ),
    valid("query", logoutQuery),
    async (c) => {
      const session = await sessionOf(c);
      if (isOn(c.req.valid("query").everywhere)) await c.get("service").auth.logoutEverywhere(session);
      else await c.get("service").auth.logout(session);
      return c.body(null, 204);
    },
  );

  routes.get("/me", describe("Oneself", { 200: userOutput }, []), async (c) =>
    c.json(render.user((await callerOf(c)).user)),
  );

  routes.patch(
    "/me",
    describe("Change one's name or photo", { 200: userOutput }, [400]),
    valid("json", profileInput),
    async (c) => {
      const session = await sessionOf(c);
      return c.json(render.user(await c.get("service").users.update(session, c.req.valid("json"))));
    },
  );

  routes.delete(
    "/me",
    describe("Delete one's account", { 204: "The account is gone; its messages stay." }, []),
    async (c) => {
      await c.get("service").auth.erase(await callerOf(c));
      return c.body(null, 204);
    },
  );

  routes.get(
    "/users",
    describe("Search people", { 200: pageOf(listedUserOutput, z.string()) }, [400]),
    valid("query", usersQuery),
    async (c) => {
      const session = await sessionOf(c);
      const { q, limit, cursor } = c.req.valid("query");
      const page = { query: q ?? "", after: cursor ?? null, limit: limit ?? LIMITS.pageDefault };
      const { items, next } = await c.get("service").users.search(session, page);
      return c.json({ items: items.map(({ user, online }) => ({ ...render.person(user), online })), next });
    },
  );

  routes.get(
    "/users/:id",
    describe(
      "Somebody, and when they were last connected (null while they are, or where they never were)",
      { 200: knownUserOutput },
      [400, 404],
    ),
    valid("param", userParam),
    async (c) => {
      const session = await sessionOf(c);
      const { user, online, lastSeen } = await c.get("service").users.seen(session, c.req.valid("param").id);
      const last_seen = lastSeen === null ? null : new Date(lastSeen).toISOString();
      return c.json({ ...render.person(user), online, last_seen });
    },
  );

  return routes;
}
