/** Which uploads a message may bear. Asks the directory, which holds them for the chat; changes nothing in the chat. */

import type { Attachment, Draft } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { Directory } from "../../core/ports.ts";
import type { ChatFiles } from "./files.ts";
import { notFree } from "./files.ts";
import * as messaging from "./messaging.ts";
import type { Room } from "./room.ts";

export interface Sending {
  readonly actor: Actor;
  readonly room: Room;
  readonly files: ChatFiles;
  readonly directory: Directory["attachments"];
}

/**
 * The attachments that a draft names: the sender's own, not sent yet, and from now on held for this chat. None of a resend,
 * which has its message already.
 * @throws what refuses the draft, and then nothing is held: invalid, with the place of what can't be sent; refused; access.denied to
 *   whoever is no member, not_found to another app
 */
export async function attachmentsOf(given: Draft, { actor, room, files, directory }: Sending): Promise<Attachment[]> {
  const { draft, known } = messaging.checked(room, actor, given);
  // A resend finds its attachments taken, by itself.
  if (known !== undefined) return [];
  const ids = draft.attachments;
  const taken = ids.findIndex((id) => files.taken(id));
  if (taken >= 0) throw notFree(taken);
  const free = await directory.hold(ids, actor.userId, room.id);
  return ids.map((id, at) => {
    const record = free.find((one) => one.id === id);
    if (record === undefined) throw notFree(at);
    const { name, size, mime, width, height, createdAt } = record;
    return { id, name, size, mime, width, height, createdAt };
  });
}
