/** What there is in the world, by the names under which requests and frames ask for it. Makes no case. */

import type { Random } from "./random.ts";
import type { Known } from "./schema.ts";
import type { Tenant, User, World } from "./world.ts";
import { PASSWORD } from "./world.ts";

/** Messages of a chat: their ids begin with the chat's. */
const SEQUENCE = 2 ** 24;

/**
 * What there is under a name of a field or parameter: mostly one's own, sometimes a victim's, sometimes what is not there.
 * @param own the app that the attackers act for, where they do not act for themselves
 */
export function knownIn(world: World, random: Random, own: Tenant | undefined): Known {
  const { victims, attackers, mortals, chats, attackersApp, victimsApp, sharedChat } = world;
  const idsOf = (people: readonly User[]): number[] => people.map(({ id }) => id);
  const ownUsers = idsOf(own?.users ?? [...attackers, ...mortals]);
  const ownChats = own === undefined ? [...chats, sharedChat] : [own.roomId];
  const mine = (ours: readonly number[], others: readonly number[]): number =>
    random.of(
      random.weighted([
        [85, ours],
        [12, others],
        [3, [999_999]],
      ]),
    );
  const users = () => mine(ownUsers, idsOf([...victims, ...victimsApp.users, ...attackers]));
  const chat = () => mine(ownChats, [world.victimChat, world.victimGroup, victimsApp.roomId, ...chats]);
  const as = (id: number): number | string => (random.is(0.2) ? String(id) : id);
  const message = () => chat() * SEQUENCE + 1 + random.below(random.of([3, 200]));

  return (name, parent) => {
    if (/^(message|message_?id|reply_to|up_to|before|after)$/i.test(name))
      return random.is(0.8) ? as(message()) : undefined;
    if (name === "since") return random.below(50);
    if (name === "room")
      return random.of([attackersApp.room, attackersApp.room, attackersApp.room, victimsApp.room, "nowhere"]);
    if (/^(appId|app)$/.test(name))
      return random.of([attackersApp.uuid, attackersApp.uuid, attackersApp.id, victimsApp.uuid, 1]);
    if (name === "attachments") return random.is(0.5) ? random.of(world.files) : undefined;
    if (name === "appUserId") return random.of(["1", "2", "3", 4]);
    if (/^(username|user_name)$/.test(name)) return random.of([...attackers, ...victims, ...mortals]).username;
    if (name === "user" && parent === "" && random.is(0.5))
      return random.of([...attackers, ...victims, ...mortals]).username;
    if (name === "password") return random.of([PASSWORD, "wrong password"]);
    if (/^(users|members|user|user_?id|receiver_id|a|b)$/i.test(name) || (name === "id" && parent === "user"))
      return as(users());
    if (name === "external_id") return random.of(["1", "2", "3"]);
    if (/^(chat|chat_?id|chat_room_id|id)$/i.test(name))
      return as(random.is(0.9) ? chat() : random.is(0.5) ? users() : message());
    return undefined;
  };
}
