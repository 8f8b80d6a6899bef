/**
 * What a poll carries in Engine.IO 3: packets with their length before them, as text or, where the client can take it
 * and bytes are among them, as bytes. Knows no request.
 */

import type { Bytes, Packet } from "./packets.ts";
import { decodeBytes, decodeText, withType } from "./packets.ts";

/** More digits than a payload of any size that we take has. */
const MAX_DIGITS = 10;
const END_OF_LENGTH = 255;

/** `texts`: packets in their text form. A length counts UTF-16 units. */
export function encodePayload3(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text}`).join("");
}

export function decodePayload3(payload: string): Packet[] | undefined {
  const packets: Packet[] = [];
  for (let from = 0; from < payload.length;) {
    const colon = payload.indexOf(":", from);
    const digits = colon === -1 ? "" : payload.slice(from, Math.min(colon, from + MAX_DIGITS + 1));
    if (!/^[0-9]{1,10}$/.test(digits)) return undefined;
    const to = colon + 1 + Number(digits);
    if (to > payload.length) return undefined;
    const packet = decodeText(payload.slice(colon + 1, to), 3);
    if (packet === undefined) return undefined;
    packets.push(packet);
    from = to;
  }
  return packets.length === 0 ? undefined : packets;
}

/** A byte for text (0) or bytes (1), the digits of the length in bytes, 255, the packet. */
export function encodeBinaryPayload3(texts: readonly string[]): Bytes {
  const parts = texts.map((text) => {
    const packet = text.startsWith("b") ? decodeText(text, 3) : undefined;
    const isText = packet === undefined || typeof packet.data === "string";
    const body = isText ? new TextEncoder().encode(text) : withType(packet.data);
    return { kind: isText ? 0 : 1, body, digits: String(body.byteLength) };
  });
  const size = parts.reduce((sum, { body, digits }) => sum + body.byteLength + digits.length + 2, 0);
  const payload = new Uint8Array(size);
  let at = 0;
  for (const { kind, body, digits } of parts) {
    payload[at++] = kind;
    for (const digit of digits) payload[at++] = Number(digit);
    payload[at++] = END_OF_LENGTH;
    payload.set(body, at);
    at += body.byteLength;
  }
  return payload;
}

export function decodeBinaryPayload3(payload: Bytes): Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < payload.byteLength;) {
    const kind = payload[at++];
    let length = 0;
    let digits = 0;
    for (let digit = payload[at++]; digit !== END_OF_LENGTH; digit = payload[at++]) {
      if (digit === undefined || digit > 9 || ++digits > MAX_DIGITS) return undefined;
      length = length * 10 + digit;
    }
    if (digits === 0 || at + length > payload.byteLength) return undefined;
    const body = payload.slice(at, at + length);
    const packet = kind === 0 ? decodeText(new TextDecoder().decode(body), 3) : decodeTyped(kind, body);
    if (packet === undefined) return undefined;
    packets.push(packet);
    at += length;
  }
  return packets.length === 0 ? undefined : packets;
}

function decodeTyped(kind: number | undefined, body: Bytes): Packet | undefined {
  return kind === 1 ? decodeBytes(body, 3) : undefined;
}
