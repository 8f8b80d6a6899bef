/** People and rooms as the document of `rooms` has them, on its socket and in its REST. Pure; knows no event and no route. */

import type { AppId, ChatId } from "../../core/ids.ts";
import type { Json } from "../../core/message.ts";
import type { Person } from "../../core/people.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** `appUserId` as its app gave it: a number where it is written as one. */
function appUserId(externalId: string | null): number | string | null {
  const asNumber = Number(externalId);
  return externalId !== null && Number.isSafeInteger(asNumber) && String(asNumber) === externalId
    ? asNumber
    : externalId;
}

/** `<user>`; never with a token. Who has given no first or last name is shown by the name that others see. */
export const renderUser = (person: Person, app: AppId) => ({
  id: person.id,
  appId: app,
  appUserId: appUserId(person.externalId),
  firstName: person.firstName ?? (person.lastName === null ? person.name : null),
  middleName: person.middleName,
  lastName: person.lastName,
  createdAt: iso(person.createdAt),
  updatedAt: iso(person.updatedAt),
  deletedAt: person.deletedAt === null ? null : iso(person.deletedAt),
});

/** What is rendered of a room: a row of the directory, or the chat itself. */
interface Room {
  readonly id: ChatId;
  readonly appId: AppId;
  readonly name: string | null;
  readonly props: { readonly [key: string]: Json };
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A room without its people; `extra` is what its app keeps with it. */
export const renderRoom = (room: Room) => ({
  id: room.id,
  appId: room.appId,
  room: room.name,
  name: room.name,
  extra: room.props["extra"] ?? null,
  createdAt: iso(room.createdAt),
  updatedAt: iso(room.createdAt),
  deletedAt: null,
});

/** A room with its people, as `room_info` and `GET /room/{room}` have it. */
export const renderRoomWithUsers = (room: Room & { readonly members: readonly { readonly user: Person }[] }) => ({
  ...renderRoom(room),
  users: room.members.map(({ user }) => renderUser(user, room.appId)),
});
