/** How far the log of a chat is known to have arrived, as its rows say: also where nobody is left who would bring the rest. */

import type { UserId } from "../../core/ids.ts";
import { Meta } from "../sql.ts";
import { Lagging } from "./lagging.ts";
import type { Room } from "./room.ts";

/** The clock up to which everyone has everything, or stands in the list of those who lag. */
export function deliveredClock(sql: SqlStorage, room: Room): number {
  return Math.max(
    Number(new Meta(sql).get("delivered") ?? 0),
    room.messages.tail()?.delivered ?? 0,
    room.changes.last()?.delivered ?? 0,
  );
}

/** Those who are no longer members and may not have heard it yet. */
export function unawareOf(sql: SqlStorage, room: Room): UserId[] {
  const removed = room.changes
    .since(deliveredClock(sql, room))
    .flatMap(({ type, users }) => (type === "removed" ? users : []));
  const people = [...new Lagging(sql).users(), ...removed].filter((user) => !room.members.has(user));
  return [...new Set(people)];
}
