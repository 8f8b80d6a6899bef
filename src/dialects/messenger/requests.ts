/**
 * What clients of `messenger` ask for: what each event asks of the service, and what its acknowledgement says. What is
 * refused throws, and is not acknowledged: clients of this dialect break on anything else. Knows no namespace.
 */

import { ParlanceError, invalid, isFailure, notFound } from "../../core/errors.ts";
import { splitMessageId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import { checkText } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { User } from "../../core/ports.ts";
import type { Connection } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import { fieldErrors, parseInput } from "../input.ts";
import { say } from "./events.ts";
import { attachmentAt } from "./media.ts";
import type { Pair, Render } from "./render.ts";
import type { RequestName, RequestOf } from "./schemas.ts";
import { REQUESTS } from "./schemas.ts";

/** Who asks, on which connection. */
export interface Asking {
  readonly session: Session;
  readonly username: string;
  readonly connection: Connection;
}

/** Only direct chats are chats here. */
const kinds = ["direct"] as const;

/** @throws input.invalid */
function parse<Name extends RequestName>(event: Name, payload: unknown): RequestOf<Name> {
  const parsed = parseInput(REQUESTS[event], payload);
  if (parsed.success) return parsed.data as RequestOf<Name>;
  const [error] = fieldErrors(parsed.error.issues);
  throw invalid(error?.path ?? "", error?.message ?? "is wrong");
}

/** Whether a send was refused because one of its attachments has just gone with another message. */
function isTaken(thrown: unknown): boolean {
  if (!(thrown instanceof ParlanceError) || thrown.failure.code !== "input.invalid") return false;
  return thrown.failure.errors?.some(({ path }) => path.startsWith("attachments.")) === true;
}

export function createRequests({ users, chats, attachments }: Service, render: Render) {
  /** The user with this name in the asker's app. */
  async function named({ session }: Asking, username: string): Promise<User | null> {
    return username === "" || username.length > 2 * LIMITS.username ? null : users.named(session, username);
  }

  const pairWith = ({ session, username }: Asking, peer: User): Pair => ({
    self: { id: session.userId, username },
    peer,
  });

  async function fetchUsers({ session }: Asking): Promise<object> {
    const everyone = await users.everyone(session);
    return { users: everyone.map(({ user, online }) => ({ username: user.username, isOnline: online })) };
  }

  async function fetchConversation(
    asking: Asking,
    { user, limit, before, after }: RequestOf<"fetch-conversation-with-user">,
  ): Promise<object> {
    const { session, connection } = asking;
    const peer = await named(asking, user);
    const chat = peer === null ? null : await chats.findDirect(session, peer.id);
    if (peer === null || chat === null) return { chats: [] };
    const command = { do: "message.list", kinds, present: true, inOrder: true, limit, before, after } as const;
    const pair = pairWith(asking, peer);
    try {
      const { items } = await chats.command<"message.list">(session, chat, command);
      return { chats: items.map((message) => render.chat(message, message.read, pair, connection.origin)) };
    } catch (thrown) {
      if (isFailure(thrown, "not_found")) return { chats: [] };
      throw thrown;
    }
  }

  async function fetchUnread(asking: Asking, user: string): Promise<object> {
    const { session } = asking;
    const peer = await named(asking, user);
    const chat = peer === null ? null : await chats.findDirect(session, peer.id);
    if (chat === null) return { unreadChatsCount: 0 };
    try {
      const { unread } = await chats.command<"chat.get">(session, chat, { do: "chat.get", kinds, inOrder: true });
      return { unreadChatsCount: unread };
    } catch (thrown) {
      if (isFailure(thrown, "not_found")) return { unreadChatsCount: 0 };
      throw thrown;
    }
  }

  /** @throws not_found, access.denied where it is one's own, input.invalid */
  async function readChat({ session }: Asking, id: number): Promise<object> {
    const place = splitMessageId(id);
    if (place === null) throw notFound("message");
    // No connection has the answer in place of the event: the one that asks hears the count as all of its user's do.
    const command = { do: "read", kinds, messageId: id, received: true, inOrder: true } as const;
    await chats.command<"read">(session, place.chat, command);
    return {};
  }

  /** @throws not_found, input.invalid; nothing is stored then */
  async function sendMessage(asking: Asking, { message, user, media }: RequestOf<"send-message">): Promise<object> {
    const { session, connection } = asking;
    const text = checkText(message);
    if (text === "" && media.length === 0) throw invalid("message", "a message needs a text or media");
    const ids = media.map((address) => attachmentAt(address, connection.origin));
    if (!ids.every((id) => id !== null)) throw invalid("media", "is no upload");
    if (new Set(ids).size < ids.length) throw invalid("media", "names one twice");
    const peer = await named(asking, user);
    if (peer === null) throw notFound("user");
    const send = async (anew: boolean): Promise<object> => {
      const draft = { text, attachments: await attachments.ready(session, ids, anew) };
      const sent = await chats.write(session, peer.id, draft, connection.id);
      return { chat: render.chat(sent.message, sent.message.read, pairWith(asking, peer), connection.origin) };
    };
    try {
      return await send(false);
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
      return send(true);
    }
  }

  async function wait(asking: Asking, user: string): Promise<void> {
    const { session, connection } = asking;
    const awaited = await named(asking, user);
    if (awaited === null) throw notFound("user");
    const online = await users.watch(session, awaited.id, connection.id);
    if (!connection.follow("user", awaited.id)) {
      await users.unwatch(awaited.id, connection.id);
      throw invalid("user", `a connection waits for at most ${LIMITS.watchedUsers} people`);
    }
    if (online) connection.send(say("user-online", { user: awaited.username }));
  }

  async function stopWaiting(asking: Asking, user: string): Promise<void> {
    const awaited = await named(asking, user);
    if (awaited === null) throw notFound("user");
    asking.connection.unfollow("user", awaited.id);
    await users.unwatch(awaited.id, asking.connection.id);
  }

  /** Does what `event` asks for. The acknowledgement; null where there is none. @throws ParlanceError */
  return async function perform(event: RequestName, payload: unknown, asking: Asking): Promise<object | null> {
    switch (event) {
      case "fetch-users":
        parse(event, payload);
        return fetchUsers(asking);
      case "fetch-conversation-with-user":
        return fetchConversation(asking, parse(event, payload));
      case "fetch-unread-chats-count":
        return fetchUnread(asking, parse(event, payload).user);
      case "read-chat":
        return readChat(asking, parse(event, payload).id);
      case "send-message":
        return sendMessage(asking, parse(event, payload));
      case "wait-for-user":
        await wait(asking, parse(event, payload).user);
        return null;
      case "stop-waiting-for-user":
        await stopWaiting(asking, parse(event, payload).user);
        return null;
    }
  };
}
