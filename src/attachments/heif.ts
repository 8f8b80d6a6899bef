/**
 * The size of an AVIF or HEIC picture as it is to be shown.
 * Knows the boxes that say it; must not know other formats.
 */

import type { Size } from "./size.ts";

interface Box {
  readonly type: number;
  /** Where its content begins and ends, the latter at most at the end of the bytes there are. */
  readonly start: number;
  readonly end: number;
}

const META = 0x6d657461;
const IPRP = 0x69707270;
const IPCO = 0x6970636f;
const ISPE = 0x69737065;
const IROT = 0x69726f74;

/**
 * The largest of the sizes that the file names: the smaller ones are its tiles and thumbnails.
 * @throws RangeError where the bytes end first
 */
export function largestPicture(view: DataView): Size | null {
  const meta = child(view, META, 0, view.byteLength);
  const properties = meta && child(view, IPRP, meta.start + 4, meta.end);
  const container = properties && child(view, IPCO, properties.start, properties.end);
  if (!container) return null;
  let size: Size | null = null;
  let turned = false;
  for (const box of boxes(view, container.start, container.end)) {
    if (box.type === IROT) turned = (view.getUint8(box.start) & 1) === 1;
    if (box.type !== ISPE) continue;
    const width = view.getUint32(box.start + 4);
    const height = view.getUint32(box.start + 8);
    if (size === null || width * height > size.width * size.height) size = { width, height };
  }
  return size !== null && turned ? { width: size.height, height: size.width } : size;
}

function child(view: DataView, type: number, start: number, end: number): Box | null {
  for (const box of boxes(view, start, end)) {
    if (box.type === type) return box;
  }
  return null;
}

function* boxes(view: DataView, start: number, end: number): Generator<Box> {
  for (let at = start; at + 8 <= end;) {
    const short = view.getUint32(at);
    const long = short === 1;
    const size = short === 0 ? end - at : long ? Number(view.getBigUint64(at + 8)) : short;
    if (size < (long ? 16 : 8)) return;
    yield { type: view.getUint32(at + 4), start: at + (long ? 16 : 8), end: Math.min(at + size, end) };
    at += size;
  }
}
