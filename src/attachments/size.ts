/** How large an image is. */

/** Pixels of each side. */
export interface Size {
  readonly width: number;
  readonly height: number;
}
