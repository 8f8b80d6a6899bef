/**
 * Knows how a picture becomes so small that it fits into the address of a profile's photo.
 * Must not know whose it is.
 */

/** Characters of a photo's address. */
const MOST = 2_048;

/** A square picture as a `data:` address. @throws where it is no picture, or none that gets small enough */
export async function photoOf(file: Blob): Promise<string> {
  const picture = await createImageBitmap(file);
  const side = Math.min(picture.width, picture.height);
  for (const size of [96, 80, 64, 48, 32]) {
    const canvas = document.createElement("canvas");
    canvas.width = size;
    canvas.height = size;
    const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
    const context = canvas.getContext("2d");
    if (context === null) break;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, left, top, side, side, 0, 0, size, size);
    for (const type of ["image/webp", "image/jpeg"])
      for (const quality of [0.8, 0.6, 0.4, 0.2]) {
        const address = canvas.toDataURL(type, quality);
        if (address.length <= MOST && address.startsWith(`data:${type}`)) return address;
      }
  }
  throw new Error("the picture does not get small enough");
}
