/** `/chats_v2`: direct chats whose messages are consumed by being fetched. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { ChatId } from "../../core/ids.ts";
import type { SeenMessage } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { Http } from "../http.ts";
import { deleteChat, DIRECT, pairOf, sendDirect } from "./chats.ts";
import { describe, json } from "./describe.ts";
import { noChat } from "./errors.ts";
import { bodyOf, callerOf, chatMessageFields, chatParam, sessionOf } from "./input.ts";
import { allChats } from "./lists.ts";
import type { Render } from "./render.ts";
import { chatIdOutput, envelopeOutput, fetchedOutput, unreadChatsOutput } from "./schemas.ts";

/** Messages of one answer; whoever has more to fetch asks again. */
const AT_ONCE = 50;
/** Who accepts this gets the count in the body, since some clients can't read headers. */
const ENVELOPE = "application/x.faeapp.v1+json";

const FETCH_ERRORS = [400, 401, 403, 404];
const LEFT = { description: "How many unread messages are left.", schema: { type: "integer" } } as const;
const FETCHED = {
  responses: {
    200: {
      description: "OK",
      headers: { unread_count: LEFT, "unread-count": LEFT },
      content: { "application/json": json(fetchedOutput), [ENVELOPE]: json(envelopeOutput) },
    },
  },
};

export function chatV2Routes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  async function fetchFrom(c: Context<Http>, actor: Actor, chat: ChatId): Promise<Response> {
    const { chats } = c.get("service");
    const headersOf = (left: number) => ({ unread_count: String(left), "unread-count": String(left) });
    if (c.req.method === "HEAD") {
      // Whoever asks for the headers alone gets no messages, so none may be consumed.
      const { unread } = await chats.command<"chat.get">(actor, chat, { do: "chat.get", kinds: DIRECT });
      return c.body(null, 200, headersOf(unread));
    }
    const fetch = { do: "message.fetch", kinds: DIRECT, limit: AT_ONCE } as const;
    const { items, left } = await chats.command<"message.fetch">(actor, chat, fetch);
    const messages = items.map((message) => fetched(c, actor, message));
    const headers = headersOf(left);
    const wrapped = c.req.header("accept")?.toLowerCase().includes(ENVELOPE) === true;
    if (!wrapped) return c.json(messages, 200, headers);
    const body = JSON.stringify({ unread_count: left, messages });
    return c.body(body, 200, { ...headers, "content-type": ENVELOPE });
  }

  const fetched = (c: Context<Http>, actor: Actor, message: SeenMessage) => ({
    ...render.message(message, c.get("origin")),
    receiver_id: actor.userId,
    type: message.kind,
  });

  routes.post(
    "/chats_v2",
    describe("Write to somebody; once fetched, the message is deleted", { 201: chatIdOutput }, [400, 401, 422], {
      body: chatMessageFields,
    }),
    async (c) => {
      const caller = await callerOf(c);
      return c.json(
        { chat_id: await sendDirect(c.get("service"), caller, await bodyOf(c, chatMessageFields), true) },
        201,
      );
    },
  );

  routes.get(
    "/chats_v2/unread",
    describe("Chats with unread messages", { 200: unreadChatsOutput }, [401]),
    async (c) => {
      const session = await sessionOf(c);
      const chats = await allChats(c.get("service"), session, DIRECT, true);
      return c.json(chats.map((chat) => render.unreadChat(chat, c.get("origin"))));
    },
  );

  routes.get(
    "/chats_v2/users/:a/:b",
    describe("The chat of two people", { 200: chatIdOutput }, [400, 401, 403, 404]),
    async (c) => {
      const session = await sessionOf(c);
      return c.json({ chat_id: await pairOf(c, session) });
    },
  );

  routes.get(
    "/chats_v2/:a/:b",
    describe("Fetch what is unread in the chat of two people, oldest first", {}, FETCH_ERRORS, FETCHED),
    async (c) => {
      const session = await sessionOf(c);
      return fetchFrom(c, session, await pairOf(c, session));
    },
  );

  routes.get(
    "/chats_v2/:chat_id",
    describe("Fetch what is unread, oldest first, at most 50", {}, FETCH_ERRORS, FETCHED),
    async (c) => {
      const session = await sessionOf(c);
      return fetchFrom(c, session, chatParam(c, "chat_id", noChat));
    },
  );

  routes.delete(
    "/chats_v2/:chat_id",
    describe("Delete a chat for both", { 204: "Deleted." }, [400, 401, 404]),
    async (c) => {
      const session = await sessionOf(c);
      await deleteChat(c.get("service"), session, chatParam(c, "chat_id", noChat));
      return c.body(null, 204);
    },
  );

  return routes;
}
