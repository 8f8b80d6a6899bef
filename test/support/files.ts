/** Uploads for tests, over the public surface. */

import type { Answer, Body, Person } from "./people.ts";

export const PNG: Uint8Array<ArrayBuffer> = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAACUAAAAVCAIAAABOhrD5AAAAJklEQVR4nGM8IafBQEfARE/LRu0btW/UvlH7Ru0btW/UvlH7qAAAedoBODTLOf8AAAAASUVORK5CYII=",
  ),
  (character) => character.charCodeAt(0),
);

export const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Uploads `bytes` as the raw body. */
export function upload(
  who: Person,
  bytes: Uint8Array,
  name = "file.bin",
  type = "application/octet-stream",
): Promise<Answer> {
  return who.call("POST", `/v1/attachments?name=${encodeURIComponent(name)}`, bytes, { "content-type": type });
}

/** The attachment that was made of a small text. */
export async function file(who: Person, name = "file.txt"): Promise<Body> {
  return (await upload(who, text(`contents of ${name}`), name)).body;
}
