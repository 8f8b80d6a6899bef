/**
 * What a file may be called, and how a header says so.
 * Knows hostile names; must not know whose file it is or where it lies.
 */

import { LIMITS } from "../core/limits.ts";

const DEFAULT_NAME = "file";

/** Controls, line separators, and the marks that turn the direction of text: with them `gpj.exe` reads as `exe.jpg`. */
const DECEIVING = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Characters of an ending (`.png`, `.numbers`) that a name too long keeps. */
const KEPT_ENDING = 16;

/**
 * The name under which a file is kept: the last step of what may be a path of either kind, without
 * deceiving characters, at most `LIMITS.attachmentName` UTF-16 units, well-formed, never empty.
 */
export function fileName(given: string | null): string {
  const base = (given ?? "").split(/[/\\]/).at(-1) ?? "";
  const clean = base.toWellFormed().replace(DECEIVING, "").trim();
  if (clean === "" || clean === "." || clean === "..") return DEFAULT_NAME;
  if (clean.length <= LIMITS.attachmentName) return clean;
  const dot = clean.lastIndexOf(".");
  const ending = dot > 0 && clean.length - dot <= KEPT_ENDING ? clean.slice(dot) : "";
  return cut(clean, LIMITS.attachmentName - ending.length) + ending;
}

/** At most `length` units of `text`, whole characters only. */
function cut(text: string, length: number): string {
  const unit = text.charCodeAt(length - 1);
  const halved = unit >= 0xd800 && unit < 0xdc00;
  return text.slice(0, halved ? length - 1 : length);
}

/** A `Content-Disposition` that says `name` to every client: in ASCII, and in full as RFC 8187 has it. */
export function contentDisposition(kind: "inline" | "attachment", name: string): string {
  // A percent sign too: some clients decode it even in the plain form.
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  const full = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${full}`;
}
