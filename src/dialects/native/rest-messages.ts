/** `/v1/chats/{id}/messages` and `/v1/chats/{id}/read`. */

import { Hono } from "hono";
import { z } from "zod";
import type { Http } from "../http.ts";
import { json, sessionOf } from "../http.ts";
import { draftOf } from "./commands.ts";
import { describe, valid } from "./describe.ts";
import type { Render } from "./render.ts";
import {
  chatParam,
  editInput,
  messageInput,
  messageOutput,
  messageParam,
  messagesQuery,
  pageOf,
  readInput,
  unreadOutput,
} from "./schemas.ts";

export function messageRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  routes.get(
    "/chats/:id/messages",
    describe(
      "History: newest first, or oldest first with `after`; message ids as cursors",
      { 200: pageOf(messageOutput, z.int()) },
      [400, 403, 404],
    ),
    valid("param", chatParam),
    valid("query", messagesQuery),
    async (c) => {
      const session = await sessionOf(c);
      const query = { do: "message.list", ...c.req.valid("query") } as const;
      return json(c, await c.get("service").chats.readLog(session, c.req.valid("param").id, query, c.get("origin")));
    },
  );

  routes.post(
    "/chats/:id/messages",
    describe(
      "Send a message; the same `client_id` again sends nothing and answers with the stored one",
      { 200: messageOutput, 201: messageOutput },
      [400, 403, 404],
    ),
    valid("param", chatParam),
    valid("json", messageInput),
    async (c) => {
      const session = await sessionOf(c);
      const draft = draftOf(c.req.valid("json"));
      const { message, created } = await c
        .get("service")
        .chats.command<"message.send">(session, c.req.valid("param").id, { do: "message.send", draft });
      return c.json(render.seen(message, c.get("origin")), created ? 201 : 200);
    },
  );

  routes.patch(
    "/chats/:id/messages/:message",
    describe("Edit one's message", { 200: messageOutput }, [400, 403, 404]),
    valid("param", messageParam),
    valid("json", editInput),
    async (c) => {
      const session = await sessionOf(c);
      const { id, message: messageId } = c.req.valid("param");
      const { message } = await c
        .get("service")
        .chats.command<"message.edit">(session, id, { do: "message.edit", messageId, text: c.req.valid("json").text });
      return c.json(render.seen(message, c.get("origin")));
    },
  );

  routes.delete(
    "/chats/:id/messages/:message",
    describe("Delete a message: it keeps its place, its content is gone", { 204: "Deleted." }, [400, 403, 404]),
    valid("param", messageParam),
    async (c) => {
      const session = await sessionOf(c);
      const { id, message: messageId } = c.req.valid("param");
      await c.get("service").chats.command<"message.delete">(session, id, { do: "message.delete", messageId });
      return c.body(null, 204);
    },
  );

  routes.post(
    "/chats/:id/read",
    describe("Read one message alone, all up to one, or all", { 200: unreadOutput }, [400, 403, 404]),
    valid("param", chatParam),
    valid("json", readInput),
    async (c) => {
      const session = await sessionOf(c);
      const { message_id, up_to } = c.req.valid("json");
      const { unread } = await c
        .get("service")
        .chats.command<"read">(session, c.req.valid("param").id, { do: "read", messageId: message_id, upTo: up_to });
      return c.json({ unread });
    },
  );

  return routes;
}
