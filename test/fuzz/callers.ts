/** Who is behind a connection that the server still holds: the case that opened it, by its port. Knows no server and no dialect. */

import { existsSync, readFileSync } from "node:fs";
import type { Place } from "./findings.ts";

/** The system's table of TCP connections; there is none where this is not Linux. */
const TABLE = "/proc/net/tcp";
/** States of that table in which one side holds a connection; in the others it is over, or not there yet. */
const HELD: Readonly<Record<string, string>> = {
  "01": "open",
  "04": "the server has ended it",
  "05": "the server has ended it",
  "08": "the client has ended it",
};

export class Callers {
  readonly #places = new Map<number, Place>();

  /** A connection was opened from this port; the last one counts. */
  note(port: number | undefined, place: Place): void {
    if (port !== undefined) this.#places.set(port, place);
  }

  /** The connections that the server on this port holds, and who opened them. */
  heldBy(server: number): string[] {
    if (!existsSync(TABLE)) return [];
    const found = readFileSync(TABLE, "utf8")
      .split("\n")
      .flatMap((row) => {
        const [, local = "", remote = "", state = ""] = row.trim().split(/\s+/);
        const how = HELD[state];
        if (portOf(local) !== server || how === undefined) return [];
        const { surface, number = "" } = this.#places.get(portOf(remote)) ?? { surface: "nobody known" };
        return [`${surface} ${number} (${how})`];
      });
    return [...Map.groupBy(found, (one) => one)].map(([one, all]) => `${all.length} × ${one}`);
  }
}

/** Of an address of the table, in hexadecimal digits. */
const portOf = (address: string): number => Number.parseInt(address.split(":")[1] ?? "", 16);
