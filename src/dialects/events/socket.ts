/** The connections of `events`: who is let in, how an event finds its request, and how it is answered. Knows no request. */

import { rateLimited } from "../../core/errors.ts";
import type { Service } from "../../service/service.ts";
import type { Ack, Socket } from "../../socketio/protocol/handlers.ts";
import type { Dock, SocketIoDialect } from "../socket-io.ts";
import { createAccess } from "./access.ts";
import { createEncode } from "./encode.ts";
import { errorBody, isExpected, wrong } from "./errors.ts";
import type { Render } from "./render.ts";
import type { Caller } from "./requests.ts";
import { createRequests } from "./requests.ts";
import { isEvent } from "./schemas.ts";

/** The other name of `new-message`, which says the chat. */
const IN_CHAT = /^\/chat\/([^/]+)\/new-message$/;

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body of a message that was sent under the name of its chat. @throws Refusal where the body names another */
function inChat(id: string, body: unknown): unknown {
  if (!isObject(body)) return body;
  const chat = isObject(body["chat"]) ? body["chat"] : {};
  const given = chat["id"] ?? id;
  const isSame = (typeof given === "string" || typeof given === "number") && String(given) === id;
  if (!isSame) throw wrong("chat.id", "is not the chat of this event");
  return { ...body, chat: { id } };
}

export function createEventsSocket(
  service: Service,
  render: Render,
  report: (fault: unknown) => void,
): SocketIoDialect {
  const admit = createAccess(service);
  const perform = createRequests(service, render);

  /** The answer of an event; null where it comes to the caller as it comes to everyone. */
  async function answer(event: string, body: unknown, caller: Caller): Promise<{ body: object; isTold: boolean }> {
    const [, chat] = IN_CHAT.exec(event) ?? [];
    if (chat !== undefined) return { body: await perform("new-message", inChat(chat, body), caller), isTold: true };
    if (!isEvent(event)) throw wrong("", "there is no such event");
    return { body: await perform(event, body, caller), isTold: event === "new-message" };
  }

  async function handle(dock: Dock, socket: Socket, event: string, body: unknown, ack: Ack | null): Promise<void> {
    const connection = dock.connection(socket);
    if (connection === undefined || connection.app === null) return;
    try {
      if (!dock.mayTake(socket)) throw rateLimited(1);
      const done = await answer(event, body, { app: connection.app, connection });
      if (!done.isTold) socket.emit(event, done.body);
      ack?.(done.body);
    } catch (thrown) {
      if (!isExpected(thrown)) report(thrown);
      const refusal = errorBody(thrown);
      socket.emit(event, refusal);
      ack?.(refusal);
    }
  }

  return {
    name: "events",
    graceMs: 0,
    news: false,
    // Who comes back names its users and chats again, as clients of version 2 do anyway.
    settings: {},
    encode: createEncode(render),
    serve(dock) {
      dock.namespace("/", {
        async authenticate(handshake, sid) {
          const connection = dock.connection({ sid });
          const isAdmitted = connection !== undefined && (await admit(handshake, connection));
          return isAdmitted ? { ok: true } : { ok: false, message: "authentication required" };
        },
        onEvent: (socket, event, args, ack) => handle(dock, socket, event, args[0], ack),
      });
    },
  };
}
