/** Files that go with messages: taking them in, and handing them out to those who may have them. Knows no transport. */

import { authRequired, denied, invalid, notFound, tooLarge } from "../core/errors.ts";
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

  /** The directory knows of them from now on. What it can't note is not kept. */
  async function note(records: readonly AttachmentRecord[]): Promise<void> {
    try {
      for (const record of records) await directory.attachments.add(record);
    } catch (fault) {
      await files.remove(records).catch(() => {});
      throw fault;
    }
  }

  return {
    /** @throws too_large, input.invalid */
    async uploadBytes(actor: Actor, file: FileBytes): Promise<AttachmentRecord> {
      if (file.bytes.length > LIMITS.attachmentFrameBytes)
        throw tooLarge("A file in a frame", LIMITS.attachmentFrameBytes);
      await objects.sweepLater(actor.userId, "files");
      const record = await files.storeBytes(actor, file);
      await note([record]);
      return record;
    },

    /** @throws too_large, input.invalid */
    async upload(actor: Actor, upload: Upload): Promise<AttachmentRecord> {
      // Asked for before anything is stored, so that nothing can be left behind unnoticed.
      await objects.sweepLater(actor.userId, "files");
      const record = await files.store(actor, upload);
      await note([record]);
      return record;
    },

    /**
     * Takes the files of a form that stand in `field`, 1 to `most` of them, in their order.
     * @throws too_large, input.invalid; none of them is kept then
     */
    async uploadForm(actor: Actor, upload: Upload, field: string, most: number): Promise<AttachmentRecord[]> {
      await objects.sweepLater(actor.userId, "files");
      const records = await files.storeForm(actor, upload, field, most);
      await note(records);
      return records;
    },

    /**
     * These uploads of the caller's own, ready to go with one message: of one that went with a message already, or of all of
     * them with `anew`, there is a copy.
     * @throws input.invalid where one is no upload of theirs; nothing is copied then
     */
    async ready(actor: Actor, ids: readonly string[], anew = false): Promise<string[]> {
      if (ids.length === 0) return [];
      const found = new Map((await directory.attachments.findMany(ids)).map((record) => [record.id, record]));
      const records = ids.map((id, at) => {
        const record = found.get(id);
        if (record?.userId !== actor.userId) throw invalid(`attachments.${at}`, "is no upload of yours");
        return record;
      });
      const isFree = (record: AttachmentRecord): boolean => record.chatId === null && !anew;
      if (!records.every(isFree)) await objects.sweepLater(actor.userId, "files");
      const ready: string[] = [];
      for (const record of records) {
        if (isFree(record)) ready.push(record.id);
        else {
          const copy = await files.copy(record);
          await note([copy]);
          ready.push(copy.id);
        }
      }
      return ready;
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
