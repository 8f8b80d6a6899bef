/**
 * Erases a chat for all, in steps that can be done again: cut off at any point, the alarm goes on from there, and
 * nobody finds a chat half gone. Knows the order of the steps.
 */

import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { ChatDirectory, AttachmentDirectory, Files } from "../../core/ports.ts";
import type { Delivery } from "../rpc.ts";
import { eraseFiles } from "./files.ts";
import type { Room } from "./room.ts";

export interface ErasurePorts {
  readonly chats: ChatDirectory;
  readonly attachments: AttachmentDirectory;
  readonly files: Files;
  readonly deliver: (user: UserId, delivery: Delivery) => Promise<unknown>;
  /** Those who have left, and may not have heard it yet. */
  readonly unaware: readonly UserId[];
  /** The connection that removed the last of them: it has its answer, and is not told. */
  readonly remover: string | null;
}

/**
 * Takes the chat out of the lists of its members, and of those who have just left; and its files out of the bucket.
 * The caller then deletes the object's own storage.
 */
export async function eraseElsewhere(room: Room, ports: ErasurePorts): Promise<void> {
  await ports.chats.erase(room.id);
  const clock = room.clock + 1;
  for (const user of [...room.members.ids(), ...ports.unaware]) {
    const event: ChatEvent = { type: "chat.removed", chatId: room.id, chat: room.told(user) };
    const origin = room.members.has(user) ? null : ports.remover;
    await ports.deliver(user, { chatId: room.id, clock, row: null, events: [{ clock, event, origin }] });
  }
  for (;;) {
    const records = await ports.attachments.ofChat(room.id);
    if (records.length === 0) return;
    await eraseFiles(records, ports.attachments, ports.files);
  }
}
