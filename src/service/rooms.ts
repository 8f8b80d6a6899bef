/**
 * Rooms that belong to an app: it makes them under names that are unique there, puts people in and takes them out. Those
 * people then use them as any chat. Knows no transport; who may act for an app is checked before.
 */

import type { DetailedChat } from "../core/chat.ts";
import { conflict, invalid, isFailure, notFound } from "../core/errors.ts";
import type { AppId, ChatId, UserId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Json } from "../core/message.ts";
import { codePoints } from "../core/message.ts";
import { personOf, wholeApp } from "../core/people.ts";
import type { AppRoom } from "../core/ports.ts";
import type { ServicePorts } from "./ports.ts";
import { usersNamed } from "./users.ts";

/** @throws input.invalid */
function checkName(name: string): void {
  if (name === "" || !name.isWellFormed() || name.length > 2 * LIMITS.title || codePoints(name) > LIMITS.title)
    throw invalid("room", `has 1 to ${LIMITS.title} characters`);
}

/** @throws input.invalid */
function checkExtra(extra: Json): void {
  const encoded = JSON.stringify(extra);
  if (encoded.length > LIMITS.dataBytes)
    throw invalid("extra", `may have at most ${LIMITS.dataBytes} characters as JSON`);
  if (!encoded.isWellFormed()) throw invalid("extra", "is not valid Unicode");
}

export function createRooms({ directory, objects }: ServicePorts) {
  /** @throws not_found */
  async function find(app: AppId, name: string): Promise<AppRoom> {
    const room = await directory.rooms.find(app, name);
    if (room === null) throw notFound("chat");
    return room;
  }

  const view = (app: AppId, id: ChatId): Promise<DetailedChat> =>
    objects.command<"chat.get">(id, wholeApp(app), { do: "chat.get" });

  return {
    /** The room of that name. @throws not_found */
    find,

    /** The room with its members. @throws not_found */
    get: async (app: AppId, name: string): Promise<DetailedChat> => view(app, (await find(app, name)).id),

    /** All rooms of the app, the newest first. */
    list: (app: AppId): Promise<AppRoom[]> => directory.rooms.list(app),

    /**
     * Makes a room; `extra` is the app's own, and comes back as it is.
     * @throws conflict where there is a room of that name, input.invalid naming `room`, `extra` or those of `users` that are none
     */
    async create(
      app: AppId,
      room: { name: string; users: readonly UserId[]; extra?: Json | undefined },
    ): Promise<DetailedChat> {
      checkName(room.name);
      const extra = room.extra ?? null;
      checkExtra(extra);
      if (room.users.length > LIMITS.membersAtOnce)
        throw invalid("users", `may be at most ${LIMITS.membersAtOnce} at once`);
      const users = await usersNamed(directory, app, room.users, "users");
      try {
        const members = users.map((user) => user.id);
        const id = await directory.rooms.create({ appId: app, name: room.name, members, props: { extra } });
        return await objects.open(id, wholeApp(app), null);
      } catch (thrown) {
        if (!isFailure(thrown, "conflict")) throw thrown;
        // If the making of that room was cut off, its members learn of it now.
        const known = await directory.rooms.find(app, room.name);
        if (known !== null) await objects.open(known.id, wholeApp(app), null);
        throw conflict("There is a room of this name.", "chat");
      }
    },

    /** Puts people in; who is in already stays. @throws not_found, input.invalid naming those of `users` that are none */
    async addMembers(app: AppId, name: string, users: readonly UserId[]): Promise<DetailedChat> {
      const { id } = await find(app, name);
      if (users.length > LIMITS.membersAtOnce) throw invalid("users", `may be at most ${LIMITS.membersAtOnce} at once`);
      const added = await usersNamed(directory, app, users, "users");
      return objects.command<"member.add">(id, wholeApp(app), {
        do: "member.add",
        users: added.map(personOf),
        role: "member",
      });
    },

    /** Takes people out; who is not in is passed over. @throws not_found */
    async removeMembers(app: AppId, name: string, users: readonly UserId[]): Promise<DetailedChat> {
      const { id } = await find(app, name);
      const room = await view(app, id);
      const leaving = room.members.map((member) => member.user.id).filter((user) => users.includes(user));
      if (leaving.length === 0) return room;
      return objects.command<"member.remove">(id, wholeApp(app), { do: "member.remove", users: leaving });
    },

    /** The app that a room belongs to; null: there is no such room. */
    async appOf(id: ChatId): Promise<AppId | null> {
      const chat = await directory.chats.load(id);
      return chat === null || chat.name === null ? null : chat.appId;
    },

    /** The room is gone for all, with its messages and files. @throws not_found */
    async remove(app: AppId, id: ChatId): Promise<void> {
      const room = await directory.rooms.findById(app, id);
      if (room === null) throw notFound("chat");
      await objects.command<"chat.erase">(room.id, wholeApp(app), { do: "chat.erase" });
    },
  };
}
