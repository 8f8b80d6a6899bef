/**
 * The size of a JPEG as it is to be shown.
 * Knows segments and the orientation in EXIF; must not know other formats.
 */

import type { Size } from "./size.ts";

/** @throws RangeError where the bytes end first */
export function jpegSize(view: DataView): Size | null {
  let turned = false;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff /* a fill byte */) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) /* stands alone */) at += 2;
    else if (marker === 0x00 || marker === 0xd9 || marker === 0xda /* no header any more */) return null;
    else {
      const length = view.getUint16(at + 2);
      if (length < 2) return null;
      if (isFrame(marker)) {
        const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
        return turned ? { width: height, height: width } : { width, height };
      }
      if (marker === 0xe1) turned ||= isTurned(view, at + 4, at + 2 + length);
      at += 2 + length;
    }
  }
}

/** SOF0 to SOF15 without the three codes that mean other tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Whether the EXIF data at `start` says that the picture is turned by a quarter. */
function isTurned(view: DataView, start: number, end: number): boolean {
  if (end - start < 14 || view.getUint32(start) !== 0x45786966 /* Exif */) return false;
  const tiff = start + 6;
  const order = view.getUint16(tiff);
  if (order !== 0x4949 && order !== 0x4d4d) return false;
  const little = order === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > end) return false;
  const entries = view.getUint16(directory, little);
  for (let n = 0; n < entries; n++) {
    const entry = directory + 2 + n * 12;
    if (entry + 12 > end) return false;
    if (view.getUint16(entry, little) !== 0x0112 /* Orientation */) continue;
    const orientation = view.getUint16(entry + 8, little);
    return orientation >= 5 && orientation <= 8;
  }
  return false;
}
