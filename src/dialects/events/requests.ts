/**
 * The five events: what each asks of the service, what it makes the connection hear from then on, and the body that
 * answers it. Knows no Socket.IO; messages come to everyone, the sender included, as events of their own.
 */

import type { ListedChat } from "../../core/chat.ts";
import type { AppId, ChatId, MessageId, UserId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import { wholeApp } from "../../core/people.ts";
import type { User } from "../../core/ports.ts";
import type { Connection } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import { parseInput } from "../input.ts";
import { Refusal, refused, wrong } from "./errors.ts";
import type { Render } from "./render.ts";
import type { Asked, EventName } from "./schemas.ts";
import { EVENTS } from "./schemas.ts";

/** Who asks: a connection that acts for a whole app. */
export interface Caller {
  readonly app: AppId;
  readonly connection: Connection;
}

const bytesOf = (value: object): number => new TextEncoder().encode(JSON.stringify(value)).length + 1;

/** As many of `items`, from the first on, as fit into one answer. */
function fitting<Item extends object>(items: readonly Item[]): Item[] {
  let left = LIMITS.eventsAnswer;
  const end = items.findIndex((item) => (left -= bytesOf(item)) < 0);
  return end < 0 ? [...items] : items.slice(0, end);
}

function asked<Name extends EventName>(name: Name, body: unknown): Asked<Name> {
  const parsed = parseInput(EVENTS[name], body);
  if (!parsed.success) throw refused(parsed.error.issues);
  return parsed.data as Asked<Name>;
}

export function createRequests({ users, chats }: Service, render: Render) {
  async function hear({ connection }: Caller, kind: "chat" | "user", id: ChatId | UserId): Promise<void> {
    if (await connection.subscribe(kind, id)) return;
    throw new Refusal([{ message: `this connection has named ${LIMITS.subscriptions} ${kind}s, which is the most` }]);
  }

  /** A connection hears every user that it has named. @throws not_found */
  async function hearUser(caller: Caller, user: UserId): Promise<void> {
    if (caller.connection.isSubscribed("user", user)) return;
    await users.get(caller.app, user);
    await hear(caller, "user", user);
  }

  async function findOrMake(app: AppId, user: Asked<"create-user">["user"]): Promise<User> {
    const patch = { name: user.name, photo: user.photo === "" ? null : user.photo };
    if (user.id !== undefined) return users.refresh(await users.get(app, user.id), patch);
    if (user.external_id === undefined) throw wrong("user.external_id", "or id is needed");
    return users.ensure(app, { ...patch, externalId: user.external_id });
  }

  async function createUser(caller: Caller, { user }: Asked<"create-user">): Promise<object> {
    const made = await findOrMake(caller.app, user);
    await hear(caller, "user", made.id);
    return { status: "ok", user: render.user(made) };
  }

  async function createChat(caller: Caller, body: Asked<"create-chat">): Promise<object> {
    const named = [...new Set([...(body.users ?? []), ...(body.chat?.users ?? [])])];
    if (named.length === 0) throw wrong("users", "names nobody");
    const ids = named.filter((id) => typeof id === "number");
    const unknown = [...named.filter((id) => typeof id === "string"), ...(await users.unknown(caller.app, ids))];
    if (unknown.length > 0) {
      throw new Refusal(unknown.map((id) => ({ message: `users: ${id} is no user`, field: "users" })));
    }
    const [first, ...others] = ids as [UserId, ...UserId[]];
    const creator = { appId: caller.app, userId: first };
    const title = body.chat?.name ?? null;
    const [other] = others;
    // As in the other dialects: two people without a name have one chat, in which all dialects meet.
    const chat =
      title === null && other !== undefined && others.length === 1
        ? (await chats.direct(creator, other)).chat
        : await chats.create(creator, { kind: "group", title, members: others });
    await hear(caller, "chat", chat.id);
    const members = chat.members.map((member) => member.user.id);
    return { status: "ok", chat: render.chat(chat, members) };
  }

  async function listChats(caller: Caller, { user }: Asked<"list-chats">): Promise<object> {
    await hearUser(caller, user.id);
    const actor = { appId: caller.app, userId: user.id };
    const items: ListedChat[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null && items.length < LIMITS.eventsChats) {
      const page = await chats.list(actor, { limit: LIMITS.page, cursor });
      items.push(...page.items);
      cursor = page.next;
    }
    const members = await chats.membersOf(items.map((chat) => chat.id));
    return { chats: fitting(items.map((chat) => render.chat(chat, members.get(chat.id) ?? []))) };
  }

  async function listMessages(caller: Caller, { chat, query }: Asked<"list-messages">): Promise<object> {
    await hear(caller, "chat", chat.id);
    const range = { from: query?.from ?? null, to: query?.to ?? null, limit: LIMITS.page };
    const newest: object[] = [];
    let before: MessageId | null = null;
    do {
      const page = await chats.range(caller.app, chat.id, { ...range, before });
      newest.push(...page.items.map((message) => render.message(message, caller.connection.origin)));
      before = page.next;
    } while (before !== null && newest.length < LIMITS.eventsMessages);
    return { messages: fitting(newest).toReversed() };
  }

  async function newMessage(caller: Caller, { chat, user, message }: Asked<"new-message">): Promise<object> {
    await hearUser(caller, user.id);
    await hear(caller, "chat", chat.id);
    const actor = { ...wholeApp(caller.app), userId: user.id };
    const sent = await chats.command<"message.send">(actor, chat.id, {
      do: "message.send",
      draft: { text: message.value, kind: message.type },
    });
    return render.message(sent.message, caller.connection.origin);
  }

  /** Does what the event asks for; the body of its answer. @throws Refusal, ParlanceError */
  return function perform(name: EventName, body: unknown, caller: Caller): Promise<object> {
    switch (name) {
      case "create-user":
        return createUser(caller, asked(name, body));
      case "create-chat":
        return createChat(caller, asked(name, body));
      case "list-chats":
        return listChats(caller, asked(name, body));
      case "list-messages":
        return listMessages(caller, asked(name, body));
      case "new-message":
        return newMessage(caller, asked(name, body));
    }
  };
}
