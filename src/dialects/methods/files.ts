/** Files inside frames: data URLs and bare base64. Knows their two forms; knows nothing of storage. */

import { LIMITS } from "../../core/limits.ts";
import type { FileBytes } from "../../service/ports.ts";
import { badField } from "./errors.ts";

const DATA_URL = /^data:([^,;]*)(?:;[^,;]*)*?;base64,/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The bytes of `files[at]`. @throws field_error where `data` is no base64, empty or too large */
export function decodeFile(file: { readonly name: string; readonly data: string }, at: number): FileBytes {
  const [head = "", type = ""] = DATA_URL.exec(file.data.slice(0, 512)) ?? [];
  const encoded = file.data.slice(head.length).replaceAll(/\s/g, "");
  const argument = `files.${at}.data`;
  if (encoded.length > Math.ceil(LIMITS.attachmentFrameBytes / 3) * 4) {
    throw badField(`${argument}: a file in a frame may have at most ${LIMITS.attachmentFrameBytes} bytes`);
  }
  if (encoded === "" || !BASE64.test(encoded)) throw badField(`${argument}: is no base64`);
  const bytes = Buffer.from(encoded, "base64");
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
    contentType: type === "" ? null : type,
    name: file.name,
  };
}
