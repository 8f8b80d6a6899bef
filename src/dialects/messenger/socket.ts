/**
 * The connections of `messenger`: Socket.IO, namespace `/chat`, where the token comes with the CONNECT. Says who may
 * speak and passes on what they ask for; knows no event of the dialect but `auth-failed`.
 */

import { ParlanceError, isFailure } from "../../core/errors.ts";
import type { Json } from "../../core/message.ts";
import type { Caller } from "../../service/auth.ts";
import type { Service } from "../../service/service.ts";
import type { Dock, SocketIoDialect } from "../socket-io.ts";
import type { Ack, Socket, Verdict } from "../../socketio/protocol/handlers.ts";
import { createEncode, NAMESPACE, stateOf } from "./events.ts";
import type { Render } from "./render.ts";
import { createRequests } from "./requests.ts";
import { isRequest } from "./schemas.ts";

/** RFC 6455 close codes. */
const CLOSE = { normal: 1000, policy: 1008, internal: 1011 } as const;

/** Kept with a socket that is to be thrown out. */
const STRANGER = "stranger";

export function createMessengerSocket(
  service: Service,
  render: Render,
  report: (fault: unknown) => void,
): SocketIoDialect {
  const perform = createRequests(service, render);

  /** Whom the token speaks for; null: nobody. */
  async function callerOf(auth: Json): Promise<Caller | null> {
    const { token } = Object(auth) as { token?: unknown };
    if (typeof token !== "string") return null;
    try {
      return await service.auth.authenticate(token);
    } catch (thrown) {
      if (isFailure(thrown, "auth.invalid")) return null;
      throw thrown;
    }
  }

  /** Before the client hears that it is connected, so that from then on its user is online. */
  async function authenticate(dock: Dock, auth: Json, sid: string): Promise<Verdict> {
    const connection = dock.connection({ sid });
    if (connection === undefined) return { ok: false, message: "gone" };
    try {
      const caller = await callerOf(auth);
      if (caller === null) return { ok: true, data: STRANGER };
      connection.state = stateOf(caller.user.username);
      await connection.identify(caller.session, caller.user.username);
      return { ok: true };
    } catch (fault) {
      report(fault);
      // Closed without a word, so that the client comes again by itself.
      connection.close(CLOSE.internal, "");
      return { ok: false, message: "gone" };
    }
  }

  function welcome(socket: Socket): void {
    if (socket.data !== STRANGER) return;
    socket.emit("auth-failed");
    // Of the namespace alone: a client that polls would drop an event that comes together with the connection's end.
    socket.disconnect();
  }

  async function take(dock: Dock, socket: Socket, event: string, payload: unknown, ack: Ack | null): Promise<void> {
    const connection = dock.connection(socket);
    const session = connection?.session ?? null;
    if (connection === undefined || session === null || !dock.mayTake(socket)) return;
    if (session.expiresAt <= Date.now()) {
      connection.close(CLOSE.policy, "the token has expired");
      return;
    }
    if (!isRequest(event)) return;
    try {
      const answer = await perform(event, payload, { session, username: connection.username ?? "", connection });
      if (answer !== null) ack?.(answer);
    } catch (thrown) {
      // Whatever is refused is refused in silence: there is no error in this dialect.
      if (!(thrown instanceof ParlanceError) || thrown.failure.code === "internal") report(thrown);
    }
  }

  return {
    name: "messenger",
    // A user is offline with their last connection, so none is kept to be taken up again.
    graceMs: 0,
    settings: { recoverWithin: null },
    news: true,
    encode: createEncode(render),
    serve(dock) {
      dock.namespace("/", { onEvent: () => undefined });
      dock.namespace(NAMESPACE, {
        authenticate: ({ auth }, sid) => authenticate(dock, auth, sid),
        onConnect: welcome,
        onEvent: (socket, event, args, ack) => take(dock, socket, event, args[0], ack),
        onDisconnect(socket, reason) {
          // Who speaks is said once for a connection: with the namespace the connection ends, whatever else is open on it.
          if (reason === "client namespace disconnect") dock.connection(socket)?.close(CLOSE.normal, "");
        },
      });
    },
  };
}
