/** Which uploads a message may bear. Asks the directory and the chat; changes nothing. */

import { invalid } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
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
 * The attachments that a draft names: the sender's own, and not sent yet. None of a resend, which has its message already.
 * @throws invalid, with the place of what can't be sent; not_found to another app, access.denied to whoever is no member
 */
export async function attachmentsOf(draft: Draft, { actor, room, files, directory }: Sending): Promise<Attachment[]> {
  const ids = draft.attachments ?? [];
  if (ids.length === 0) return [];
  room.role(actor);
  if (ids.length > LIMITS.attachments) throw invalid("attachments", `may be at most ${LIMITS.attachments}`);
  // A resend finds its attachments taken, by itself: it is answered before they are looked at.
  if (messaging.sent(room, actor, draft.clientId ?? null) !== undefined) return [];
  const found = await directory.findMany(ids);
  return ids.map((id, at) => {
    const record = found.find((one) => one.id === id);
    const free = record?.chatId === null && record.userId === actor.userId && !files.taken(id);
    if (record === undefined || !free) throw notFree(at);
    const { name, size, mime, width, height, createdAt } = record;
    return { id, name, size, mime, width, height, createdAt };
  });
}
