/**
 * Knows how arrows move the focus along a list that is one stop for Tab.
 * Must not know what the list holds.
 */

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** For the list's `onKeyDown`: its stops are the elements that `selector` finds. */
export function rove(event: KeyboardEvent, list: HTMLElement, selector: string): void {
  const step = STEPS[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [...list.querySelectorAll<HTMLElement>(selector)];
  const now = stops.findIndex((stop) => stop.contains(document.activeElement));
  if (now < 0) return;
  event.preventDefault();
  stops[Math.max(0, Math.min(stops.length - 1, now + step))]?.focus();
}
