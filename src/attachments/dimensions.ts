/**
 * How many pixels an image has, from its first bytes.
 * Knows image headers; must not trust them: whatever the bytes are, it answers in linear time.
 */

import { largestPicture } from "./heif.ts";
import { jpegSize } from "./jpeg.ts";
import type { Size } from "./size.ts";

/** Pixels of a side that a client may be told of: the most that JPEG and GIF can have. */
const MAX_SIDE = 65_535;

const READERS = new Map<string, (view: DataView) => Size | null>([
  ["image/png", png],
  ["image/gif", (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) })],
  ["image/bmp", bmp],
  ["image/webp", webp],
  ["image/jpeg", jpegSize],
  ["image/avif", largestPicture],
  ["image/heic", largestPicture],
  ["image/heif", largestPicture],
]);

/** Width and height as they are to be shown; null where `head` doesn't tell, or tells what can't be. Never throws. */
export function dimensions(mime: string, head: Uint8Array): Size | null {
  const read = READERS.get(mime);
  if (read === undefined) return null;
  try {
    const size = read(new DataView(head.buffer, head.byteOffset, head.byteLength));
    return size !== null && possible(size.width) && possible(size.height) ? size : null;
  } catch (error) {
    // A header that ends before it has said its size.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const possible = (side: number): boolean => side >= 1 && side <= MAX_SIDE;

function png(view: DataView): Size | null {
  if (view.getUint32(12) !== 0x49484452 /* IHDR */) return null;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function bmp(view: DataView): Size {
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  // A negative height means that the rows stand from top to bottom.
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

function webp(view: DataView): Size | null {
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint32(12)) {
    case 0x56503820 /* "VP8 ": lossy */:
      if (uint24(23) !== 0x2a019d) return null;
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 0x5650384c /* VP8L: lossless */: {
      if (view.getUint8(20) !== 0x2f) return null;
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 0x56503858 /* VP8X: extended */:
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    default:
      return null;
  }
}
