/**
 * Knows what is in a text: web addresses, code, emoji. Text stays text: what comes out are pieces of it, never markup.
 * Must not know how the pieces look.
 */

export type Piece =
  | { readonly kind: "text" | "code" | "block"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

/** Characters that change the direction of what follows, or show nothing: they could make an address look like another. */
const UNSEEN = "\\u0000-\\u0020\\u007f-\\u00a0\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff";
const FENCE = /```(?:[\w+#.-]{0,20}\n)?([\s\S]+?)```/g;
const CODE = /`([^`\n]+)`/g;
/** An address, without the punctuation that ends its sentence. */
const LINK = new RegExp(`\\b(?:https?://|www\\.)[^${UNSEEN}<>"'\`]+`, "gi");
const ENDING = /[.,;:!?*_~'"\])}]+$/;

/** The pieces of `text`; joined, they are the text without the marks of its code. */
export function piecesOf(text: string): Piece[] {
  return split(text, FENCE, "block").flatMap((part) =>
    part.kind === "text"
      ? split(part.text, CODE, "code").flatMap((piece) => (piece.kind === "text" ? links(piece.text) : [piece]))
      : [part],
  );
}

function split(
  text: string,
  marks: RegExp,
  kind: "code" | "block",
): { kind: "text" | "code" | "block"; text: string }[] {
  const found: { kind: "text" | "code" | "block"; text: string }[] = [];
  let done = 0;
  for (const match of text.matchAll(marks)) {
    if (match.index > done) found.push({ kind: "text", text: text.slice(done, match.index) });
    found.push({ kind, text: kind === "block" ? (match[1] ?? "").replace(/\n$/, "") : (match[1] ?? "") });
    done = match.index + match[0].length;
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
  return found;
}

function links(text: string): Piece[] {
  const found: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    const href = webAddress(address);
    if (href === null) continue;
    if (match.index > done) found.push({ kind: "text", text: text.slice(done, match.index) });
    found.push({ kind: "link", text: address, href });
    done = match.index + address.length;
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
  return found;
}

/** Without the end of its sentence; a closing bracket that was opened within belongs to the address. */
function trimmed(address: string): string {
  const end = ENDING.exec(address)?.[0] ?? "";
  const bare = address.slice(0, address.length - end.length);
  const closes = end.startsWith(")") && bare.split("(").length > bare.split(")").length;
  return closes ? `${bare})` : bare;
}

/** The address as a browser would open it, of web pages alone; null for anything else. */
export function webAddress(address: string): string | null {
  try {
    const url = new URL(/^www\./i.test(address) ? `https://${address}` : address);
    return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" ? url.href : null;
  } catch {
    return null;
  }
}

const EMOJI =
  /^(?:\p{RI}\p{RI}|[0-9#*]\ufe0f?\u20e3|\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\ufe0f\u200d\s])+$/u;
const MOST_EMOJI = 6;

/** How many emoji a text consists of, where it consists of nothing else and of a few; else 0. */
export function emojiCount(text: string): number {
  if (text.length > 80 || !EMOJI.test(text)) return 0;
  const segments = [...new Intl.Segmenter().segment(text)].filter(({ segment }) => segment.trim() !== "");
  return segments.length <= MOST_EMOJI ? segments.length : 0;
}

const CONTROLS = /[\p{Cc}\p{Bidi_Control}\ufeff]/gu;

/** A name or a line for where no markup can fence it in: without what would turn the direction of its surroundings. */
export const plain = (text: string): string => text.replace(/\s+/g, " ").replace(CONTROLS, "").trim();
