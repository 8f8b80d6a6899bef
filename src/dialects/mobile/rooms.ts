/** `/chat_rooms`: chats that anyone may join by writing, where they are near enough. Groups of other dialects are shown here too. */

import { Hono } from "hono";
import type { Context } from "hono";
import type { ChatKind } from "../../core/chat.ts";
import { isFailure } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import type { Caller } from "../../service/auth.ts";
import type { Http } from "../http.ts";
import { describe } from "./describe.ts";
import { noRoom, notInChat, tooFar } from "./errors.ts";
import { bodyOf, callerOf, chatParam, fieldsOf, messageFields, parse, positionFields, roomFields } from "./input.ts";
import { allChats } from "./lists.ts";
import { distance } from "./position.ts";
import type { Render } from "./render.ts";
import { roomProps } from "./render.ts";

const ROOM_KINDS: readonly ChatKind[] = ["room", "group"];

export function roomRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  const roomOf = (c: Context<Http>): ChatId => chatParam(c, "id", noRoom);

  /** Direct chats are no rooms, whoever asks. @throws 404-5 */
  async function peek(c: Context<Http>, { session }: Caller, id: ChatId) {
    const room = await c.get("service").chats.peek(session, id);
    if (room.kind === "direct") throw noRoom();
    return room;
  }

  /** @throws 403-3 where the room has a radius, and whoever writes says that they are outside it */
  async function checkPosition(c: Context<Http>, caller: Caller, id: ChatId, fields: unknown): Promise<void> {
    const { geo_latitude, geo_longitude } = parse(positionFields, fields);
    if (geo_latitude === undefined || geo_longitude === undefined) return;
    const { radius, latitude, longitude } = roomProps(await peek(c, caller, id));
    if (radius === 0 || latitude === null || longitude === null) return;
    if (distance({ latitude, longitude }, { latitude: geo_latitude, longitude: geo_longitude }) > radius)
      throw tooFar();
  }

  async function send(c: Context<Http>, caller: Caller, id: ChatId): Promise<void> {
    const { chats } = c.get("service");
    const fields = await fieldsOf(c);
    const { message, type } = parse(messageFields, fields);
    await checkPosition(c, caller, id, { ...c.req.query(), ...(fields as object) });
    const draft = { text: message, kind: type, requireRead: caller.user.readBeforeSend };
    const write = () => chats.command<"message.send">(caller.session, id, { do: "message.send", draft });
    try {
      await write();
    } catch (thrown) {
      if (!isFailure(thrown, "access.denied") || !(await joined(c, caller, id))) throw thrown;
      await write();
    }
  }

  /** Whoever writes to a room takes part in it. False: they did already. @throws 400-4, 403-1 */
  async function joined(c: Context<Http>, caller: Caller, id: ChatId): Promise<boolean> {
    const { chats } = c.get("service");
    if (await isMember(c, caller, id)) return false;
    const room = await chats.peek(caller.session, id).catch((thrown: unknown) => {
      if (isFailure(thrown, "access.denied")) throw notInChat();
      throw thrown;
    });
    if (room.kind !== "room") throw notInChat();
    await chats.join(caller.user, id);
    return true;
  }

  async function isMember(c: Context<Http>, { session }: Caller, id: ChatId): Promise<boolean> {
    try {
      await c.get("service").chats.get(session, id);
      return true;
    } catch (thrown) {
      if (isFailure(thrown, "access.denied")) return false;
      throw thrown;
    }
  }

  routes.post(
    "/chat_rooms",
    describe("Make a chat room", { 201: "`{chat_room_id}`" }, [401, 422], roomFields),
    async (c) => {
      const { session } = await callerOf(c);
      const { title, geo_latitude, geo_longitude, interaction_radius, description, capacity } = await bodyOf(
        c,
        roomFields,
      );
      const props = {
        latitude: geo_latitude,
        longitude: geo_longitude,
        radius: interaction_radius,
        description,
        capacity,
      };
      const { id } = await c.get("service").chats.create(session, { kind: "room", title, members: [], props });
      return c.json({ chat_room_id: id }, 201);
    },
  );

  routes.get(
    "/chat_rooms",
    describe("The rooms that one takes part in", { 200: "A list of rooms." }, [401]),
    async (c) => {
      const { session } = await callerOf(c);
      const rooms = await allChats(c.get("service"), session, ROOM_KINDS, false);
      return c.json(rooms.map((room) => render.listedRoom(room, c.get("origin"))));
    },
  );

  routes.get(
    "/chat_rooms/message/unread",
    describe("The rooms with unread messages", { 200: "A list of rooms." }, [401]),
    async (c) => {
      const { session } = await callerOf(c);
      const rooms = await allChats(c.get("service"), session, ROOM_KINDS, true);
      return c.json(rooms.map((room) => render.listedRoom(room, c.get("origin"))));
    },
  );

  routes.get("/chat_rooms/:id", describe("A chat room", { 200: "The room." }, [400, 401, 404]), async (c) => {
    const caller = await callerOf(c);
    return c.json(render.room(await peek(c, caller, roomOf(c))));
  });

  routes.get(
    "/chat_rooms/:id/users",
    describe("Who takes part", { 200: "A list of users." }, [400, 401, 404]),
    async (c) => {
      const { session } = await callerOf(c);
      const room = await c.get("service").chats.get(session, roomOf(c));
      if (room.kind === "direct") throw noRoom();
      return c.json(room.members.map((member) => render.participant(room.id, member)));
    },
  );

  routes.post(
    "/chat_rooms/:id/message",
    describe(
      "Write to a room, and take part in it from then on",
      { 201: "Sent." },
      [400, 401, 403, 404, 422],
      messageFields,
    ),
    async (c) => {
      const caller = await callerOf(c);
      await send(c, caller, roomOf(c));
      return c.body(null, 201);
    },
  );

  const read = async (c: Context<Http>): Promise<Response> => {
    const { session } = await callerOf(c);
    await c.get("service").chats.command<"read">(session, roomOf(c), { do: "read" });
    return c.body(null, 201);
  };
  const reading = describe("Read a room", { 201: "Read." }, [400, 401, 404]);
  routes.post("/chat_rooms/:id/read", reading, read);
  routes.post("/chat_rooms/:id/message/read", reading, read);

  return routes;
}
