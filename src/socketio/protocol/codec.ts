/** Socket.IO packets as the parser of its makers reads and writes them. Knows no connection and no version of ours. */

import { Decoder, Encoder, PacketType } from "socket.io-parser";
import type { Packet } from "socket.io-parser";
import type { Bytes } from "../engine/packets.ts";

export type { Packet };
export { PacketType };

/** A packet as it goes out: its text, and the bytes that follow it. */
export type Encoded = readonly [text: string, ...attachments: Bytes[]];

const encoder = new Encoder();

export function encode(packet: Packet): Encoded {
  const [text, ...attachments] = encoder.encode(packet) as [string, ...(ArrayBuffer | ArrayBufferView<ArrayBuffer>)[]];
  return [text, ...attachments.map(bytesOf)];
}

export function encodeEvent(namespace: string, event: string, args: readonly unknown[]): Encoded {
  return encode({ type: PacketType.EVENT, nsp: namespace, data: [event, ...args] });
}

function bytesOf(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Bytes {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** How many attachments follow a packet, by its text. */
export function attachmentsOf(text: string): number {
  return Number(/^[56](\d{1,9})-/.exec(text)?.[1] ?? 0);
}

/** The packet that `text` and its attachments are; undefined where they are none. */
export function decode(text: string, attachments: readonly Bytes[] = []): Packet | undefined {
  // The parser would take nothing at all for a CONNECT.
  if (text === "") return undefined;
  const decoded: Packet[] = [];
  try {
    const decoder = new Decoder();
    decoder.on("decoded", (packet) => decoded.push(packet));
    decoder.add(text);
    for (const attachment of attachments) decoder.add(attachment);
  } catch {
    return undefined;
  }
  const [packet] = decoded;
  return packet !== undefined && isSound(packet) ? packet : undefined;
}

/** What the parser lets pass: an event or an acknowledgement without any data, or with an id that no counter reaches. */
function isSound({ type, data, id }: Packet): boolean {
  if (id !== undefined && !Number.isSafeInteger(id)) return false;
  if (type === PacketType.EVENT) return Array.isArray(data);
  if (type === PacketType.ACK) return Array.isArray(data) && id !== undefined;
  return true;
}

/** Puts one more argument at the end of an encoded event. */
export function withArgument(text: string, argument: string): string {
  return `${text.slice(0, -1)},${JSON.stringify(argument)}]`;
}

/** The namespace of an encoded event. */
export function namespaceOf(text: string): string {
  return /^[25](?:\d+-)?(\/[^,]*),/.exec(text)?.[1] ?? "/";
}
