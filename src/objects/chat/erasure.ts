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
}

/** Takes the chat out of its members' lists, and its files out of the bucket. The caller then deletes the object's own storage. */
export async function eraseElsewhere(room: Room, ports: ErasurePorts): Promise<void> {
  await ports.chats.erase(room.id);
  for (const user of room.members.ids()) {
    const event: ChatEvent = { type: "chat.removed", chatId: room.id, chat: room.told(user) };
    const clock = room.clock + 1;
    await ports.deliver(user, { chatId: room.id, clock, row: null, events: [{ clock, event }] });
  }
  for (;;) {
    const records = await ports.attachments.ofChat(room.id);
    if (records.length === 0) return;
    await eraseFiles(records, ports.attachments, ports.files);
  }
}
