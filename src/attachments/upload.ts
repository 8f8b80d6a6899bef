/**
 * Takes uploads: from a request's body to an object in R2 and its record, all or nothing.
 * Knows limits and forms of upload; must not know routes, nor the directory that keeps the record.
 */

import { invalid, notFound, tooLarge } from "../core/errors.ts";
import type { AppId, UserId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { AttachmentRecord } from "../core/ports.ts";
import { dimensions } from "./dimensions.ts";
import { createFiles, fileKey } from "./files.ts";
import { boundaryOf, readMultipart } from "./multipart.ts";
import { fileName } from "./names.ts";
import { sniff } from "./sniff.ts";
import type { Chunks } from "./store.ts";
import { writeObject } from "./store.ts";

export interface Upload {
  readonly appId: AppId;
  readonly userId: UserId;
  readonly body: ReadableStream<Uint8Array> | null;
  /** The request's `Content-Type`. */
  readonly contentType: string | null;
  /** The request's `Content-Length`, in bytes; null where it has none. */
  readonly contentLength: number | null;
  /** The file's name where the body is the file itself. */
  readonly name: string | null;
}

/** Bytes of a file that are kept until its end: some cameras put more than 100 KB before a picture's size. */
const HEAD_BYTES = 256 * 1024;

/** Bytes of a refused body that are still read. */
const REST_BYTES = 64 * 1024 * 1024;

/** Bytes that a form may have besides its files. */
const FORM_BYTES = LIMITS.body;

const fileTooLarge = () => tooLarge("An attachment", LIMITS.attachmentBytes);

/**
 * Stores one file: the body itself, or the field `file` of a form.
 * @throws too_large, input.invalid; nothing is stored then
 */
export async function storeUpload(files: R2Bucket, upload: Upload): Promise<AttachmentRecord> {
  if (boundaryOf(upload.contentType) !== null) {
    const [record] = await storeForm(files, upload, "file", 1);
    if (record === undefined) throw new Error("a form without files was stored");
    return record;
  }
  const { appId, userId, name, contentType: declared, contentLength: length } = upload;
  try {
    const chunks = receive(upload, LIMITS.attachmentBytes);
    return await storeFile(files, { appId, userId, name, declared, chunks, length, field: "file" });
  } catch (error) {
    await leave(upload.body);
    throw error;
  }
}

/**
 * Stores the files of a form that stand in the field `field`, 1 to `most` of them, in their order; other fields mean nothing.
 * @throws too_large, input.invalid; none of them is stored then
 */
export async function storeForm(
  files: R2Bucket,
  upload: Upload,
  field: string,
  most: number,
): Promise<AttachmentRecord[]> {
  const boundary = boundaryOf(upload.contentType);
  if (boundary === null) throw invalid("body", "must be multipart/form-data");
  const { appId, userId } = upload;
  const stored: AttachmentRecord[] = [];
  try {
    const body = receive(upload, most * LIMITS.attachmentBytes + FORM_BYTES);
    for await (const part of readMultipart(body, boundary)) {
      const isFile = part.filename !== null || part.contentType !== null;
      if (part.name !== field || !isFile) continue;
      if (stored.length === most)
        throw invalid(field, most === 1 ? "must be one file" : `may be at most ${most} files`);
      const file = { name: part.filename, declared: part.contentType, chunks: part.body, length: null };
      stored.push(await storeFile(files, { appId, userId, field, ...file }));
    }
    if (stored.length === 0) throw invalid(field, "is missing");
    return stored;
  } catch (error) {
    await createFiles(files)
      .remove(stored)
      .catch(() => {});
    await leave(upload.body);
    throw error;
  }
}

/**
 * Stores a file that is in memory already.
 * @throws too_large, input.invalid; nothing is stored then
 */
export async function storeBytes(
  files: R2Bucket,
  file: { appId: AppId; userId: UserId; bytes: Uint8Array; contentType: string | null; name: string | null },
): Promise<AttachmentRecord> {
  const { appId, userId, name, bytes } = file;
  return storeFile(files, {
    appId,
    userId,
    name,
    declared: file.contentType,
    chunks: [bytes],
    length: bytes.length,
    field: "file",
  });
}

/** Stores the bytes of `record` once more: each message has files of its own, which go when it does. @throws not_found where they are gone */
export async function storeCopy(files: R2Bucket, record: AttachmentRecord): Promise<AttachmentRecord> {
  const object = await files.get(fileKey(record));
  if (object === null) throw notFound("attachment");
  const copy = { ...record, id: crypto.randomUUID(), chatId: null, createdAt: Date.now() };
  await writeObject(files, fileKey(copy), object.body as AsyncIterable<Uint8Array>, record.size);
  return copy;
}

interface NewFile {
  readonly appId: AppId;
  readonly userId: UserId;
  readonly name: string | null;
  /** The type that the sender says it is. */
  readonly declared: string | null;
  readonly chunks: Chunks;
  readonly length: number | null;
  /** What the file is called in errors. */
  readonly field: string;
}

async function storeFile(files: R2Bucket, file: NewFile): Promise<AttachmentRecord> {
  const { appId, userId } = file;
  if (file.length !== null && file.length > LIMITS.attachmentBytes) throw fileTooLarge();
  const id = crypto.randomUUID();
  const seen = new Seen(file.field);
  await writeObject(files, fileKey({ appId, id }), seen.through(file.chunks), file.length === 0 ? null : file.length);
  const mime = sniff(seen.head, file.declared, seen.size <= HEAD_BYTES);
  const { width, height } = dimensions(mime, seen.head) ?? { width: null, height: null };
  return {
    id,
    appId,
    userId,
    chatId: null,
    name: fileName(file.name),
    size: seen.size,
    mime,
    width,
    height,
    createdAt: Date.now(),
  };
}

/** What was seen of a file that went by: its size, and how it begins. */
class Seen {
  size = 0;
  readonly #field: string;
  readonly #head = new Uint8Array(HEAD_BYTES);

  constructor(field: string) {
    this.#field = field;
  }

  get head(): Uint8Array {
    return this.#head.subarray(0, this.size);
  }

  /** `chunks` as they are. @throws too_large past the limit, input.invalid where there is not one byte */
  async *through(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      if (this.size < HEAD_BYTES) this.#head.set(chunk.subarray(0, HEAD_BYTES - this.size), this.size);
      this.size += chunk.length;
      if (this.size > LIMITS.attachmentBytes) throw fileTooLarge();
      yield chunk;
    }
    if (this.size === 0) throw invalid(this.#field, "is empty");
  }
}

/**
 * Ends with a body that was refused. What is left of it is read and goes nowhere, up to a bound: where it is cut off, a proxy
 * may tell the client of a lost connection instead of what was wrong.
 */
async function leave(body: Upload["body"]): Promise<void> {
  if (body === null) return;
  try {
    const reader = body.getReader();
    let left = REST_BYTES;
    while (left > 0) {
      const step = await reader.read();
      if (step.done) return;
      left -= step.value.length;
    }
    await reader.cancel();
  } catch {
    // It broke off: nothing more comes.
  }
}

/**
 * The chunks of a request's body; one that stops early leaves the rest unread.
 * @throws too_large past `most` bytes, input.invalid where the body breaks off or is not as long as it said
 */
async function* receive(upload: Upload, most: number): AsyncGenerator<Uint8Array, void> {
  const { body, contentLength } = upload;
  if (contentLength !== null && contentLength > most) throw fileTooLarge();
  if (body === null) return;
  const cutOff = () => invalid("body", "was cut off, or is not as long as it said");
  const reader = body.getReader();
  let bytes = 0;
  try {
    for (;;) {
      const step = await reader.read().catch(() => {
        throw cutOff();
      });
      if (step.done) break;
      bytes += step.value.length;
      if (bytes > most) throw fileTooLarge();
      if (contentLength !== null && bytes > contentLength) throw cutOff();
      yield step.value;
    }
    if (contentLength !== null && bytes < contentLength) throw cutOff();
  } finally {
    reader.releaseLock();
  }
}
