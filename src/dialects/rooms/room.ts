/** The six things that a client of `rooms` does: what each asks of the service. What is heard of them is told by `encode.ts`. */

import { ParlanceError, isFailure } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { Connection } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import type { Socket } from "../../socketio/protocol/handlers.ts";
import { ERR, RoomsError, isShutOut } from "./errors.ts";
import type { Joined } from "./joined.ts";
import { joinedIn, stateOf } from "./joined.ts";
import type { RenderMessage } from "./message.ts";
import { renderRoomWithUsers } from "./render.ts";

/** Who asks, by which socket. */
export interface Call {
  readonly socket: Socket;
  readonly connection: Connection;
  readonly session: Session;
  /** Whether the connection is still there. */
  readonly stands: () => boolean;
}

/** What a client says when it has stopped typing, in the forms in which it may say so. */
const STOPPED: ReadonlySet<Json> = new Set([false, null, 0, "", "0", "false"]);

export function createRooms({ chats, rooms }: Service, render: RenderMessage) {
  async function letGo({ connection, session }: Call, chat: ChatId): Promise<void> {
    try {
      await chats.hear(session, chat, connection.id, false);
    } catch (thrown) {
      // It is gone, and has let everybody go.
      if (!isFailure(thrown, "not_found")) throw thrown;
    }
    connection.unfollow("chat", chat);
  }

  async function leave(call: Call): Promise<void> {
    const joined = joinedIn(call.connection.state);
    if (joined === null) return;
    call.connection.state = stateOf(null);
    await letGo(call, joined.id);
  }

  /** Does `work` in the room that was joined; who turns out to be no longer in it has left it. @throws RoomsError */
  async function inRoom<T>(call: Call, without: string, work: (joined: Joined) => Promise<T>): Promise<T> {
    const joined = joinedIn(call.connection.state);
    if (joined === null) throw new RoomsError(without);
    try {
      return await work(joined);
    } catch (thrown) {
      if (!(thrown instanceof ParlanceError) || !isShutOut(thrown.failure)) throw thrown;
      await leave(call);
      throw new RoomsError(without);
    }
  }

  return {
    leave,

    /** @throws RoomsError, not_found, access.denied: the caller is in no such room */
    async join(call: Call, name: string): Promise<void> {
      const { socket, connection, session } = call;
      if (name.trim() === "") throw new RoomsError(ERR.noRoomName);
      const { id } = await rooms.find(session.appId, name);
      const room = await chats.get(session, id);
      if (joinedIn(connection.state)?.id !== id) await leave(call);
      // In order: what came before is not heard as if it came now.
      await chats.command<"read">(session, id, { do: "read", inOrder: true });
      connection.state = stateOf({ id, app: session.appId, name });
      socket.emit("info", "You have joind the room");
      socket.emit("room_info", renderRoomWithUsers({ ...room, members: room.members.slice(0, LIMITS.membersTold) }));
      // Noted first, so that it is let go whatever happens.
      connection.follow("chat", id);
      try {
        await chats.enter(session, id, connection.id, socket.id);
      } catch (thrown) {
        await leave(call);
        throw thrown;
      }
      // The connection may have ended while this was asked.
      if (!call.stands()) await letGo(call, id);
    },

    typing: (call: Call, said: Json): Promise<unknown> =>
      inRoom(call, ERR.notJoined, ({ id }) =>
        chats.command<"typing">(call.session, id, { do: "typing", on: !STOPPED.has(said), said }),
      ),

    seen: (call: Call): Promise<unknown> =>
      inRoom(call, ERR.notJoined, ({ id }) => chats.command<"read">(call.session, id, { do: "read", inRoom: true })),

    /** No origin: all in the room hear it, the one who sent it included. @throws RoomsError, input.invalid */
    send: (call: Call, text: string): Promise<unknown> =>
      inRoom(call, ERR.noMessage, ({ id }) => {
        if (text.trimEnd() === "") throw new RoomsError(ERR.noMessage);
        return chats.command<"message.send">(call.session, id, { do: "message.send", draft: { text } });
      }),

    /** @throws RoomsError */
    loadMore: (call: Call, { page, limit }: { page: number; limit: number }): Promise<void> =>
      inRoom(call, ERR.notJoined, async ({ id, app }) => {
        const { items } = await chats.command<"message.list">(call.session, id, {
          do: "message.list",
          present: true,
          skip: (page - 1) * limit,
          limit,
        });
        const { origin } = call.connection;
        call.socket.emit(
          "load_more",
          items.map((message) => render(message, app, origin)),
        );
      }),
  };
}
