/**
 * Commands on a chat's title and its members: who comes, who goes, who may what.
 * Knows the room and the rules of the core; knows no socket and no other object.
 */

import type { Chat } from "../../core/chat.ts";
import type { CommandOf } from "../../core/commands.ts";
import { invalid, notFound, notMember, refused } from "../../core/errors.ts";
import type { UserId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Actor, Person, Role } from "../../core/people.ts";
import { checkAdd, checkErase, checkRemove, checkRename, checkRole, heir } from "../../core/permissions.ts";
import type { Commit, Done, Telling } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import type { Room } from "./room.ts";

export function rename(
  room: Room,
  actor: Actor,
  command: CommandOf<"chat.rename">,
  delivered: number,
  now: number,
): Done<"chat.rename"> {
  room.role(actor);
  checkRename(room.kind);
  if (command.title !== room.title) {
    room.retitle(command.title, actor.userId, delivered, now);
    const told = room.toAll(
      (viewer) => ({
        type: "chat.updated",
        chatId: room.id,
        rev: room.rev,
        chat: room.told(viewer),
        by: actor.userId,
      }),
      false,
    );
    return { result: room.listed(actor.userId), commit: { ...NOTHING, ...told, directory: true } };
  }
  return { result: room.listed(actor.userId), commit: NOTHING };
}

export function add(
  room: Room,
  actor: Actor,
  command: CommandOf<"member.add">,
  delivered: number,
  now: number,
): Done<"member.add"> {
  checkAdd(room.kind, room.role(actor), command.role);
  const added = command.users.filter((person) => !room.members.has(person.id));
  if (added.length === 0) return { result: room.detailed(actor.userId), commit: NOTHING };
  return addNow(room, actor, added, command.role, delivered, now);
}

function addNow(
  room: Room,
  actor: Actor,
  added: readonly Person[],
  role: Role,
  delivered: number,
  now: number,
): Done<"member.add"> {
  if (room.members.size + added.length > LIMITS.members) throw invalid("members", `may be at most ${LIMITS.members}`);
  const wasLarge = room.large;
  const ids = added.map((person) => person.id);
  const others = room.members.ids();
  room.transaction(() => {
    for (const person of added) room.members.add(person, role, room.lastSeq, now);
    room.note("added", actor.userId, { users: ids }, delivered, now);
  });
  room.touch(now);
  const rev = room.rev;
  const members = room.members.all().filter((member) => ids.includes(member.user.id));
  return {
    result: room.detailed(actor.userId),
    commit: {
      tellings: [
        {
          event: (viewer) => ({
            type: "member.added",
            roles: false,
            chatId: room.id,
            rev,
            members,
            chat: room.told(viewer),
            by: actor.userId,
          }),
          shared: false,
          to: others,
        },
        {
          event: (viewer) => ({
            type: "chat.created",
            chatId: room.id,
            rev,
            chat: room.told(viewer),
            by: actor.userId,
          }),
          shared: false,
          to: ids,
          personal: true,
        },
      ],
      rows: room.members.ids(),
      removed: [],
      directory: true,
      resized: wasLarge !== room.large,
    },
  };
}

/** Whoever is in the app may join a room that does not belong to the app, while it has places left. */
export function join(
  room: Room,
  actor: Actor,
  command: CommandOf<"room.join">,
  delivered: number,
  now: number,
): Done<"room.join"> {
  if (actor.appId !== room.appId) throw notFound("chat");
  if (room.members.has(actor.userId)) return { result: room.detailed(actor.userId), commit: NOTHING };
  if (room.kind !== "room" || room.ofApp) throw notMember();
  const capacity = room.props["capacity"];
  if (typeof capacity === "number" && room.members.size >= capacity) throw refused("full", "The room is full.");
  const { result, commit } = addNow(room, actor, [command.person], "member", delivered, now);
  return { result, commit };
}

export function setRole(
  room: Room,
  actor: Actor,
  command: CommandOf<"member.role">,
  delivered: number,
  now: number,
): Done<"member.role"> {
  checkRole(room.kind, room.role(actor));
  const before = room.members.role(command.user);
  if (before === undefined) throw notFound("member");
  // There is always one owner: the role passes on, it is not given up.
  if (command.user === actor.userId && command.role !== "owner") {
    throw invalid("role", "the owner keeps the role until another gets it");
  }
  if (before === command.role) return { result: room.detailed(actor.userId), commit: NOTHING };
  const users = command.role === "owner" ? [command.user, actor.userId] : [command.user];
  room.transaction(() => {
    room.members.setRole(command.user, command.role);
    if (command.role === "owner") room.members.setRole(actor.userId, "admin");
    room.note("role", actor.userId, { users }, delivered, now);
  });
  const rev = room.rev;
  const members = room.members.all().filter((member) => users.includes(member.user.id));
  const told = room.toAll(
    (viewer) => ({
      type: "member.added",
      roles: true,
      chatId: room.id,
      rev,
      members,
      chat: room.told(viewer),
      by: actor.userId,
    }),
    false,
  );
  return { result: room.detailed(actor.userId), commit: { ...NOTHING, ...told, directory: true } };
}

export function remove(
  room: Room,
  actor: Actor,
  command: CommandOf<"member.remove">,
  delivered: number,
  now: number,
): Done<"member.remove"> {
  const role = room.role(actor);
  for (const user of command.users) {
    const target = room.members.role(user);
    checkRemove(room.kind, { id: actor.userId, role }, { id: user, role: target ?? "member" });
    if (target === undefined) throw notFound("member");
  }
  const commit = removeNow(room, actor.userId, command.users, delivered, now);
  return { result: room.detailed(actor.userId), commit };
}

/** A person whose account is gone leaves, whatever the chat is. */
export function removeErased(room: Room, user: UserId, delivered: number, now: number): Commit {
  return room.members.has(user) ? removeNow(room, user, [user], delivered, now) : NOTHING;
}

function removeNow(room: Room, by: UserId, users: readonly UserId[], delivered: number, now: number): Commit {
  const wasLarge = room.large;
  const rev = room.rev + 1;
  const next = room.transaction(() => {
    for (const user of users) room.members.remove(user);
    room.note("removed", by, { users }, delivered, now);
    const all = room.members.all();
    const needsNone = room.kind === "direct" || room.ofApp || all.some((member) => member.role === "owner");
    const chosen = needsNone ? undefined : heir(all);
    if (chosen === undefined) return undefined;
    room.members.setRole(chosen.user.id, "owner");
    room.note("role", by, { users: [chosen.user.id] }, delivered, now);
    return room.members.member(chosen.user.id);
  });
  room.touch(now);
  const owner: Telling = {
    event: (viewer) => ({
      type: "member.added",
      roles: true,
      chatId: room.id,
      rev: rev + 1,
      members: next === undefined ? [] : [next],
      chat: room.told(viewer),
      by,
    }),
    shared: false,
    to: room.members.ids(),
  };
  return {
    tellings: [
      {
        event: (viewer) => ({ type: "member.removed", chatId: room.id, rev, users, chat: room.told(viewer), by }),
        shared: false,
        to: room.members.ids(),
      },
      {
        event: (viewer) => ({ type: "chat.removed", chatId: room.id, chat: room.told(viewer) }),
        shared: false,
        to: users,
        personal: true,
      },
      ...(next === undefined ? [] : [owner]),
    ],
    rows: room.members.ids(),
    removed: users,
    directory: true,
    resized: wasLarge !== room.large,
  };
}

/** What anyone in the app may see of a room before they join it. @throws not_found, access.denied where nobody may just join */
export function peek(room: Room, actor: Actor): Chat {
  if (actor.appId !== room.appId) throw notFound("chat");
  if (room.kind !== "room" || room.ofApp) room.role(actor);
  return room.chat;
}

/** @throws access.denied where `actor` may not erase this chat */
export function mayErase(room: Room, actor: Actor): void {
  checkErase(room.kind, room.role(actor));
}
