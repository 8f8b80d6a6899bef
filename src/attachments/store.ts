/**
 * Writes one object to R2 from a stream: all of it or nothing.
 * Knows how R2 wants its bytes; must not know what they are.
 */

import { ParlanceError } from "../core/errors.ts";

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bytes of one part of a multipart upload: the least that R2 takes, and so the most of a file that is ever held. */
const PART_BYTES = 5 * 1024 * 1024;
const FIRST_BLOCK_BYTES = 64 * 1024;

/**
 * Stores `chunks` under `key`. Where `chunks` throws, nothing is stored and the error goes on.
 * @param length bytes that there will be, so that they can stream straight through; null where nobody knows
 */
export async function writeObject(bucket: R2Bucket, key: string, chunks: Chunks, length: number | null): Promise<void> {
  try {
    await (length === null ? writeBlocks(bucket, key, chunks) : writeThrough(bucket, key, chunks, length));
  } catch (error) {
    // Whatever went wrong, and however late, there must be no object that no row names.
    await bucket.delete(key).catch(() => {});
    throw error;
  }
}

/** Streams into one put; holds a chunk at a time. */
async function writeThrough(bucket: R2Bucket, key: string, chunks: Chunks, length: number): Promise<void> {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  const put = bucket.put(key, readable).catch(async (error: unknown) => {
    // Nobody will read what is still to be written, and whoever writes it would wait for ever.
    await writer.abort(error).catch(() => {});
    throw error;
  });
  const [pumped, stored] = await Promise.allSettled([pump(chunks, writer), put]);
  // Each side fails when the other does; what the source says of itself is the reason.
  if (pumped.status === "rejected" && pumped.reason instanceof ParlanceError) throw pumped.reason;
  if (stored.status === "rejected") throw stored.reason;
  if (pumped.status === "rejected") throw pumped.reason;
}

async function pump(chunks: Chunks, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

/** R2 takes no stream of unknown length: gathers blocks, and stores a single one by itself, more as a multipart upload. */
async function writeBlocks(bucket: R2Bucket, key: string, chunks: Chunks): Promise<void> {
  let upload: R2MultipartUpload | null = null;
  const parts: R2UploadedPart[] = [];
  try {
    for await (const block of gather(chunks)) {
      if (upload === null && block.length < PART_BYTES) {
        await bucket.put(key, block);
        return;
      }
      upload ??= await bucket.createMultipartUpload(key);
      parts.push(await upload.uploadPart(parts.length + 1, block));
    }
    await upload?.complete(parts);
  } catch (error) {
    await upload?.abort().catch(() => {});
    throw error;
  }
}

/** Blocks of `PART_BYTES`, the last one smaller. Each is valid until the next is asked for. */
async function* gather(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  let block = new Uint8Array(FIRST_BLOCK_BYTES);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (filled === block.length) {
        const larger = new Uint8Array(Math.min(2 * block.length, PART_BYTES));
        larger.set(block);
        block = larger;
      }
      const taken = chunk.subarray(at, at + block.length - filled);
      block.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled === PART_BYTES) {
        yield block;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
