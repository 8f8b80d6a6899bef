/** The entry: the Worker and the classes of its objects, with the dialects that dock on them. */

import { handle } from "./app.ts";
import { serverOf, storesOf } from "./compose.ts";
import { createRender as createMessengerRender } from "./dialects/messenger/render.ts";
import { createMessengerSocket } from "./dialects/messenger/socket.ts";
import { createRender as createEventsRender } from "./dialects/events/render.ts";
import { createEventsSocket } from "./dialects/events/socket.ts";
import { createRender as createMethodsRender } from "./dialects/methods/render.ts";
import { createMethodsSocket } from "./dialects/methods/socket.ts";
import { createRender } from "./dialects/native/render.ts";
import { createChatSocket, createUserSocket } from "./dialects/native/sockets.ts";
import { createRenderMessage } from "./dialects/rooms/message.ts";
import { createRoomsSocket } from "./dialects/rooms/socket.ts";
import { socketIoWires } from "./dialects/socket-io.ts";
import type { Env } from "./env.ts";
import { logFault } from "./log.ts";
import { createChatObject } from "./objects/chat/chat.ts";
import { createGatewayObject } from "./objects/gateway/gateway.ts";
import { createInboxObject } from "./objects/inbox/inbox.ts";
import { createLobbyObject } from "./objects/lobby/lobby.ts";

export { Throttle } from "./objects/throttle.ts";

export const Chat = createChatObject((env: Env) => createChatSocket(createRender(serverOf(env).linkTo)), storesOf);
export const Inbox = createInboxObject(storesOf);
export const Lobby = createLobbyObject(storesOf);

export const Gateway = createGatewayObject((env: Env) => {
  const { service, linkTo } = serverOf(env);
  return [
    createUserSocket(service, createRender(linkTo), (fault) => logFault("native", fault)),
    createMethodsSocket(service, createMethodsRender(linkTo), (fault) => logFault("methods", fault)),
    ...socketIoWires(
      createMessengerSocket(service, createMessengerRender(linkTo), (fault) => logFault("messenger", fault)),
    ),
    ...socketIoWires(createEventsSocket(service, createEventsRender(linkTo), (fault) => logFault("events", fault))),
    ...socketIoWires(createRoomsSocket(service, createRenderMessage(linkTo), (fault) => logFault("rooms", fault))),
  ];
});

export default { fetch: handle } satisfies ExportedHandler<Env>;
