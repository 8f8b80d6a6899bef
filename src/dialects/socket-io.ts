/**
 * How a dialect that speaks Socket.IO docks on the Gateway: the layer's connections become the Gateway's. Knows no
 * dialect's events.
 */

import type { UserEvent } from "../core/events.ts";
import type { CarriedWire, Carrier, CarrierHost, Connection, Encode } from "../core/wire.ts";
import { answerEarly, refuse } from "../socketio/engine/http.ts";
import type { Handlers, Namespace, Socket } from "../socketio/protocol/handlers.ts";
import { SOCKETIO_SCHEMA } from "../socketio/schema.ts";
import { createSocketIo } from "../socketio/server.ts";
import type { Settings } from "../socketio/settings.ts";

/** What the events of a dialect are made with: the Gateway's connection under a socket, and the namespaces. */
export interface Dock {
  connection(socket: Pick<Socket, "sid">): Connection | undefined;
  /** Whether one more event may come from this socket; to be asked for each, where a dialect guards against floods. */
  mayTake(socket: Socket): boolean;
  namespace(name: string, handlers: Handlers): Namespace;
}

export interface SocketIoDialect {
  /** The first part of its Gateways' names. */
  readonly name: string;
  readonly graceMs: number;
  readonly news: boolean;
  readonly encode: Encode;
  /** A connection is about to be told an event, which may change what is kept about it. */
  readonly hears?: (connection: Connection, event: UserEvent["event"]) => void;
  readonly settings: Partial<Omit<Settings, "version">>;
  /** Sets its namespaces up; called once for each life of a Gateway. */
  serve(dock: Dock): void;
}

/** The wires of a dialect: one for each version of Engine.IO, since a Gateway answers one kind of ping by itself. */
export function socketIoWires(dialect: SocketIoDialect): CarriedWire[] {
  return ([4, 3] as const).map((version) => ({
    name: gatewaysOf(dialect.name, version),
    ping: version === 3 ? (["2", "3"] as const) : null,
    graceMs: dialect.graceMs,
    news: dialect.news,
    encode: dialect.encode,
    ...(dialect.hears === undefined ? {} : { hears: dialect.hears }),
    schema: SOCKETIO_SCHEMA,
    carry: (host) => carry(host, dialect, version),
  }));
}

function carry(host: CarrierHost, dialect: SocketIoDialect, version: 3 | 4): Carrier {
  const io = createSocketIo(host, { ...dialect.settings, version }, host);
  dialect.serve({
    connection: ({ sid }) => host.connection(sid),
    mayTake: ({ sid }) => host.mayTake(sid),
    namespace: (name, handlers) => io.namespace(name, handlers),
  });
  const carrier = io.start();
  return {
    fetch: (request, isFull) => carrier.fetch(request, isFull),
    received: (wire, frame) => carrier.received(wire, frame),
    closed: (wire) => carrier.closed(wire),
    keyOf: (wire) => carrier.keyOf(wire),
    due: () => carrier.due(),
    asked: (question) => carrier.asked(question),
    deliver: (sids, text) => io.deliver(sids, text),
    close: (sid) => io.close(sid),
  };
}

const gatewaysOf = (name: string, version: 3 | 4): string => (version === 4 ? name : `${name}-3`);

/** Answers a request to a Socket.IO path: what needs no Gateway here, the rest by the one that its session id names. */
export async function answerSocketIo(
  name: string,
  request: Request,
  ask: (gateways: string, key: string | null) => Promise<Response | null>,
): Promise<Response> {
  const early = answerEarly(request);
  if (early !== null) return early;
  const query = new URL(request.url).searchParams;
  const gateways = gatewaysOf(name, query.get("EIO") === "3" ? 3 : 4);
  return (await ask(gateways, query.get("sid"))) ?? refuse(request, "unknownSession");
}
