/**
 * How the objects that hold sockets and the dialects that give frames their meaning meet. The objects keep
 * connections and know no words; the dialects know the words and keep nothing.
 */

import type { Answer, Command, LogAnswer } from "./commands.ts";
import type { Failure } from "./errors.ts";
import type { AppNews, ChatEvent, Presence, UserEvent } from "./events.ts";
import type { FaultPlace } from "./faults.ts";
import type { AppId, UserId } from "./ids.ts";
import type { Json } from "./message.ts";
import type { Person, Session } from "./people.ts";

/** What one viewer sees differently in an event that is otherwise the same for all. */
export interface View {
  /** Who sees it; null on a connection that has not said. */
  readonly viewer?: UserId | null | undefined;
  readonly unread?: number | undefined;
  readonly read?: boolean | undefined;
  /** In a direct chat: the other one (or the viewer, in a chat with oneself). Undefined where it is no direct chat. */
  readonly peer?: Person | null | undefined;
  /** What the dialect keeps about the viewer's connection. */
  readonly state?: Json | undefined;
}

/** An event, encoded once; a viewer's own part is put in without encoding the rest again. */
export interface EncodedEvent {
  /** The frames that this viewer gets, in order; none where the dialect does not tell this event. */
  for(view: View): readonly string[];
}

/** Encodes events; `origin` is the origin that links begin with, e.g. `https://chat.example.com`. */
export type Encode = (event: ChatEvent | Presence | AppNews, origin: string) => EncodedEvent;

/** The words of a chat's own socket, and of what it writes out for requests. */
export interface ChatWire {
  /** The subprotocol that is answered, where the client offered it. */
  readonly subprotocol: string;
  /** A frame and its answer, given without waking the object. */
  readonly ping: readonly [request: string, answer: string];
  /** Characters of a frame. */
  readonly maxFrame: number;
  readonly graceMs: number;
  decode(frame: string): { ok: true; re: Json; command: Command } | { ok: false; re: Json; failure: Failure };
  answer(re: Json, answer: Answer, origin: string): string;
  failure(re: Json, failure: Failure): string;
  /** A part of the log as JSON. */
  body(answer: LogAnswer, origin: string): string;
  readonly encode: Encode;
  /** Several frames of `encode` as one. */
  join(frames: readonly string[]): string;
}

/** A connection, as its dialect sees it. */
export interface Connection {
  readonly id: string;
  /** The app and user that speak here; null before they have said who they are. */
  readonly session: Session | null;
  /** The app that it acts for as a whole, where it does. */
  readonly app: AppId | null;
  readonly username: string | null;
  /** The origin that links begin with. */
  readonly origin: string;
  /** What the dialect keeps about this connection (at most a few KB); survives eviction. */
  state: Json;
  send(frame: string): void;
  /** `code` as in RFC 6455. */
  close(code: number, reason: string): void;
  /** From now on this connection is `session`'s. False: the token was ended meanwhile; the connection is being closed. */
  identify(session: Session, username: string): Promise<boolean>;
  /**
   * From now on this connection acts for a whole app, whose key it gave (or which is open); it ends at once when the app's
   * key is changed or the app is deleted. It may send as much as many users.
   */
  serve(app: AppId): Promise<void>;
  /**
   * From now on this connection, which acts for an app, hears the messages of a chat, or of every chat that a user is in or
   * comes to be in: each once, whatever brings it. The user, of whom the caller knows that they are of this app, counts as
   * no more online than before. False: there are too many. @throws not_found where the app has no such chat
   */
  subscribe(to: "chat" | "user", id: number): Promise<boolean>;
  isSubscribed(to: "chat" | "user", id: number): boolean;
  /** Notes a chat or a person that this connection listens to, so that it is let go when the connection ends. False: there are too many. */
  follow(kind: "chat" | "user", id: number): boolean;
  unfollow(kind: "chat" | "user", id: number): void;
}

/** The words of a dialect whose connections a Gateway holds. */
export interface GatewayWire {
  /** Also the first part of the names of its Gateways. */
  readonly name: string;
  readonly subprotocol: string | null;
  readonly ping: readonly [request: string, answer: string] | null;
  /** Characters (or bytes) of a frame. */
  readonly maxFrame: number;
  /** How long a user still counts as online once their last connection of this dialect has closed. */
  readonly graceMs: number;
  /** Whether its connections hear the news of their app. */
  readonly news: boolean;
  /** A connection stands. */
  opened(connection: Connection): Promise<void>;
  /** A frame came; those of one connection come one after the other. */
  received(connection: Connection, frame: string | ArrayBuffer): Promise<void>;
  /** More frames came than the bucket holds. */
  flooded(connection: Connection, frame: string | ArrayBuffer): void;
  readonly encode: Encode;
  /** Several frames of `encode` as one; null where each is sent alone. */
  readonly join: ((frames: readonly string[]) => string) | null;
}

/** A hibernating WebSocket of a dialect that carries its connections itself. */
export interface CarriedSocket {
  /** Kept with the socket through an eviction; a few hundred bytes. */
  label: Json;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
  /** When the runtime last answered a ping by itself; null: never. */
  answeredAt(): number | null;
}

export interface CarrierSql {
  exec(query: string, ...bindings: (string | number | null | ArrayBuffer)[]): { toArray(): Record<string, unknown>[] };
}

/** What a Gateway gives a dialect that carries its connections itself. A connection goes by a key of the dialect's. */
export interface CarrierHost {
  /** URL-safe. A key that begins with it and a hyphen leads back to this Gateway. */
  readonly place: string;
  readonly sql: CarrierSql;
  now(): number;
  /** Asks for `due` to be called at `at`; null: not at all. */
  wakeAt(at: number | null): void;
  accept(label: Json): { readonly wire: CarriedSocket; readonly response: Response };
  wires(): readonly CarriedSocket[];
  later(work: Promise<unknown>): void;
  /** Asks the Gateway of this dialect at another place. */
  ask(place: string, question: Json): Promise<Json>;
  fault(what: FaultPlace, error: unknown): void;
  /** A connection stands, or stands again after an eviction. */
  opened(key: string, origin: string): Connection;
  connection(key: string): Connection | undefined;
  /** It is gone for good. */
  ended(key: string): void;
  /** It is about to be ended, because its client does not take what waits for it. For sockets the Gateway sees that itself. */
  slow(key: string): void;
  /** Whether one more frame may come on this connection; to be asked for each. Who asks in vain too often is closed. */
  mayTake(key: string): boolean;
}

/** The dialect's side: what its Gateway calls. */
export interface Carrier {
  /** Any request of the dialect's; with `isFull`, one that would open a connection is answered with 503. */
  fetch(request: Request, isFull: boolean): Promise<Response>;
  received(wire: CarriedSocket, frame: string | ArrayBuffer): void | Promise<void>;
  closed(wire: CarriedSocket): void | Promise<void>;
  /** Whose socket it is. */
  keyOf(wire: CarriedSocket): string;
  /** The alarm. */
  due(): void | Promise<void>;
  /** A question from another place. */
  asked(question: Json): Json;
  /** One frame for some connections. */
  deliver(keys: readonly string[], frame: string): void;
  close(key: string, code: number, reason: string): void;
}

/**
 * The words of a dialect whose connections are more than a WebSocket each: they come as requests, over several sockets
 * or none. It carries frames itself, over what the Gateway gives it.
 */
export interface CarriedWire {
  readonly name: string;
  readonly ping: readonly [request: string, answer: string] | null;
  readonly graceMs: number;
  readonly news: boolean;
  readonly encode: Encode;
  /** A connection is about to be told an event, which may change what is kept about it. */
  readonly hears?: (connection: Connection, event: UserEvent["event"]) => void;
  /** The tables of the dialect's own, as steps; their names begin with a prefix of its own. */
  readonly schema: readonly ((sql: CarrierSql) => void)[];
  carry(host: CarrierHost): Carrier;
}

/** Whether an event is repeated after a failure; the others are told once and forgotten. */
export function isDurable(event: UserEvent["event"]): boolean {
  return "rev" in event || event.type === "chat.removed";
}
