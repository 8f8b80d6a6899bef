/**
 * Where the bytes of attachments lie in R2, and how they are removed.
 * Knows keys; must not know what is in a file, nor the directory's rows.
 */

import type { AppId } from "../core/ids.ts";
import type { Files } from "../core/ports.ts";

/** R2 deletes at most so many keys in one call. */
const KEYS_PER_DELETE = 1_000;

/** The key of an attachment's bytes in the bucket. */
export function fileKey(record: { readonly appId: AppId; readonly id: string }): string {
  return `${record.appId}/${record.id}`;
}

/** Attachments' bytes as the use cases see them. Removing what is not there is no error. */
export function createFiles(bucket: R2Bucket): Files {
  return {
    async remove(records) {
      const keys = records.map(fileKey);
      for (let at = 0; at < keys.length; at += KEYS_PER_DELETE) {
        await bucket.delete(keys.slice(at, at + KEYS_PER_DELETE));
      }
    },
    async removeSome(app) {
      const { objects } = await bucket.list({ prefix: `${app}/`, limit: KEYS_PER_DELETE });
      if (objects.length > 0) await bucket.delete(objects.map((object) => object.key));
      return objects.length > 0;
    },
  };
}
