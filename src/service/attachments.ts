/** Files that go with messages: taking them in, and handing them out to those who may have them. Knows no transport. */

import { authRequired, denied, notFound, tooLarge } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Actor } from "../core/people.ts";
import type { AttachmentRecord } from "../core/ports.ts";
import type { FileBytes, ServicePorts, Upload } from "./ports.ts";

/**
 * A message is told before the directory has noted where its attachments went, which takes a moment; whoever asks
 * within it is made to wait that moment, not refused.
 */
const LOOK_AGAIN_MS = [50, 150, 400];

export function createAttachments({ directory, objects, files }: ServicePorts) {
  async function mayOpen(record: AttachmentRecord, actor: Actor): Promise<boolean> {
    if (record.appId !== actor.appId) return false;
    if (record.userId === actor.userId && record.chatId === null) return true;
    let chatId = record.chatId;
    for (const wait of LOOK_AGAIN_MS) {
      if (chatId !== null) break;
      await new Promise((resolve) => setTimeout(resolve, wait));
      chatId = (await directory.attachments.find(record.id))?.chatId ?? null;
    }
    return chatId !== null && (await objects.isMember(chatId, actor));
  }

  return {
    /** @throws too_large, input.invalid */
    async uploadBytes(actor: Actor, file: FileBytes): Promise<AttachmentRecord> {
      if (file.bytes.length > LIMITS.attachmentFrameBytes)
        throw tooLarge("A file in a frame", LIMITS.attachmentFrameBytes);
      await objects.sweepLater(actor.userId, "files");
      const record = await files.storeBytes(actor, file);
      await directory.attachments.add(record);
      return record;
    },

    /** @throws too_large, input.invalid */
    async upload(actor: Actor, upload: Upload): Promise<AttachmentRecord> {
      // Asked for before anything is stored, so that nothing can be left behind unnoticed.
      await objects.sweepLater(actor.userId, "files");
      const record = await files.store(actor, upload);
      await directory.attachments.add(record);
      return record;
    },

    /**
     * The file, to whoever holds a signed link, uploaded it, or is in the chat that it was sent to.
     * `caller` is only asked for where the link does not stand by itself.
     * @throws not_found, access.denied, auth.required
     */
    async open(id: string, request: Request, caller: (() => Promise<Actor>) | null): Promise<Response> {
      const signed = files.linkStands(id, new URL(request.url).searchParams);
      if (!signed && caller === null) throw authRequired();
      const actor = signed || caller === null ? null : await caller();
      const record = await directory.attachments.find(id);
      if (record === null || (actor !== null && record.appId !== actor.appId)) throw notFound("attachment");
      if (actor !== null && !(await mayOpen(record, actor)))
        throw denied("This file is for the members of its chat.", "attachment");
      return files.open(record, request);
    },
  };
}
