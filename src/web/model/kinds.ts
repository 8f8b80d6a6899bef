/**
 * Knows what a file or a message is: what can be shown, what is played, and the places and stickers of other clients.
 * Must not know how it is shown.
 */

import { webAddress } from "./rich-text.ts";

export type FileKind = "image" | "audio" | "video" | "file";

const IMAGE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

/** SVG and everything else that could run something is a file to be saved. */
export function kindOf(mime: string): FileKind {
  if (IMAGE.test(mime)) return "image";
  if (mime.startsWith("audio/")) return "audio";
  return mime.startsWith("video/") ? "video" : "file";
}

interface Said {
  readonly type: string;
  readonly text: string | null;
  readonly data: unknown;
}

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export const isLocation = ({ type }: Said): boolean => type === "location";

/** The place that a message of the type `location` names, in one of the forms that clients write it; null where it does not. */
export function placeOf({ data, text }: Said): Place | null {
  for (const source of [data, parsed(text)]) {
    const place = fromObject(source) ?? fromText(typeof source === "string" ? source : null);
    if (place !== null) return place;
  }
  return fromText(text);
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function fromObject(source: unknown): Place | null {
  if (typeof source !== "object" || source === null) return null;
  const fields = source as Record<string, unknown>;
  for (const name of ["geolocation", "location", "position", "coords"]) {
    const inner = fields[name] === undefined ? null : fromObject(fields[name]);
    if (inner !== null) return inner;
  }
  return valid(fields["latitude"] ?? fields["lat"], fields["longitude"] ?? fields["lng"] ?? fields["lon"]);
}

const PAIR = /(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)/;

function fromText(text: string | null): Place | null {
  const [, latitude, longitude] = PAIR.exec(text ?? "") ?? [];
  return valid(latitude, longitude);
}

function valid(up: unknown, along: unknown): Place | null {
  if (up === undefined || up === null || up === "" || along === undefined || along === null || along === "")
    return null;
  const place = { latitude: Number(up), longitude: Number(along) };
  return Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180 ? place : null;
}

export const mapAddress = ({ latitude, longitude }: Place): string =>
  `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;

/** The picture of a sticker: the address that its text or its data names; `""` where it names none, null for other messages. */
export function stickerOf({ type, text, data }: Said): string | null {
  if (type !== "sticker") return null;
  const fields = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  for (const source of [text, data, fields["url"], fields["image"], fields["src"]]) {
    const address = typeof source === "string" && /^https:/i.test(source) ? webAddress(source) : null;
    if (address !== null) return address;
  }
  return "";
}
