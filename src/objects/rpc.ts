/**
 * What the objects say to each other, and how they are reached. Knows the shapes of the calls; knows
 * nothing of what an object does with them.
 */

import type { Chat, DetailedChat, ListedChat } from "../core/chat.ts";
import type { Command, CommandName, LogQuery, ResultOf } from "../core/commands.ts";
import type { Result } from "../core/errors.ts";
import { failureOf } from "../core/errors.ts";
import type { AppNews, ChatEvent, UserEvent } from "../core/events.ts";
import type { Figure } from "../core/figures.ts";
import type { AppId, ChatId, UserId } from "../core/ids.ts";
import type { Json, SeenMessage } from "../core/message.ts";
import type { Actor, Person } from "../core/people.ts";
import type { ListPage, Sweep } from "../core/ports.ts";
import { requestOf } from "../log.ts";
import type { CalledObject } from "./called-object.ts";
import type { Handed } from "./figures.ts";

/** An event on its way to an Inbox; `clock` orders everything that happens in its chat. */
export interface Told extends UserEvent {
  readonly clock: number;
  readonly event: ChatEvent;
}

/** A chat as it stands in the list of the one whose Inbox this goes to. */
export interface ChatRow {
  readonly chat: Chat;
  readonly unread: number;
  readonly lastMessage: SeenMessage | null;
  readonly peer: Person | null;
  /** The chat pushes only to those who are online; others ask. */
  readonly large: boolean;
}

/** What a Chat brings to one Inbox: the state of its row at `clock`, and what happened on the way there. */
export interface Delivery {
  readonly chatId: ChatId;
  readonly clock: number;
  /** Null: this user is no longer in the chat. Undefined: only events, the row stays. */
  readonly row: ChatRow | null | undefined;
  readonly events: readonly Told[];
  /** There was too much to tell: clients see a gap in `rev` and ask for it. */
  readonly hole?: boolean;
  /** Connections that hear these events, or those that are left out, from the chat itself. */
  readonly heardAt?: readonly string[];
  /** They have heard no more than what has this clock. */
  readonly heardUpTo?: number;
  /** Events were left out, since nobody would hear them by the Inbox: if somebody does, nothing of this is taken, and all of it is brought again. */
  readonly rowOnly?: boolean;
  /** Some of it was told as if it had been heard, and was not: it is told whatever the Inbox has already. */
  readonly again?: boolean;
  /** It may be gathered for a moment what comes next; `settle` brings it. */
  readonly gathers?: boolean;
  /** The Inbox is attached: what happens is brought to it also while the chat is large. */
  readonly attached?: boolean;
}

/** How far a delivery got. */
export interface Delivered {
  /** Its row is written; else it is gathered with others for a moment. */
  readonly written: boolean;
  /** Nothing was taken: there are those who have to hear the events that were left out. */
  readonly refused?: boolean;
  /** The user's connections on Gateways; null: there are others who hear by the Inbox. */
  readonly ears: readonly string[] | null;
}

/** A connection of a user, wherever its socket is. */
export interface ConnectionInfo {
  /** `<place>#<random>`: the place is the Gateway's or the Chat's name. */
  readonly id: string;
  readonly tokenId: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** How long the user still counts as online once this connection has closed. */
  readonly graceMs: number;
}

/** Events for some connections of one Gateway. */
export interface Push {
  readonly connections: readonly string[];
  readonly events: readonly UserEvent[];
}

export interface ChatCalls {
  execute(actor: Actor, command: Command, origin: string | null): Promise<Result<ResultOf<CommandName>>>;
  /** Each in turn, as `execute` does it. */
  executeAll(
    actor: Actor,
    commands: readonly Command[],
    origin: string | null,
  ): Promise<Result<ResultOf<CommandName>>[]>;
  /** Takes over from the directory, if it has not; `origin` is the connection that asked, and is not told. */
  open(actor: Actor | null, origin: string | null): Promise<Result<DetailedChat>>;
  isMember(actor: Actor): Promise<boolean>;
  /**
   * This member's Inbox is online and wants pushes (or no longer); the row as it is now. With `since`, what happened after
   * that clock is brought too.
   */
  attach(user: UserId, on: boolean, since?: number): Promise<Result<{ clock: number; row: ChatRow | null }>>;
  /** The row of a member of a large chat whose Inbox is not attached. */
  summary(user: UserId): Promise<Result<{ clock: number; row: ChatRow | null }>>;
  /** A part of the log as the wire of the chat's own sockets writes it, with links that begin with `origin`. */
  readLog(actor: Actor, query: LogQuery, origin: string): Promise<Result<string>>;
  /** Resolves once this user's Inbox has everything that was committed before. */
  settle(user: UserId): Promise<Result<null>>;
  /** A Gateway's connection hears what is ephemeral in this chat (or no longer). */
  hear(actor: Actor, connection: string, on: boolean): Promise<Result<null>>;
  /** A connection that acts for `app` hears the messages of this chat (or no longer). */
  subscribe(app: AppId, connection: string, on: boolean): Promise<Result<null>>;
  /** It does, and is in the room, where the others see it as `shownAs`: all who are there hear of it. */
  enter(actor: Actor, connection: string, shownAs: string): Promise<Result<null>>;
  /** Deletes some of the messages that were sent before `before` (milliseconds since 1970); whether there are more. */
  expire(before: number): Promise<Result<boolean>>;
  closeSockets(connections: readonly string[], code: number, reason: string): Promise<void>;
  /** Those of `connections` that are open. */
  alive(connections: readonly string[]): Promise<string[]>;
  personChanged(person: Person): Promise<Result<null>>;
  /** This person's account is gone: they leave, their messages stay under the ghost's name. */
  personErased(ghost: Person): Promise<Result<null>>;
  /** The chat's app is being deleted: the chat is gone, for all, once this returns. Nothing is left to do where it was gone already. */
  eraseWithApp(): Promise<Result<null>>;
  fetch(request: Request): Promise<Response>;
}

export interface InboxCalls {
  /** Resolves once the user's connections have been told. */
  deliver(delivery: Delivery): Promise<Delivered>;
  /** Resolves once what came from this chat is written; the clock of its row, undefined where the user has no such chat. */
  written(chat: ChatId): Promise<number | undefined>;
  /**
   * The username of whoever has the connection. Null: its token has ended, and the connection must not stand. `username`
   * null: by nothing but the token's signature; whether it stands is still to be seen.
   */
  addConnection(actor: Actor, username: string | null, connection: ConnectionInfo): Promise<string | null>;
  removeConnections(connections: readonly string[]): Promise<void>;
  /** A connection that acts for the user's app hears the messages of all their chats (or no longer); it does not make them online. */
  subscribe(connection: string, on: boolean): Promise<void>;
  list(page: ListPage): Promise<Result<{ items: ListedChat[]; next: string | null }>>;
  unreadSum(): Promise<{ direct: number; room: number; group: number }>;
  /** The watcher hears of this user's presence from now on; whether they are online now. */
  watch(watcher: string): Promise<boolean>;
  unwatch(watcher: string): Promise<void>;
  online(): Promise<boolean>;
  /** When the last connection closed; null while one is open, or where none ever was. */
  lastSeen(): Promise<number | null>;
  endSessions(tokenId: string | null, expiresAt: number): Promise<void>;
  /** Ends all tokens of the user, with the connections that they have opened. */
  endAllSessions(): Promise<void>;
  sweepLater(what: Sweep): Promise<void>;
  profileChanged(person: Person): Promise<void>;
  /** The account is gone. */
  erase(actor: Actor, ghost: Person): Promise<void>;
  /** The user's app is being deleted: connections are closed, and nothing is kept but that this user is gone. */
  eraseWithApp(): Promise<void>;
}

export interface GatewayCalls {
  /** Those connections that are gone. */
  deliver(pushes: readonly Push[]): Promise<string[]>;
  news(app: AppId, news: AppNews): Promise<void>;
  closeConnections(connections: readonly string[], code: number, reason: string): Promise<void>;
  /** Closes those that act for the app as a whole. */
  closeApp(app: AppId, code: number, reason: string): Promise<void>;
  /** Those of `connections` that are open. */
  alive(connections: readonly string[]): Promise<string[]>;
  /** A question of the dialect's own, from another of its Gateways. */
  ask(question: Json): Promise<Json>;
  fetch(request: Request): Promise<Response>;
}

export interface LobbyCalls {
  /** Adds what the object at `place` has counted to the app's figures. */
  count(place: string, handed: Handed): Promise<void>;
  /** What was counted of the app so far. */
  figures(): Promise<readonly Figure[]>;
  setOnline(user: UserId, on: boolean): Promise<void>;
  online(users: readonly UserId[]): Promise<UserId[]>;
  allOnline(): Promise<UserId[]>;
  /** A Gateway has connections that want the news of this app (or none any more). */
  listen(gateway: string, on: boolean): Promise<void>;
  announce(app: AppId, news: AppNews): Promise<void>;
  /** How long messages of the app are kept has been set, which the directory says: the older ones are deleted soon, and then once a day. */
  retain(app: AppId): Promise<void>;
  /** Closes the connections that act for the app as a whole, everywhere. @throws Error where a Gateway could not be reached */
  closeApp(app: AppId): Promise<void>;
  /** Deletes the app: nothing finds it, and its connections are closed, once this returns; the rest follows. Done twice it is harmless. */
  eraseApp(app: AppId): Promise<void>;
}

/** The namespaces of the objects, whatever else the environment holds. */
export interface ObjectBindings {
  readonly CHAT: DurableObjectNamespace;
  readonly INBOX: DurableObjectNamespace;
  readonly GATEWAY: DurableObjectNamespace;
  readonly LOBBY: DurableObjectNamespace;
}

/**
 * A stub by the calls that it takes; while a request is under way they bear its id. A new one for each call: a stub stays
 * broken once its object was reset. The runtime's own stub types unfold every argument deeper than the compiler follows, hence
 * the one cast.
 */
function stub<Calls extends object>(namespace: DurableObjectNamespace, name: string): Calls {
  const called = namespace.getByName(name) as unknown as Calls & Pick<CalledObject, "onBehalf">;
  const request = requestOf();
  return request === null ? called : onBehalfOf(request, called);
}

/** The same stub, whose calls are made for a request. A request that is passed on bears the id by itself. */
function onBehalfOf<Calls extends object>(request: string, called: Calls & Pick<CalledObject, "onBehalf">): Calls {
  return new Proxy<Calls>(called, {
    get: (_, name) => {
      if (name === "fetch") return (passed: Request) => (called as unknown as Fetcher).fetch(passed);
      return (...args: readonly unknown[]) => called.onBehalf(request, String(name), args);
    },
  });
}

export const chatStub = (env: ObjectBindings, chat: ChatId): ChatCalls => stub(env.CHAT, chatName(chat));
export const inboxStub = (env: ObjectBindings, user: UserId): InboxCalls => stub(env.INBOX, `user:${user}`);
export const gatewayStub = (env: ObjectBindings, name: string): GatewayCalls => stub(env.GATEWAY, name);
export const lobbyStub = (env: ObjectBindings, app: AppId): LobbyCalls => stub(env.LOBBY, `app:${app}`);

const CHAT_PREFIX = "chat:";

export const chatName = (chat: ChatId): string => `${CHAT_PREFIX}${chat}`;

/** The number of the chat whose object has this name; NaN where it is no chat's. */
export const chatNumber = (name: string): number => Number(name.slice(CHAT_PREFIX.length));

/** The object that holds the socket of a connection: a Gateway or a Chat. */
export function placeOf(connection: string): string {
  return connection.slice(0, connection.lastIndexOf("#"));
}

/** The object at `place`, as far as closing and counting connections goes. */
export function placeStub(
  env: ObjectBindings,
  place: string,
): { alive: GatewayCalls["alive"]; close: GatewayCalls["closeConnections"] } {
  if (place.startsWith(CHAT_PREFIX)) {
    const chat = stub<ChatCalls>(env.CHAT, place);
    return { alive: (ids) => chat.alive(ids), close: (ids, code, reason) => chat.closeSockets(ids, code, reason) };
  }
  const gateway = gatewayStub(env, place);
  return {
    alive: (ids) => gateway.alive(ids),
    close: (ids, code, reason) => gateway.closeConnections(ids, code, reason),
  };
}

export const isGateway = (place: string): boolean => !place.startsWith(CHAT_PREFIX);

/** Groups connection ids by the object that holds them. */
export function byPlace(connections: Iterable<string>): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const id of connections) {
    const place = placeOf(id);
    const ids = places.get(place);
    if (ids === undefined) places.set(place, [id]);
    else ids.push(id);
  }
  return places;
}

/** Runs `work` and turns what it throws into a value; a fault of ours is handed to `report` first. */
export async function attempt<T>(work: () => T | Promise<T>, report: (fault: unknown) => void): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.code === "internal") report(thrown);
    return { ok: false, failure };
  }
}
