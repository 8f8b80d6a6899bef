/**
 * Knows how the text of a message is shown: its addresses clickable, its code as code. Nothing in it ever becomes markup.
 * Must not know any state.
 */

import { emojiCount, piecesOf } from "../model/rich-text.ts";

interface Props {
  readonly text: string;
  /** Whether its links are reached by Tab. */
  readonly tab: 0 | -1;
}

export function Rich({ text, tab }: Props) {
  return (
    <>
      {piecesOf(text).map((piece, at) => {
        if (piece.kind === "link")
          return (
            <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={tab}>
              {piece.text}
            </a>
          );
        if (piece.kind === "code") return <code key={at}>{piece.text}</code>;
        if (piece.kind === "block")
          return (
            <pre key={at} dir="ltr">
              <code>{piece.text}</code>
            </pre>
          );
        return piece.text;
      })}
    </>
  );
}

/** The class of a text that is emoji alone: the fewer, the larger. */
export function emojiClass(text: string): string {
  const count = emojiCount(text);
  if (count === 0) return "";
  return count <= 3 ? "emoji few" : "emoji";
}
