/**
 * Knows which stretch of a chat's messages is in the page: messages are numbered without holes, so a stretch is two
 * numbers. However long the chat, only so many are ever shown.
 * Must not know messages, nor how they are fetched.
 */

export interface Span {
  /** The first and the last number, both included; `to` is less than `from` where there are none. */
  readonly from: number;
  readonly to: number;
}

/** So many are shown at most while one scrolls. */
export const MOST = 140;
/** So many come at once. */
export const STEP = 40;
/** So many stay below what is shown at first. */
const START = 60;

export const newest = (last: number): Span => ({ from: Math.max(1, last - START + 1), to: last });

export const around = (seq: number, last: number): Span => {
  const to = Math.min(last, Math.max(1, seq - START / 2) + START - 1);
  return { from: Math.max(1, to - START + 1), to };
};

/** One step up; what is far below goes. */
export const older = ({ from, to }: Span): Span => {
  const first = Math.max(1, from - STEP);
  return { from: first, to: Math.min(to, first + MOST - 1) };
};

/** One step down; what is far above goes. */
export const newer = ({ from, to }: Span, last: number): Span => {
  const end = Math.min(last, to + STEP);
  return { from: Math.max(from, end - MOST + 1), to: end };
};

/** New messages have come: who is at the end sees them, and what is far above goes; who reads further up is left alone. */
export const follow = (span: Span, before: number, last: number, atEnd: boolean): Span => {
  if (span.to < before) return span;
  if (atEnd) return { from: Math.max(span.from, last - MOST + 1), to: last };
  return last - span.from < 2 * MOST ? { from: span.from, to: last } : span;
};

/** The numbers from `from` to `to` that are not `known`, as stretches of at most `most`. */
export function missing({ from, to }: Span, known: (seq: number) => boolean, most: number): Span[] {
  const found: Span[] = [];
  let begin: number | undefined;
  for (let seq = from; seq <= to + 1; seq++) {
    const isMissing = seq <= to && !known(seq);
    if (isMissing && begin === undefined) begin = seq;
    if (begin !== undefined && (!isMissing || seq - begin === most)) {
      found.push({ from: begin, to: seq - 1 });
      begin = isMissing ? seq : undefined;
    }
  }
  return found;
}
