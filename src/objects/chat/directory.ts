/** Brings the directory's row of a chat up to date with the chat, which decides. */

import type { Directory } from "../../core/ports.ts";
import type { Room } from "./room.ts";

/** Writes what changed after the clock `from`; doing it twice does no harm. @throws what the directory throws */
export async function bringDirectoryUpToDate(chats: Directory["chats"], room: Room, from: number): Promise<void> {
  const changes = room.changes.since(from);
  const gone = new Set(changes.flatMap((change) => change.users).filter((user) => !room.members.has(user)));
  if (changes.some((change) => change.type === "created")) await chats.opened(room.id);
  if (changes.some((change) => change.type === "renamed")) await chats.rename(room.id, room.title);
  if (changes.some((change) => change.type !== "created" && change.users.length > 0)) {
    const members = room.members.all().map((member) => ({ user: member.user.id, role: member.role }));
    await chats.setMembers(room.id, members);
  }
  if (gone.size > 0) await chats.removeMembers(room.id, [...gone]);
}
