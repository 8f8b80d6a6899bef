/** `/chats`: direct chats, with their history kept. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { ChatKind } from "../../core/chat.ts";
import type { ChatId } from "../../core/ids.ts";
import type { Actor } from "../../core/people.ts";
import { isFailure } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Caller } from "../../service/auth.ts";
import type { Service } from "../../service/service.ts";
import type { Http } from "../http.ts";
import { describe } from "./describe.ts";
import { noChat, notInChat, notYours, toOneself } from "./errors.ts";
import {
  bodyOf,
  callerOf,
  chatMessageFields,
  chatParam,
  pageQuery,
  parse,
  readFields,
  sessionOf,
  userParam,
} from "./input.ts";
import { allChats } from "./lists.ts";
import type { Render } from "./render.ts";
import { chatIdOutput, chatsOutput, messagesOutput, unreadChatsOutput } from "./schemas.ts";
import type { z } from "zod";

/** What these routes are about: any other chat is none here. */
export const DIRECT: readonly ChatKind[] = ["direct"];

/** Writes to the direct chat with the receiver, which is made where there is none; the chat's id. */
export async function sendDirect(
  service: Service,
  { session, user }: Caller,
  { receiver_id, message, type }: z.output<typeof chatMessageFields>,
  consumable: boolean,
): Promise<ChatId> {
  if (receiver_id === session.userId) throw toOneself();
  const draft = { text: message, kind: type, consumable, requireRead: user.readBeforeSend };
  return (await service.chats.write(session, receiver_id, draft)).chat;
}

/** The direct chat of the two people that the path names, of whom the caller must be one. @throws 400-2, 403-1, 404-2 */
export async function pairOf(c: Context<Http>, actor: Actor): Promise<ChatId> {
  const [a, b] = [userParam(c, "a"), userParam(c, "b")];
  if (a !== actor.userId && b !== actor.userId) throw notInChat();
  if (a === b) throw toOneself();
  const chat = await c.get("service").chats.findDirect(actor, a === actor.userId ? b : a);
  if (chat === null) throw noChat();
  return chat;
}

/** Either side deletes the chat for both. @throws 401 for a chat of others, 404-2 */
export async function deleteChat(service: Service, actor: Actor, chat: ChatId): Promise<void> {
  try {
    await service.chats.command<"chat.erase">(actor, chat, { do: "chat.erase", kinds: DIRECT });
  } catch (thrown) {
    if (isFailure(thrown, "access.denied")) throw notYours();
    throw thrown;
  }
}

const HISTORY_ERRORS = [400, 401, 403, 404, 422];
const HISTORY = {
  parameters: [
    {
      in: "query",
      name: "count",
      schema: { type: "integer", minimum: 1, maximum: LIMITS.page, default: LIMITS.pageDefault },
    },
    {
      in: "query",
      name: "offset",
      description: "1 is the newest.",
      schema: { type: "integer", minimum: 1, default: 1 },
    },
  ],
} as const;

export function chatRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  async function history(c: Context<Http>, actor: Actor, chat: ChatId): Promise<Response> {
    const { count, offset } = parse(pageQuery, c.req.query());
    const { items } = await c.get("service").chats.command<"message.list">(actor, chat, {
      do: "message.list",
      kinds: DIRECT,
      present: true,
      skip: offset - 1,
      limit: count,
    });
    return c.json(items.map((message) => render.message(message, c.get("origin"))));
  }

  routes.post(
    "/chats",
    describe("Write to somebody", { 201: chatIdOutput }, [400, 401, 422], { body: chatMessageFields }),
    async (c) => {
      const caller = await callerOf(c);
      return c.json(
        { chat_id: await sendDirect(c.get("service"), caller, await bodyOf(c, chatMessageFields), false) },
        201,
      );
    },
  );

  routes.get("/chats/unread", describe("Chats with unread messages", { 200: unreadChatsOutput }, [401]), async (c) => {
    const session = await sessionOf(c);
    const chats = await allChats(c.get("service"), session, DIRECT, true);
    return c.json(chats.map((chat) => render.unreadChat(chat, c.get("origin"))));
  });

  routes.post(
    "/chats/read",
    describe("Read a chat", { 201: "Read." }, [401, 403, 404, 422], { body: readFields }),
    async (c) => {
      const session = await sessionOf(c);
      const { chat_id } = await bodyOf(c, readFields);
      await c.get("service").chats.command<"read">(session, chat_id, { do: "read", kinds: DIRECT });
      return c.body(null, 201);
    },
  );

  routes.get("/chats", describe("One's chats", { 200: chatsOutput }, [401]), async (c) => {
    const session = await sessionOf(c);
    const chats = await allChats(c.get("service"), session, DIRECT, false);
    return c.json(chats.map((chat) => render.chat(chat, c.get("origin"))));
  });

  routes.get(
    "/chats/users/:a/:b",
    describe("The chat of two people", { 200: chatIdOutput }, [400, 401, 403, 404]),
    async (c) => {
      const session = await sessionOf(c);
      return c.json({ chat_id: await pairOf(c, session) });
    },
  );

  routes.get(
    "/chats/:a/:b",
    describe("History of the chat of two people, newest first", { 200: messagesOutput }, HISTORY_ERRORS, HISTORY),
    async (c) => {
      const session = await sessionOf(c);
      return history(c, session, await pairOf(c, session));
    },
  );

  routes.get(
    "/chats/:chat_id",
    describe("History, newest first", { 200: messagesOutput }, HISTORY_ERRORS, HISTORY),
    async (c) => {
      const session = await sessionOf(c);
      return history(c, session, chatParam(c, "chat_id", noChat));
    },
  );

  routes.delete(
    "/chats/:chat_id",
    describe("Delete a chat for both", { 204: "Deleted." }, [400, 401, 404]),
    async (c) => {
      const session = await sessionOf(c);
      await deleteChat(c.get("service"), session, chatParam(c, "chat_id", noChat));
      return c.body(null, 204);
    },
  );

  return routes;
}
