/** Files inside frames: data URLs and bare base64. Knows their two forms; knows nothing of storage. */

import { LIMITS } from "../../core/limits.ts";
import type { FileBytes } from "../../service/ports.ts";
import { badField } from "./errors.ts";

const DATA_URL = /^data:([^,;]*)(?:;[^,;]*)*?;base64,/i;
/** Of one length each, so that files of any size are looked through without going back: a pattern of groups of four runs out of stack. */
const NO_DIGIT = /[^A-Za-z0-9+/_-]/;
const PADDING = /={1,2}$/;

/** The digits of `encoded`, without padding; undefined where it is no base64 (of either alphabet). */
function digitsOf(encoded: string): string | undefined {
  const padding = PADDING.exec(encoded.slice(-2))?.[0].length ?? 0;
  const digits = padding === 0 ? encoded : encoded.slice(0, -padding);
  // One digit alone is not yet a byte, and padding, where it is given, fills the last four.
  if (digits.length % 4 === 1 || (padding > 0 && encoded.length % 4 !== 0)) return undefined;
  return NO_DIGIT.test(digits) ? undefined : digits;
}

/** The bytes of `files[at]`. @throws field_error where `data` is no base64, empty or too large */
export function decodeFile(file: { readonly name: string; readonly data: string }, at: number): FileBytes {
  const [head = "", type = ""] = DATA_URL.exec(file.data.slice(0, 512)) ?? [];
  const body = file.data.slice(head.length);
  const digits = digitsOf(/\s/.test(body) ? body.replaceAll(/\s/g, "") : body);
  const argument = `files.${at}.data`;
  if (digits === undefined) throw badField(`${argument}: is no base64`);
  if (digits === "") throw badField(`${argument}: is empty`);
  if (Math.floor((digits.length * 3) / 4) > LIMITS.attachmentFrameBytes) {
    throw badField(`${argument}: a file in a frame may have at most ${LIMITS.attachmentFrameBytes} bytes`);
  }
  const bytes = Buffer.from(digits, "base64");
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
    contentType: type === "" ? null : type,
    name: file.name,
  };
}
