/** Frames of RFC 6455 from a client, byte by byte: right ones, and those that no library would send. Knows no connection. */

import type { Random } from "./random.ts";

const TEXT = 1;
const BINARY = 2;

interface Shape {
  readonly opcode: number;
  readonly isFinal?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
  /** What the frame says that its length is. */
  readonly said?: number;
}

function frame(
  payload: Buffer,
  random: Random,
  { opcode, isFinal = true, reserved = 0, isMasked = true, said }: Shape,
): Buffer {
  const length = said ?? payload.length;
  const size = length < 126 ? Buffer.of(length) : length < 2 ** 16 ? Buffer.alloc(3) : Buffer.alloc(9);
  if (size.length === 3) {
    size[0] = 126;
    size.writeUInt16BE(length, 1);
  } else if (size.length === 9) {
    size[0] = 127;
    size.writeBigUInt64BE(BigInt(length), 1);
  }
  if (isMasked) size[0] = (size[0] ?? 0) | 0x80;
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = Buffer.from(isMasked ? Array.from({ length: 4 }, () => random.below(256)) : [0, 0, 0, 0]);
  const hidden = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.of(first), size, ...(isMasked ? [mask] : []), hidden]);
}

const opcodeOf = (payload: string | Buffer): number => (typeof payload === "string" ? TEXT : BINARY);

export const wholeFrame = (payload: string | Buffer, random: Random): Buffer =>
  frame(Buffer.from(payload), random, { opcode: opcodeOf(payload) });

/** One that is broken, in pieces, or of a kind that says something about the connection. */
export function tornFrame(payload: string | Buffer, random: Random): Buffer {
  const bytes = Buffer.from(payload);
  const opcode = opcodeOf(payload);
  const half = Math.floor(bytes.length / 2);
  const make = (part: Buffer, shape: Shape): Buffer => frame(part, random, shape);
  return random.of([
    () => make(bytes, { opcode, isMasked: false }),
    () => make(bytes, { opcode: random.of([3, 7, 11, 15]) }),
    () => make(bytes, { opcode, reserved: random.of([1, 2, 4, 7]) }),
    () => make(bytes, { opcode, said: bytes.length + random.of([1, 100, 2 ** 31, 2 ** 52]) }),
    () => make(bytes, { opcode: TEXT }).subarray(0, random.below(bytes.length + 6)),
    () => Buffer.concat([make(bytes.subarray(0, half), { opcode, isFinal: false }), make(bytes.subarray(half), { opcode: 0 })]),
    () => make(bytes, { opcode, isFinal: false }),
    () => make(bytes, { opcode: 0 }),
    () => make(bytes.subarray(0, 200), { opcode: random.of([9, 10]) }),
    () => make(Buffer.of(random.of([3, 0, 200]), random.below(256), ...bytes.subarray(0, 50)), { opcode: 8 }),
    () => make(Buffer.of(1), { opcode: 8 }),
    () => make(Buffer.from([0xff, 0xfe, 0xc0, 0x80]), { opcode: TEXT }),
    () => make(Buffer.alloc(random.of([70_000, 300_000, 1_100_000]), 0x5b), { opcode: TEXT }),
    () => Buffer.concat(Array.from({ length: 50 }, () => make(Buffer.alloc(0), { opcode: random.of([9, TEXT]) }))),
  ])(); // oxfmt-ignore
}
