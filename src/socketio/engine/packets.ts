/** Engine.IO packets, one at a time, as text and as WebSocket frames, in version 3 and 4. Knows no transport. */

export type Version = 3 | 4;
export type Bytes = Uint8Array<ArrayBuffer>;

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"] as const;
type PacketType = (typeof TYPES)[number];

export interface Packet {
  readonly type: PacketType;
  /** Bytes only in a message. */
  readonly data: string | Bytes;
}

const MESSAGE_BYTE = TYPES.indexOf("message");

/** The text form, in which polls carry packets and the store keeps them. */
export function encodeText({ type, data }: Packet, version: Version): string {
  if (typeof data === "string") return `${TYPES.indexOf(type)}${data}`;
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return version === 4 ? `b${base64}` : `b${MESSAGE_BYTE}${base64}`;
}

/** Undefined where `text` is no packet. */
export function decodeText(text: string, version: Version): Packet | undefined {
  if (!text.startsWith("b")) {
    const type = typeOf(text.charCodeAt(0) - 48);
    return type === undefined ? undefined : { type, data: text.slice(1) };
  }
  if (version === 3 && text.charCodeAt(1) - 48 !== MESSAGE_BYTE) return undefined;
  const base64 = text.slice(version === 4 ? 1 : 2);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return { type: "message", data: new Uint8Array(Buffer.from(base64, "base64")) };
}

/** The form of a WebSocket frame. */
export function encodeFrame(packet: Packet, version: Version): string | Bytes {
  if (typeof packet.data === "string") return encodeText(packet, version);
  return version === 4 ? packet.data : withType(packet.data);
}

export function decodeFrame(frame: string | ArrayBuffer, version: Version): Packet | undefined {
  // Clients that were told not to send bytes send their text form here too.
  if (typeof frame === "string") return decodeText(frame, version);
  return decodeBytes(new Uint8Array(frame), version);
}

/** In version 3 the first byte of a binary packet is its type. */
export function withType(data: Bytes): Bytes {
  const typed = new Uint8Array(data.byteLength + 1);
  typed[0] = MESSAGE_BYTE;
  typed.set(data, 1);
  return typed;
}

export function decodeBytes(data: Bytes, version: Version): Packet | undefined {
  if (version === 4) return { type: "message", data };
  return data[0] === MESSAGE_BYTE ? { type: "message", data: data.slice(1) } : undefined;
}

function typeOf(digit: number): PacketType | undefined {
  return Number.isInteger(digit) ? TYPES[digit] : undefined;
}
