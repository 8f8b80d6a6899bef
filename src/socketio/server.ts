/** Puts the layers together for one object: what an application makes a Socket.IO server with. Knows constructors only. */

import { Engine } from "./engine/engine.ts";
import type { Handlers, Lifecycle, Namespace } from "./protocol/handlers.ts";
import { Server } from "./protocol/server.ts";
import type { Carrier, Host } from "./ports.ts";
import type { Settings } from "./settings.ts";
import { settingsFrom } from "./settings.ts";

export interface SocketIo {
  /** To be called for each namespace before `start`. */
  namespace(name: string, handlers: Handlers): Namespace;
  /** Sends an event that is encoded already (see `encodeEvent`) to these connections, live or lost. */
  deliver(sids: readonly string[], text: string): void;
  /** Ends a connection. */
  close(sid: string): void;
  /** Takes up what an eviction or a crash has left; from then on the object calls the carrier. */
  start(): Carrier;
}

export function createSocketIo(host: Host, given: Partial<Settings>, lifecycle: Lifecycle): SocketIo {
  const settings = settingsFrom(given);
  let server: Server | undefined;
  const engine = new Engine(host, settings, (made) => {
    server = new Server(host, made, settings, lifecycle);
    return server;
  });
  if (server === undefined) throw new Error("an engine without a server");
  const made: Server = server;
  return {
    namespace: (name, handlers) => made.namespace(name, handlers),
    deliver: (sids, text) => made.deliver(sids, text),
    close: (sid) => {
      const session = engine.session(sid);
      if (session !== undefined) engine.close(session, "forced server close");
    },
    start: () => {
      engine.load();
      made.restore();
      engine.restore();
      return engine;
    },
  };
}
