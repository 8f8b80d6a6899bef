/** `/v1/chats`: chats and their members. */

import { Hono } from "hono";
import { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import type { Http } from "../http.ts";
import { json, sessionOf } from "../http.ts";
import { describe, valid } from "./describe.ts";
import type { Render } from "./render.ts";
import {
  changesOutput,
  changesQuery,
  chatOutput,
  chatParam,
  chatsQuery,
  detailedChatOutput,
  isOn,
  memberInput,
  memberParam,
  newChatInput,
  pageOf,
  titleInput,
} from "./schemas.ts";

export function chatRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/chats",
    describe(
      "Make a chat; with one other member and no title: the direct chat, which there is once",
      { 200: detailedChatOutput, 201: detailedChatOutput },
      [400, 404],
    ),
    valid("json", newChatInput),
    async (c) => {
      const session = await sessionOf(c);
      const { members, title } = c.req.valid("json");
      const chats = c.get("service").chats;
      const others = [...new Set(members)].filter((user) => user !== session.userId);
      const [other] = others.length === 0 ? members : others;
      if (other !== undefined && others.length <= 1 && (title ?? null) === null) {
        const { chat, created } = await chats.direct(session, other);
        return c.json(render.detailed(chat, c.get("origin")), created ? 201 : 200);
      }
      const chat = await chats.create(session, { kind: "group", title: title ?? null, members });
      return c.json(render.detailed(chat, c.get("origin")), 201);
    },
  );

  routes.get(
    "/chats",
    describe("One's chats, most recently active first", { 200: pageOf(chatOutput, z.string()) }, [400]),
    valid("query", chatsQuery),
    async (c) => {
      const session = await sessionOf(c);
      const { unread, limit, cursor } = c.req.valid("query");
      const { items, next } = await c.get("service").chats.list(session, {
        unreadOnly: isOn(unread),
        limit: limit ?? LIMITS.pageDefault,
        cursor,
      });
      return c.json({ items: items.map((chat) => render.chat(chat, c.get("origin"))), next });
    },
  );

  routes.get(
    "/chats/:id",
    describe("A chat with its members", { 200: detailedChatOutput }, [400, 403, 404]),
    valid("param", chatParam),
    async (c) => {
      const session = await sessionOf(c);
      const chat = await c.get("service").chats.get(session, c.req.valid("param").id);
      return c.json(render.detailed(chat, c.get("origin")));
    },
  );

  routes.patch(
    "/chats/:id",
    describe("Rename a group", { 200: chatOutput }, [400, 403, 404]),
    valid("param", chatParam),
    valid("json", titleInput),
    async (c) => {
      const session = await sessionOf(c);
      const chat = await c.get("service").chats.command<"chat.rename">(session, c.req.valid("param").id, {
        do: "chat.rename",
        title: c.req.valid("json").title,
      });
      return c.json(render.chat(chat, c.get("origin")));
    },
  );

  routes.delete(
    "/chats/:id",
    describe("Erase a chat for all", { 204: "The chat is gone, with its messages and files." }, [400, 403, 404]),
    valid("param", chatParam),
    async (c) => {
      const session = await sessionOf(c);
      await c.get("service").chats.command<"chat.erase">(session, c.req.valid("param").id, { do: "chat.erase" });
      return c.body(null, 204);
    },
  );

  routes.put(
    "/chats/:id/members/:user",
    describe("Add somebody, or give them another role", { 200: detailedChatOutput }, [400, 403, 404]),
    valid("param", memberParam),
    valid("json", memberInput),
    async (c) => {
      const session = await sessionOf(c);
      const { id, user } = c.req.valid("param");
      const { role } = c.req.valid("json");
      const chat = await c.get("service").chats.putMember(session, id, user, role);
      return c.json(render.detailed(chat, c.get("origin")));
    },
  );

  routes.delete(
    "/chats/:id/members/:user",
    describe("Remove somebody, or leave", { 204: "They are no member any more." }, [400, 403, 404]),
    valid("param", memberParam),
    async (c) => {
      const session = await sessionOf(c);
      const { id, user } = c.req.valid("param");
      await c.get("service").chats.command<"member.remove">(session, id, { do: "member.remove", users: [user] });
      return c.body(null, 204);
    },
  );

  routes.get(
    "/chats/:id/changes",
    describe("What changed since a `rev`, edits and deletions included", { 200: changesOutput }, [400, 403, 404]),
    valid("param", chatParam),
    valid("query", changesQuery),
    async (c) => {
      const session = await sessionOf(c);
      const query = { do: "changes", since: c.req.valid("query").since } as const;
      return json(c, await c.get("service").chats.readLog(session, c.req.valid("param").id, query, c.get("origin")));
    },
  );

  return routes;
}
