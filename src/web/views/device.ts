/**
 * Knows what one has in front of oneself: a phone's width, a finger instead of a mouse.
 * Must not know what follows from it.
 */

export const isTouch = (): boolean => matchMedia("(pointer: coarse)").matches;
export const isNarrow = (): boolean => matchMedia("(max-width: 44rem)").matches;
