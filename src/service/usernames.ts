/** What a username is, and how one is made of another name. Pure. */

import { LIMITS } from "../core/limits.ts";
import { codePoints } from "../core/message.ts";

const USERNAME = /^[\p{L}\p{M}\p{Nd}_.-]+$/u;
const UNFIT = /[^\p{L}\p{M}\p{Nd}_.-]+/gu;
/** Code points that are left for a hyphen and a number. */
const ROOM_FOR_NUMBER = 12;

export const isUsername = (name: string): boolean => codePoints(name) <= LIMITS.username && USERNAME.test(name);

/** `name` as a username: what is unfit becomes a hyphen, and there is room for a number behind it. */
function fitUsername(name: string): string {
  const fit = name
    .toWellFormed()
    .replaceAll(UNFIT, "-")
    .replaceAll(/^-+|-+$/g, "");
  const short = Array.from(fit)
    .slice(0, LIMITS.username - ROOM_FOR_NUMBER)
    .join("");
  return short === "" ? "user" : short;
}

/** Names to try where others are taken: the name itself, a few small numbers behind it, then large ones by chance. */
export function* usernamesLike(name: string): Generator<string, void> {
  const fit = fitUsername(name);
  yield fit;
  for (const n of [2, 3, 4]) yield `${fit}-${n}`;
  for (let digits = 4; digits <= 9; digits++) yield `${fit}-${Math.floor(Math.random() * 10 ** digits)}`;
}
