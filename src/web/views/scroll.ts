/**
 * Knows how a list of messages keeps its place: at its end as long as one is there, and else at the message that one looks
 * at, whatever comes or goes above or below and whenever pictures and the keyboard change heights.
 * Must not know what a message is.
 */

import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

/** So far from the end, in pixels, one still counts as being there. */
const NEAR = 48;

export interface Target {
  readonly seq: number;
  readonly block: "start" | "center";
}

export interface Place {
  /** Whether the end is kept in view. */
  atEnd: boolean;
  /** Where to go with the next layout. */
  target: Target | null;
}

interface Anchor {
  readonly seq: number;
  readonly top: number;
}

type Box = RefObject<HTMLDivElement>;

/** Pixels below what is in view. */
const rest = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number =>
  scrollHeight - scrollTop - clientHeight;

const rowsOf = (box: HTMLElement): HTMLElement[] => [...box.querySelectorAll<HTMLElement>("[data-seq]")];
export const rowOf = (box: HTMLElement, seq: number): HTMLElement | null => box.querySelector(`[data-seq="${seq}"]`);

/** The first row whose end is below `y`; rows lie under each other, so halving finds it. */
function rowAt(rows: readonly HTMLElement[], y: number): HTMLElement | undefined {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > y) high = middle;
    else low = middle + 1;
  }
  return rows[low];
}

/** The last message whose end is in view; 0 where there is none. */
export function lastSeen(box: HTMLElement): number {
  const rows = rowsOf(box);
  const end = box.getBoundingClientRect().bottom;
  const below = rowAt(rows, end + 4);
  const last = below === undefined ? rows.at(-1) : rows[rows.indexOf(below) - 1];
  return Number(last?.dataset["seq"] ?? 0);
}

/** `isNewest`: whether the newest message is among those that lie there; `moved`: what is in view may have changed. */
export function usePlace(box: Box, isNewest: () => boolean, moved: () => void) {
  const place = useRef<Place>({ atEnd: true, target: null });
  const anchor = useRef<Anchor | null>(null);
  const top = useRef(0);

  const keeper = useMemo(() => {
    const remember = (): void => {
      const element = box.current;
      if (element === null) return;
      const edge = element.getBoundingClientRect().top;
      const row = rowAt(rowsOf(element), edge);
      anchor.current =
        row === undefined ? null : { seq: Number(row.dataset["seq"]), top: row.getBoundingClientRect().top - edge };
      top.current = element.scrollTop;
    };
    const settle = (): void => {
      const element = box.current;
      if (element === null) return;
      const { target, atEnd } = place.current;
      const row = target === null ? null : rowOf(element, target.seq);
      if (row !== null && target !== null) {
        row.scrollIntoView({ block: target.block });
        place.current = { atEnd: isNewest() && rest(element) < NEAR, target: null };
      } else if (atEnd) element.scrollTop = element.scrollHeight;
      else if (anchor.current !== null) {
        const kept = rowOf(element, anchor.current.seq);
        const now = kept === null ? undefined : kept.getBoundingClientRect().top - element.getBoundingClientRect().top;
        if (now !== undefined && Math.abs(now - anchor.current.top) > 0.5)
          element.scrollTop += now - anchor.current.top;
      }
      remember();
    };
    const notice = (): void => {
      const element = box.current;
      if (element === null) return;
      // Only who scrolls up leaves the end: when messages come fast, the end is ahead for a moment.
      if (rest(element) < NEAR) place.current.atEnd = isNewest();
      else if (element.scrollTop < top.current) place.current.atEnd = false;
      remember();
    };
    const scrolled = (): void => {
      notice();
      moved();
    };
    return { settle, scrolled, notice };
  }, []);

  // Before anything changes: a scroll of which the event is still to come must not be undone.
  if (box.current !== null && Math.abs(box.current.scrollTop - top.current) > 1) keeper.notice();
  useLayoutEffect(() => {
    keeper.settle();
    moved();
  });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      keeper.settle();
      moved();
    });
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  return { place, ...keeper };
}
