/** What a poll carries in Engine.IO 4: packets as text, with a record separator between them. Knows no request. */

import type { Packet } from "./packets.ts";
import { decodeText } from "./packets.ts";

const SEPARATOR = "\u001e";

/** `texts`: packets in their text form. */
export function encodePayload4(texts: readonly string[]): string {
  return texts.join(SEPARATOR);
}

/** Undefined where any part of it is no packet. */
export function decodePayload4(payload: string): Packet[] | undefined {
  const packets: Packet[] = [];
  for (let from = 0; from <= payload.length;) {
    const found = payload.indexOf(SEPARATOR, from);
    const to = found === -1 ? payload.length : found;
    const packet = decodeText(payload.slice(from, to), 4);
    if (packet === undefined) return undefined;
    packets.push(packet);
    from = to + 1;
  }
  return packets;
}
