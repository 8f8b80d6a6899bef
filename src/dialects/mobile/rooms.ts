/** `/chat_rooms`: chats that anyone may join by writing, where they are near enough. Groups of other dialects are shown here too. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { Chat, ChatKind } from "../../core/chat.ts";
import type { ChatId } from "../../core/ids.ts";
import { checkDraft } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { Caller } from "../../service/auth.ts";
import type { Http } from "../http.ts";
import { describe } from "./describe.ts";
import { isStranger, noRoom, notInChat, tooFar } from "./errors.ts";
import {
  bodyOf,
  callerOf,
  chatParam,
  parse,
  positionFields,
  roomFields,
  roomMessageFields,
  sessionOf,
} from "./input.ts";
import { allChats } from "./lists.ts";
import type { Position } from "./position.ts";
import { distance } from "./position.ts";
import type { Render } from "./render.ts";
import { roomProps } from "./render.ts";
import { participantsOutput, roomIdOutput, roomOutput, roomsOutput } from "./schemas.ts";

/** Direct chats are no rooms, whoever asks. */
const ROOM_KINDS: readonly ChatKind[] = ["room", "group"];

/** Nobody joins a group by writing to it. @throws 403-1 */
function refuseStranger(thrown: unknown): never {
  throw isStranger(thrown) ? notInChat() : thrown;
}

/** Whether `position` is outside of the room's radius. */
function isOutside(room: Chat, position: Position): boolean {
  const { radius, latitude, longitude } = roomProps(room);
  if (radius === 0 || latitude === null || longitude === null) return false;
  return distance({ latitude, longitude }, position) > radius;
}

export function roomRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  const roomOf = (c: Context<Http>): ChatId => chatParam(c, "id", noRoom);

  const peek = (c: Context<Http>, actor: Actor, id: ChatId): Promise<Chat> =>
    c.get("service").chats.command<"room.peek">(actor, id, { do: "room.peek", kinds: ROOM_KINDS });

  /** @throws 400-4, 403-1, 403-3 */
  async function send(c: Context<Http>, { session, user }: Caller, id: ChatId): Promise<void> {
    const { chats } = c.get("service");
    const body = await bodyOf(c, roomMessageFields);
    const { geo_latitude, geo_longitude } = { ...parse(positionFields, c.req.query()), ...body };
    if (geo_latitude !== undefined && geo_longitude !== undefined) {
      const room = await peek(c, session, id).catch(refuseStranger);
      if (isOutside(room, { latitude: geo_latitude, longitude: geo_longitude })) throw tooFar();
    }
    const draft = { text: body.message, kind: body.type, requireRead: user.readBeforeSend };
    const write = () => chats.command<"message.send">(session, id, { do: "message.send", kinds: ROOM_KINDS, draft });
    try {
      await write();
    } catch (thrown) {
      if (!isStranger(thrown)) throw thrown;
      // Whoever writes takes part, but not by what can't be written.
      checkDraft(draft, id);
      await chats.join(user, id).catch(refuseStranger);
      await write();
    }
  }

  routes.post(
    "/chat_rooms",
    describe("Make a chat room", { 201: roomIdOutput }, [401, 422], { body: roomFields }),
    async (c) => {
      const session = await sessionOf(c);
      const fields = await bodyOf(c, roomFields);
      const { title, description, capacity } = fields;
      const place = {
        latitude: fields.geo_latitude,
        longitude: fields.geo_longitude,
        radius: fields.interaction_radius,
      };
      const props = { ...place, description, capacity };
      const { id } = await c.get("service").chats.create(session, { kind: "room", title, members: [], props });
      return c.json({ chat_room_id: id }, 201);
    },
  );

  routes.get("/chat_rooms", describe("The rooms that one takes part in", { 200: roomsOutput }, [401]), async (c) => {
    const session = await sessionOf(c);
    const rooms = await allChats(c.get("service"), session, ROOM_KINDS, false);
    return c.json(rooms.map((room) => render.listedRoom(room, c.get("origin"))));
  });

  routes.get(
    "/chat_rooms/message/unread",
    describe("The rooms with unread messages", { 200: roomsOutput }, [401]),
    async (c) => {
      const session = await sessionOf(c);
      const rooms = await allChats(c.get("service"), session, ROOM_KINDS, true);
      return c.json(rooms.map((room) => render.listedRoom(room, c.get("origin"))));
    },
  );

  routes.get("/chat_rooms/:id", describe("A chat room", { 200: roomOutput }, [400, 401, 404]), async (c) => {
    const session = await sessionOf(c);
    return c.json(render.room(await peek(c, session, roomOf(c))));
  });

  routes.get(
    "/chat_rooms/:id/users",
    describe("Who takes part", { 200: participantsOutput }, [400, 401, 404]),
    async (c) => {
      const session = await sessionOf(c);
      const get = { do: "chat.get", kinds: ROOM_KINDS } as const;
      const room = await c.get("service").chats.command<"chat.get">(session, roomOf(c), get);
      return c.json(room.members.map((member) => render.participant(room.id, member)));
    },
  );

  routes.post(
    "/chat_rooms/:id/message",
    describe("Write to a room, and take part in it from then on", { 201: "Sent." }, [400, 401, 403, 404, 422], {
      body: roomMessageFields,
    }),
    async (c) => {
      const caller = await callerOf(c);
      await send(c, caller, roomOf(c));
      return c.body(null, 201);
    },
  );

  const read = async (c: Context<Http>): Promise<Response> => {
    const session = await sessionOf(c);
    await c.get("service").chats.command<"read">(session, roomOf(c), { do: "read", kinds: ROOM_KINDS });
    return c.body(null, 201);
  };
  const reading = describe("Read a room", { 201: "Read." }, [400, 401, 404]);
  routes.post("/chat_rooms/:id/read", reading, read);
  routes.post("/chat_rooms/:id/message/read", reading, read);

  return routes;
}
