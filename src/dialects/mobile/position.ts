/** Places on the earth and how far they are apart. Knows geometry only. */

export interface Position {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
}

/** Metres; the mean radius of the earth. */
const EARTH = 6_371_009;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres along the great circle between two places (haversine). */
export function distance(a: Position, b: Position): number {
  const up = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const along = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const chord = up + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * along;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(chord)));
}
