/**
 * Which text a file is, if it is one: plain, HTML or SVG.
 * Knows how markup begins; must not know what is done with it.
 */

/** Elements with which browsers take a text for HTML (WHATWG MIME sniffing). */
const HTML = new Set("html head script iframe h1 div font table a style title b body br p".split(" "));

/** Control characters that a text may have: tab, line feed, form feed, carriage return, and the escapes of terminals. */
const OF_TEXTS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);
const DELETE = 0x7f;

/** In UTF-8 a byte below 0x80 is always a character of its own. */
const isBinary = (byte: number): boolean => (byte < 0x20 && !OF_TEXTS.has(byte)) || byte === DELETE;

/** `text/plain`, `text/html` or `image/svg+xml`; null where `head` is not UTF-8 text. Unless it is the `whole` file, its last character may be cut. */
export function sniffText(head: Uint8Array, whole: boolean): string | null {
  const text = decode(head, whole);
  if (text === null || head.some(isBinary)) return null;
  const root = rootName(text);
  if (root === "svg" || root?.endsWith(":svg")) return "image/svg+xml";
  return root !== null && HTML.has(root) ? "text/html" : "text/plain";
}

function decode(head: Uint8Array, whole: boolean): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(head, { stream: !whole });
  } catch {
    return null;
  }
}

/** The lower-case name of a markup's root element, or of its doctype; null where the text doesn't begin as markup. */
function rootName(text: string): string | null {
  const space = /[\s\ufeff]*/y;
  const name = /<(?:!doctype\s+)?([a-z][^\s/>[]{0,63})/iy;
  for (let at = 0; ;) {
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
    const end = text.startsWith("<?", at) ? "?>" : text.startsWith("<!--", at) ? "-->" : null;
    if (end === null) {
      name.lastIndex = at;
      return name.exec(text)?.[1]?.toLowerCase() ?? null;
    }
    const closed = text.indexOf(end, at + 2);
    if (closed < 0) return null;
    at = closed + end.length;
  }
}
