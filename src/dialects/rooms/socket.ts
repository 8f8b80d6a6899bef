/** The socket of `rooms`: Socket.IO, one room at a time for each connection. Knows who may connect and the names of the events. */

import { isFailure } from "../../core/errors.ts";
import { FLOOD } from "../../core/limits.ts";
import type { Service } from "../../service/service.ts";
import type { Handshake, Socket, Verdict } from "../../socketio/protocol/handlers.ts";
import { parseInput } from "../input.ts";
import type { Dock, SocketIoDialect } from "../socket-io.ts";
import { createEncode } from "./encode.ts";
import { ERR, REFUSED, RoomsError, errText } from "./errors.ts";
import { joinedIn, stateOf } from "./joined.ts";
import type { RenderMessage } from "./message.ts";
import type { Call } from "./room.ts";
import { createRooms } from "./room.ts";
import type { EventName } from "./schemas.ts";
import { EVENTS, isEvent } from "./schemas.ts";

type WithArgument = Exclude<EventName, "seen" | "leave">;

/** What is said to an argument that is none. */
const WRONG: Record<WithArgument, string> = {
  join: ERR.badRoomName,
  typing: ERR.badTyping,
  send_message: ERR.noMessage,
  load_more: ERR.badPagination,
};

/** The argument of an event. @throws RoomsError */
function argument<Name extends WithArgument>(name: Name, given: unknown): ReturnType<(typeof EVENTS)[Name]["parse"]> {
  const parsed = parseInput(EVENTS[name], given);
  if (!parsed.success) throw new RoomsError(WRONG[name]);
  return parsed.data as ReturnType<(typeof EVENTS)[Name]["parse"]>;
}

export function createRoomsSocket(
  service: Service,
  render: RenderMessage,
  report: (fault: unknown) => void,
): SocketIoDialect {
  const rooms = createRooms(service, render);

  async function authenticate(dock: Dock, { query }: Handshake, sid: string): Promise<Verdict> {
    const token = query["token"] ?? "";
    if (token === "") return { ok: false, message: REFUSED.noToken };
    try {
      const { session, user } = await service.tenants.authenticate(token, query["app"] ?? null);
      const stands = await dock.connection({ sid })?.identify(session, user.username);
      return stands === true ? { ok: true } : { ok: false, message: REFUSED.badToken };
    } catch (thrown) {
      if (!isFailure(thrown, "auth.invalid")) throw thrown;
      return { ok: false, message: REFUSED.badToken };
    }
  }

  async function perform(call: Call, event: string, given: unknown): Promise<void> {
    if (!isEvent(event)) throw new RoomsError(ERR.unknownEvent);
    switch (event) {
      case "join":
        // Nothing at all is an empty name.
        return rooms.join(call, argument(event, given ?? ""));
      case "typing":
        await rooms.typing(call, argument(event, given ?? null));
        return;
      case "seen":
        await rooms.seen(call);
        return;
      case "send_message":
        await rooms.send(call, argument(event, given ?? ""));
        return;
      case "load_more":
        return rooms.loadMore(call, argument(event, given));
      case "leave":
        return rooms.leave(call);
    }
  }

  function serve(dock: Dock): void {
    /** Events refused without a pause, by connection. */
    const refusals = new Map<string, number>();

    const isFlood = (socket: Socket): boolean => {
      if (dock.mayTake(socket)) {
        refusals.delete(socket.sid);
        return false;
      }
      const refused = (refusals.get(socket.sid) ?? 0) + 1;
      refusals.set(socket.sid, refused);
      if (refused > FLOOD.patience) socket.disconnect(true);
      else socket.emit("err", ERR.flood);
      return true;
    };

    const callOf = (socket: Socket): Call | null => {
      const connection = dock.connection(socket);
      const session = connection?.session ?? null;
      const stands = (): boolean => dock.connection(socket) !== undefined;
      return connection === undefined || session === null ? null : { socket, connection, session, stands };
    };

    dock.namespace("/", {
      authenticate: (handshake, sid) => authenticate(dock, handshake, sid),

      async onEvent(socket, event, args, ack) {
        const call = callOf(socket);
        if (isFlood(socket) || call === null) return;
        try {
          await perform(call, event, args[0]);
        } catch (thrown) {
          const text = errText(thrown);
          if (text === null) report(thrown);
          socket.emit("err", text ?? ERR.internal);
        }
        // None is promised; a client that asks for one does not wait in vain.
        ack?.();
      },

      async onDisconnect(socket, reason) {
        refusals.delete(socket.sid);
        // A connection that has ended is let go by its Gateway.
        const call = reason.endsWith("namespace disconnect") ? callOf(socket) : null;
        if (call !== null) await rooms.leave(call);
      },
    });
  }

  return {
    name: "rooms",
    graceMs: 0,
    news: false,
    encode: createEncode(render),
    hears(connection, event) {
      // Whoever is put in again has to join again.
      if (event.type !== "chat.removed" || joinedIn(connection.state)?.id !== event.chatId) return;
      connection.state = stateOf(null);
      connection.unfollow("chat", event.chatId);
    },
    settings: {},
    serve,
  };
}
