/** `/chats_v2`: direct chats whose messages are consumed by being fetched. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { ChatId } from "../../core/ids.ts";
import type { SeenMessage } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { Http } from "../http.ts";
import { deleteChat, pairOf, sendDirect } from "./chats.ts";
import { describe } from "./describe.ts";
import { noChat } from "./errors.ts";
import { bodyOf, callerOf, chatMessageFields, chatParam } from "./input.ts";
import { allChats } from "./lists.ts";
import type { Render } from "./render.ts";

/** Messages of one answer; whoever has more to fetch asks again. */
const AT_ONCE = 50;
/** Who accepts this gets the count in the body, since some clients can't read headers. */
const ENVELOPE = "application/x.faeapp.v1+json";

export function chatV2Routes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  async function fetchFrom(c: Context<Http>, actor: Actor, chat: ChatId): Promise<Response> {
    const { items, left } = await c
      .get("service")
      .chats.command<"message.fetch">(actor, chat, { do: "message.fetch", limit: AT_ONCE });
    const messages = items.map((message) => fetched(c, actor, message));
    const headers = { unread_count: String(left), "unread-count": String(left) };
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
    describe(
      "Write to somebody; once fetched, the message is deleted",
      { 201: "`{chat_id}`" },
      [400, 401, 422],
      chatMessageFields,
    ),
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
    describe("Chats with unread messages", { 200: "A list of chats." }, [401]),
    async (c) => {
      const { session } = await callerOf(c);
      const chats = await allChats(c.get("service"), session, ["direct"], true);
      return c.json(chats.map((chat) => render.unreadChat(chat, c.get("origin"))));
    },
  );

  routes.get(
    "/chats_v2/users/:a/:b",
    describe("The chat of two people", { 200: "`{chat_id}`" }, [400, 401, 403, 404]),
    async (c) => {
      const { session } = await callerOf(c);
      return c.json({ chat_id: await pairOf(c, session) });
    },
  );

  routes.get(
    "/chats_v2/:a/:b",
    describe(
      "Fetch what is unread in the chat of two people",
      { 200: "Messages, oldest first." },
      [400, 401, 403, 404],
    ),
    async (c) => {
      const { session } = await callerOf(c);
      return fetchFrom(c, session, await pairOf(c, session));
    },
  );

  routes.get(
    "/chats_v2/:chat_id",
    describe(
      "Fetch what is unread, at most 50; the header `unread_count` says what is left",
      { 200: "Messages, oldest first." },
      [400, 401, 403, 404],
    ),
    async (c) => {
      const { session } = await callerOf(c);
      return fetchFrom(c, session, chatParam(c, "chat_id", noChat));
    },
  );

  routes.delete(
    "/chats_v2/:chat_id",
    describe("Delete a chat for both", { 204: "Deleted." }, [400, 401, 404]),
    async (c) => {
      const { session } = await callerOf(c);
      await deleteChat(c.get("service"), session, chatParam(c, "chat_id", noChat));
      return c.body(null, 204);
    },
  );

  return routes;
}
