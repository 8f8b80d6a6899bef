/**
 * What a file is, from its first bytes.
 * Knows signatures; believes the sender only where a container may hold sound or pictures; must not know how files are sent.
 */

import { sniffText } from "./sniff-text.ts";

/** A mark: bytes, written as Latin-1, at an offset. */
type Mark = readonly [offset: number, bytes: string];

const SIGNATURES: readonly (readonly [mime: string, ...marks: Mark[]])[] = [
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/gif", [0, "GIF87a"]],
  ["image/gif", [0, "GIF89a"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
  ["application/pdf", [0, "%PDF-"]],
  ["audio/wav", [0, "RIFF"], [8, "WAVE"]],
  ["audio/flac", [0, "fLaC"]],
  ["audio/amr", [0, "#!AMR\n"]],
  ["audio/amr-wb", [0, "#!AMR-WB\n"]],
  ["audio/mpeg", [0, "ID3"]],
  ["application/zip", [0, "PK\x03\x04"]],
  ["application/zip", [0, "PK\x05\x06"]],
  ["application/zip", [0, "PK\x07\x08"]],
  ["application/gzip", [0, "\x1f\x8b\x08"]],
];

/** Brands of ISO media files that say by themselves what is inside. */
const BRANDS = new Map([
  ["avif", "image/avif"],
  ["avis", "image/avif"],
  ["heic", "image/heic"],
  ["heix", "image/heic"],
  ["heim", "image/heic"],
  ["heis", "image/heic"],
  ["hevc", "image/heic"],
  ["hevx", "image/heic"],
  ["M4A ", "audio/mp4"],
  ["M4B ", "audio/mp4"],
  ["qt  ", "video/quicktime"],
]);

export const UNKNOWN_TYPE = "application/octet-stream";

/**
 * The media type of a file that begins with `head`.
 * @param head the first bytes: 4 KiB tell all types but text, which is only known to be one as far as it was seen
 * @param declared what the sender says; it only chooses between `audio/…` and `video/…` of a container that may be either
 * @param whole whether `head` is all of the file, so that no character may be cut at its end
 */
export function sniff(head: Uint8Array, declared: string | null, whole = true): string {
  for (const [mime, ...marks] of SIGNATURES) {
    if (marks.every(([offset, bytes]) => has(head, offset, bytes))) return mime;
  }
  return (
    isoMedia(head, declared) ??
    matroska(head, declared) ??
    ogg(head, declared) ??
    weak(head) ??
    sniffText(head, whole) ??
    UNKNOWN_TYPE
  );
}

function has(head: Uint8Array, offset: number, bytes: string): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (head[offset + at] !== bytes.charCodeAt(at)) return false;
  }
  return true;
}

function latin1(head: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...head.subarray(from, to));
}

/** `audio` or `video`, as the sender says; else `otherwise`. */
function medium(declared: string | null, otherwise: "audio" | "video"): string {
  const said = /^\s*(audio|video)\//i.exec(declared ?? "");
  return said?.[1]?.toLowerCase() ?? otherwise;
}

function isoMedia(head: Uint8Array, declared: string | null): string | null {
  if (!has(head, 4, "ftyp")) return null;
  const major = latin1(head, 8, 12);
  const known = BRANDS.get(major);
  if (known !== undefined) return known;
  if (major === "mif1" || major === "msf1") return stillImage(head);
  if (major.startsWith("3g")) return `${medium(declared, "video")}/3gpp`;
  return `${medium(declared, "video")}/mp4`;
}

/** `mif1` says no more than "an image"; its codec is among the compatible brands. */
function stillImage(head: Uint8Array): string {
  const end = Math.min(new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0), 256);
  for (let at = 16; at < end; at += 4) {
    const known = BRANDS.get(latin1(head, at, at + 4));
    if (known?.startsWith("image/")) return known;
  }
  return "image/heif";
}

function matroska(head: Uint8Array, declared: string | null): string | null {
  if (!has(head, 0, "\x1a\x45\xdf\xa3")) return null;
  const format = latin1(head, 4, 64).includes("webm") ? "webm" : "x-matroska";
  return `${medium(declared, "video")}/${format}`;
}

function ogg(head: Uint8Array, declared: string | null): string | null {
  if (!has(head, 0, "OggS")) return null;
  return `${medium(declared, has(head, 28, "\x80theora") ? "video" : "audio")}/ogg`;
}

/** Types whose marks are so short that the bytes after them have to make sense too. */
function weak(head: Uint8Array): string | null {
  const [b0, b1 = 0, b2 = 0, b3 = 0] = head;
  if (b0 === 0xff && (b1 & 0xe0) === 0xe0) {
    // Layer III of a version that exists, with a bit rate and a sampling rate that exist.
    if ((b1 & 0x06) === 0x02 && (b1 & 0x18) !== 0x08 && b2 >> 4 !== 0x0f && b2 >> 4 !== 0 && (b2 & 0x0c) !== 0x0c)
      return "audio/mpeg";
    if ((b1 & 0xf6) === 0xf0 && ((b2 >> 2) & 0x0f) <= 12) return "audio/aac";
  }
  // An icon of at least one picture, whose first entry has its reserved byte zero.
  if (b0 === 0 && b1 === 0 && b2 === 1 && b3 === 0 && head[5] === 0 && head[4] !== 0 && head[9] === 0)
    return "image/x-icon";
  // A bitmap: reserved bytes zero, and a header of one of the lengths there are.
  if (has(head, 0, "BM") && has(head, 6, "\0\0\0\0") && has(head, 15, "\0\0\0")) {
    if ([12, 40, 52, 56, 64, 108, 124].includes(head[14] ?? 0)) return "image/bmp";
  }
  return null;
}
