/** What a frame of `methods` is, and how it is read. Knows JSON and lengths; knows no method. */

import { LIMITS } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import { isShallow } from "../input.ts";
import { badField, notJson, notObject } from "./errors.ts";

type Fields = { readonly [name: string]: unknown };

export interface Frame {
  readonly fields: Fields;
  readonly args: Fields;
  /** `event_response_key`: given back as it came. */
  readonly key: Json;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isLong = (text: string): boolean => text.length > LIMITS.methodsLongFrame;

/** How many characters a frame weighs in the memory of its Gateway; 0 where it is too short to matter, or is refused unread. */
export const weightOf = (frame: string | ArrayBuffer): number =>
  typeof frame === "string" && isLong(frame) && frame.length <= LIMITS.methodsFrame ? frame.length : 0;

/** Whether parsing `text` makes few values. Base64 has none of these characters; millions of them would fill the memory of a Gateway. */
function hasFewValues(text: string): boolean {
  let left = LIMITS.methodsValues;
  for (const mark of [",", "[", "{"]) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) if (--left < 0) return false;
  }
  return true;
}

/** @throws MethodError where the frame is no JSON, or no object, or too long to be looked at */
export function readFrame(text: string | ArrayBuffer): Frame {
  if (typeof text !== "string") throw notJson();
  if (text.length > LIMITS.methodsFrame) {
    throw badField(`files: a frame may have at most ${LIMITS.methodsFrame} characters with all that is in it`);
  }
  if (isLong(text) && !hasFewValues(text)) throw badField("args: has too many values for a frame of this length");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson();
  }
  if (!isObject(value)) throw notObject();
  const args = isObject(value["args"]) ? value["args"] : {};
  const key = args["event_response_key"];
  // It goes back into a frame, so it must not be nested deeper than one can write.
  return { fields: value, args, key: key === undefined || !isShallow(key) ? null : (key as Json) };
}

/** The key of a frame that is refused unread; of one that is long, or none, it is not looked for. */
export function keyOf(frame: string | ArrayBuffer): Json {
  if (weightOf(frame) > 0) return null;
  try {
    return readFrame(frame).key;
  } catch {
    return null;
  }
}
