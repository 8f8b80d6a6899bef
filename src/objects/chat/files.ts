/**
 * The attachments of a chat's messages: which are taken, and what the directory and the bucket have yet to be told
 * of them. Noted with the message's own commit, so a crash forgets none. Knows ids; knows nothing of bytes.
 */

import type { ParlanceError } from "../../core/errors.ts";
import { invalid } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import type { AttachmentDirectory, AttachmentRecord, Files } from "../../core/ports.ts";

/** The failure of a draft whose attachment in this place may not be sent. */
export const notFree = (at: number): ParlanceError =>
  invalid(`attachments.${at}`, "is no upload of yours that is free to be sent");

export class ChatFiles {
  readonly #sql: SqlStorage;
  /** Something is to be done, or may be: what is rolled back leaves it true. */
  #isPending: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#isPending = this.#isAnyWaiting();
  }

  /** Whether a message of this chat has this attachment already. */
  taken(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM files WHERE id = ?", id).toArray().length > 0;
  }

  /** A message took these up: the directory is to note where they are. */
  take(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec("INSERT INTO files (id, task) VALUES (?, 'claim')", id);
    this.#isPending ||= ids.length > 0;
  }

  /** The message of these was deleted: they are to go. */
  drop(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec("UPDATE files SET task = 'drop' WHERE id = ?", id);
    this.#isPending ||= ids.length > 0;
  }

  /** Asked with each commit: reads nothing. */
  pending(): boolean {
    return this.#isPending;
  }

  #isAnyWaiting(): boolean {
    return this.#sql.exec("SELECT 1 FROM files WHERE task <> 'kept' LIMIT 1").toArray().length > 0;
  }

  /** Does what is to be done; what fails is tried again with the next alarm. Doing it twice is harmless. */
  async settle(chat: ChatId, directory: AttachmentDirectory, files: Files): Promise<void> {
    const claims = this.#ids("claim");
    if (claims.length > 0) {
      await directory.claim(claims, chat);
      this.#sql.exec(
        "UPDATE files SET task = 'kept' WHERE task = 'claim' AND id IN (SELECT value FROM json_each(?))",
        JSON.stringify(claims),
      );
    }
    const drops = this.#ids("drop");
    if (drops.length > 0) {
      const records = (await directory.findMany(drops)).filter(
        (record) => record.chatId === null || record.chatId === chat,
      );
      await eraseFiles(records, directory, files);
      this.#sql.exec("DELETE FROM files WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(drops));
    }
    this.#isPending = this.#isAnyWaiting();
  }

  #ids(task: "claim" | "drop"): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM files WHERE task <> 'kept' AND task = ? LIMIT 500", task)
      .toArray()
      .map((row) => row.id);
  }
}

/** Bytes first, then their rows: cut off in between, the rows lead back to what is left. */
export async function eraseFiles(
  records: readonly AttachmentRecord[],
  directory: AttachmentDirectory,
  files: Files,
): Promise<void> {
  if (records.length === 0) return;
  await files.remove(records);
  await directory.forget(records.map((record) => record.id));
}
