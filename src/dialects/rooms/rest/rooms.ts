/** `/room`: a tenant makes rooms, and puts its users in and takes them out. */

import { Hono } from "hono";
import type { Context } from "hono";
import { z } from "zod";
import { chatId, MAX_CHAT_ID } from "../../../core/ids.ts";
import type { UserId } from "../../../core/ids.ts";
import type { App } from "../../../core/ports.ts";
import type { Http } from "../../http.ts";
import { renderRoom, renderRoomWithUsers } from "../render.ts";
import { managerOf } from "./access.ts";
import { APP_ID, describe } from "./describe.ts";
import { noRoom, notRegistered } from "./errors.ts";
import { bodyOf, idIn } from "./input.ts";
import { membersInput, messageOutput, roomInput, roomOutput, roomWithUsersOutput } from "./schemas.ts";

/** @throws Users … not registered, naming all that are none */
async function usersOf(c: Context<Http>, app: App, externalIds: readonly string[]): Promise<UserId[]> {
  const { users, unknown } = await c.get("service").tenants.named(app, externalIds);
  if (unknown.length > 0) throw notRegistered(unknown);
  return users.map((user) => user.id);
}

export function roomRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/room",
    describe("Make a room", "manager", roomWithUsersOutput, [400, 404, 409, 422], {
      body: roomInput,
      parameters: APP_ID,
    }),
    async (c) => {
      const manager = await managerOf(c);
      const { room: name, appId, users, extra } = await bodyOf(c, roomInput);
      const app = await manager.app(appId);
      const members = await usersOf(c, app, users);
      const room = await c.get("service").rooms.create(app.id, { name, users: members, extra });
      return c.json(renderRoomWithUsers(room));
    },
  );

  routes.get(
    "/room",
    describe("All rooms of an app, the newest first", "manager", z.array(roomOutput), [404, 422], {
      parameters: APP_ID,
    }),
    async (c) => {
      const app = await (await managerOf(c)).app(undefined);
      return c.json((await c.get("service").rooms.list(app.id)).map(renderRoom));
    },
  );

  routes.get(
    "/room/:room",
    describe("A room by its name, with its users", "manager", roomWithUsersOutput, [404, 422], { parameters: APP_ID }),
    async (c) => {
      const app = await (await managerOf(c)).app(undefined);
      return c.json(renderRoomWithUsers(await c.get("service").rooms.get(app.id, c.req.param("room"))));
    },
  );

  for (const [path, summary, change] of [
    ["/room/add", "Put users in a room", "addMembers"],
    ["/room/remove", "Take users out of a room", "removeMembers"],
  ] as const) {
    routes.put(
      path,
      describe(summary, "manager", messageOutput, [400, 404, 422], { body: membersInput, parameters: APP_ID }),
      async (c) => {
        const manager = await managerOf(c);
        const { room, appId, users } = await bodyOf(c, membersInput);
        const app = await manager.app(appId);
        const { rooms } = c.get("service");
        // A room that is not there is said before users that are none.
        await rooms.find(app.id, room);
        await rooms[change](app.id, room, await usersOf(c, app, users));
        return c.json({ message: "updated" });
      },
    );
  }

  routes.delete(
    "/room/:id",
    describe("Delete a room with its messages", "manager", messageOutput, [404]),
    async (c) => {
      const manager = await managerOf(c);
      const id = idIn(c.req.param("id"));
      if (id === null || id > MAX_CHAT_ID) throw noRoom();
      const { rooms } = c.get("service");
      const app = await rooms.appOf(chatId(id));
      // A room of another's app does not exist either.
      const own = app === null ? null : await manager.appById(app);
      if (own === null) throw noRoom();
      await rooms.remove(own.id, chatId(id));
      return c.json({ message: "deleted" });
    },
  );

  return routes;
}
