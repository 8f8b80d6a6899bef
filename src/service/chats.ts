/** Chats: making and finding them, and what can be asked of one. Knows no transport. */

import type { DetailedChat, ListedChat } from "../core/chat.ts";
import type { Command, CommandName, CommandOf, LogQuery, ResultOf } from "../core/commands.ts";
import type { Result } from "../core/errors.ts";
import { invalidFields, isFailure, notFound } from "../core/errors.ts";
import type { AppId, ChatId, MessageId, UserId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Draft, SeenMessage } from "../core/message.ts";
import type { Actor, Role } from "../core/people.ts";
import { personOf, wholeApp } from "../core/people.ts";
import type { ListPage, NewChat, User } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";
import { usersNamed } from "./users.ts";

export function createChats({ directory, objects }: ServicePorts) {
  const get = (actor: Actor, chat: ChatId): Promise<DetailedChat> =>
    objects.command<"chat.get">(chat, actor, { do: "chat.get" });

  /** The direct chat of the caller and `other`: found or made. @throws not_found where there is no such user */
  async function direct(
    actor: Actor,
    other: UserId,
    origin: string | null = null,
  ): Promise<{ chat: DetailedChat; created: boolean }> {
    const known = await directory.chats.findDirect(actor.appId, actor.userId, other);
    if (known !== null) {
      try {
        return { chat: await get(actor, known), created: false };
      } catch (thrown) {
        // It was being erased while it was found: the next one is another chat.
        if (!isFailure(thrown, "not_found")) throw thrown;
      }
    }
    if ((await directory.users.find(actor.appId, other)) === null) throw notFound("user");
    await objects.sweepLater(actor.userId, "chats");
    const { id, created } = await directory.chats.direct(actor.appId, actor.userId, other);
    // Whoever came second is answered as one who found it, and is told of the chat as everyone else is.
    return { chat: await objects.open(id, actor, created ? origin : null), created };
  }

  /** Says something to `other`, in the direct chat of the two, which is made where there is none. @throws not_found, input.invalid */
  async function write(
    actor: Actor,
    other: UserId,
    draft: Draft,
    origin: string | null = null,
  ): Promise<{ chat: ChatId; message: SeenMessage }> {
    const send = async (chat: ChatId): Promise<{ chat: ChatId; message: SeenMessage }> => {
      const command = { do: "message.send", kinds: ["direct"], inOrder: origin !== null, draft } as const;
      const { message } = await objects.command<"message.send">(chat, actor, command, origin);
      return { chat, message };
    };
    const known = await directory.chats.findDirect(actor.appId, actor.userId, other);
    if (known !== null) {
      try {
        return await send(known);
      } catch (thrown) {
        // The chat is being erased: the message makes a new one.
        if (!isFailure(thrown, "not_found")) throw thrown;
      }
    }
    return send((await direct(actor, other, origin)).chat.id);
  }

  return {
    get,
    direct,

    write,

    findDirect: (actor: Actor, other: UserId): Promise<ChatId | null> =>
      directory.chats.findDirect(actor.appId, actor.userId, other),

    /** A chat with the caller as its owner. @throws input.invalid naming members that are no users */
    async create(
      actor: Actor,
      chat: { kind: NewChat["kind"]; title: string | null; members: readonly UserId[]; props?: NewChat["props"] },
      origin: string | null = null,
    ): Promise<DetailedChat> {
      if (chat.members.length > LIMITS.membersAtOnce) {
        throw invalidFields([{ path: "members", message: `may be at most ${LIMITS.membersAtOnce} at once` }]);
      }
      const members = await usersNamed(directory, actor.appId, chat.members, "members");
      // Whatever happens from here on, the chat is brought to its end or was never there.
      await objects.sweepLater(actor.userId, "chats");
      const id = await directory.chats.create({
        appId: actor.appId,
        kind: chat.kind,
        title: chat.title,
        createdBy: actor.userId,
        members: members.map((user) => user.id).filter((user) => user !== actor.userId),
        props: chat.props,
      });
      return objects.open(id, actor, origin);
    },

    list: (actor: Actor, page: ListPage): Promise<{ items: ListedChat[]; next: string | null }> =>
      objects.list(actor.userId, page),

    /** Asks a chat to do `command`; `origin` is the connection that will have the answer, and is not told the event. */
    command: <Name extends CommandName>(
      actor: Actor,
      chat: ChatId,
      command: CommandOf<Name>,
      origin: string | null = null,
    ): Promise<ResultOf<Name>> => objects.command(chat, actor, command, origin),

    /** Asks a chat to do these, in this order; the answer of each. */
    commands: (
      actor: Actor,
      chat: ChatId,
      commands: readonly Command[],
      origin: string,
    ): Promise<readonly Result<ResultOf<CommandName>>[]> => objects.commands(chat, actor, commands, origin),

    /** A part of a chat's log as `/v1` writes it: JSON, with links that begin with `origin`. The chat writes it, so that it crosses as it is. */
    readLog: (actor: Actor, chat: ChatId, query: LogQuery, origin: string): Promise<string> =>
      objects.readLog(chat, actor, query, origin),

    /** Messages of a chat of this app between two times (milliseconds since 1970, both included; null: no bound), newest first. @throws not_found */
    range: (
      app: AppId,
      chat: ChatId,
      page: { from: number | null; to: number | null; before: MessageId | null; limit: number },
    ): Promise<ResultOf<"message.range">> =>
      objects.command<"message.range">(chat, wholeApp(app), { do: "message.range", ...page }),

    /** Who is in each of these chats, as far as the directory follows. */
    membersOf: (chats: readonly ChatId[]): Promise<Map<ChatId, UserId[]>> => directory.chats.membersOf(chats),

    /** Unread messages by kind of chat. */
    unreadSum: (actor: Actor): Promise<{ direct: number; room: number; group: number }> =>
      objects.unreadSum(actor.userId),

    /** The caller joins a room of their app. @throws access.denied where it is full or no room, not_found */
    join: (user: User, chat: ChatId): Promise<DetailedChat> =>
      objects.command<"room.join">(
        chat,
        { appId: user.appId, userId: user.id },
        { do: "room.join", person: personOf(user) },
      ),

    /** @throws input.invalid naming those that are no users, access.denied */
    async addMembers(
      actor: Actor,
      chat: ChatId,
      users: readonly UserId[],
      role: Role,
      origin: string | null = null,
    ): Promise<DetailedChat> {
      if (users.length > LIMITS.membersAtOnce) {
        throw invalidFields([{ path: "users", message: `may be at most ${LIMITS.membersAtOnce} at once` }]);
      }
      const members = await usersNamed(directory, actor.appId, users, "users");
      return objects.command<"member.add">(
        chat,
        actor,
        { do: "member.add", users: members.map(personOf), role, inOrder: origin !== null },
        origin,
      );
    },

    /** Adds somebody, or gives a member another role; without `role` a member stays what they are. @throws not_found, access.denied */
    async putMember(actor: Actor, chat: ChatId, user: UserId, role: Role | undefined): Promise<DetailedChat> {
      const known = (await get(actor, chat)).members.some((member) => member.user.id === user);
      if (known && role !== undefined) {
        return objects.command<"member.role">(chat, actor, { do: "member.role", user, role });
      }
      const person = await directory.users.find(actor.appId, user);
      if (person === null) throw notFound("user");
      const add = { do: "member.add", users: [personOf(person)], role: role ?? "member" } as const;
      return objects.command<"member.add">(chat, actor, add);
    },

    /** The connection `listener` hears what is ephemeral in the chat (or no longer). @throws access.denied, not_found */
    hear: (actor: Actor, chat: ChatId, listener: string, on: boolean): Promise<void> =>
      objects.hear(chat, actor, listener, on),

    /**
     * The connection `listener` is in the room from now on, where the others see it as `shownAs`, until it hears it no longer.
     * The others are told that it came, and all, itself included, who is there. @throws access.denied, not_found
     */
    enter: (actor: Actor, chat: ChatId, listener: string, shownAs: string): Promise<void> =>
      objects.enter(chat, actor, listener, shownAs),
  };
}
