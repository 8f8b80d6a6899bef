/** The echo application of the protocol's test suites, on our layer. Knows events; knows no transport. */

import type { Dock, SocketIoDialect } from "../../src/dialects/socket-io.ts";
import type { Handlers, Namespace } from "../../src/socketio/protocol/handlers.ts";
import type { Settings } from "../../src/socketio/settings.ts";

function serve(dock: Dock): void {
  const namespaces = new Map<string, Namespace>();
  const handlers = (name: string): Handlers => ({
    authenticate({ auth }) {
      const { reject, slow, as } = Object(auth) as { reject?: string; slow?: boolean; as?: string };
      const verdict = { ok: true, data: as ?? null } as const;
      if (reject === undefined) return slow === true ? Promise.resolve(verdict) : verdict;
      return { ok: false, message: reject, data: { why: "told to" } };
    },
    onConnect(socket, recovered) {
      if (!recovered) socket.emit("auth", socket.auth);
    },
    onEvent(socket, event, args, ack) {
      switch (event) {
        case "message":
          return socket.emit("message-back", ...args);
        case "message-with-ack":
          return ack?.(...args);
        case "ask-me":
          return socket.emitWithAck({ asked: "you" }, "question", ...args);
        case "remember":
          socket.data = args[0] as string;
          return ack?.();
        case "recall":
          return ack?.(socket.data, socket.id, socket.rooms, socket.auth);
        case "join":
          socket.join(String(args[0]));
          return ack?.();
        case "leave":
          socket.leave(String(args[0]));
          return ack?.();
        case "tell":
          return namespaces.get(name)?.emitTo(String(args[0]), "told", args.slice(1), socket.id);
        case "slowly":
          return Promise.resolve().then(() => socket.emit("slow", ...args));
        case "throw":
          throw new Error("as it was told to");
        case "kick":
          return socket.disconnect(args[0] === true);
        default:
          return undefined;
      }
    },
    onAck(socket, context, args) {
      socket.emit("answered", context, args);
    },
  });
  for (const name of ["/", "/custom"]) namespaces.set(name, dock.namespace(name, handlers(name)));
}

export function echo(name: string, settings: Partial<Omit<Settings, "version">>): SocketIoDialect {
  const encode = () => ({ for: () => [] });
  return { name, graceMs: 0, news: false, encode, settings, serve };
}
