/**
 * Which part of a file a request wants (RFC 9110, 14).
 * Knows the `Range` header; must not know where the file lies.
 */

export type Range =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: Range = { kind: "whole" };
const UNSATISFIABLE: Range = { kind: "unsatisfiable" };

/**
 * The part of a file of `size` bytes that `header` asks for. What it does not understand, and more than
 * one range, is answered with the whole file, as the standard allows.
 */
export function parseRange(header: string | null, size: number): Range {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "");
  if (match === null) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return WHOLE;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? UNSATISFIABLE : { kind: "part", offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < offset) return WHOLE;
  return offset >= size ? UNSATISFIABLE : { kind: "part", offset, length: end - offset + 1 };
}
