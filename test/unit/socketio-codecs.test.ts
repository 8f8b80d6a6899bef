// What is encoded is decoded again, and what is no packet is none, whatever the bytes.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, Packet, Version } from "../../src/socketio/engine/packets.ts";
import { decodeFrame, decodeText, encodeFrame, encodeText } from "../../src/socketio/engine/packets.ts";
import {
  decodeBinaryPayload3,
  decodePayload3,
  encodeBinaryPayload3,
  encodePayload3,
} from "../../src/socketio/engine/payload-v3.ts";
import { decodePayload4, encodePayload4 } from "../../src/socketio/engine/payload-v4.ts";
import {
  PacketType,
  attachmentsOf,
  decode,
  encode,
  namespaceOf,
  withArgument,
} from "../../src/socketio/protocol/codec.ts";

const bytes = fc.uint8Array({ maxLength: 64 }).map((data): Bytes => new Uint8Array(data));
/** Any text; the separator of payloads is none of the JSON that messages are. */
const text = fc.string({ unit: "grapheme", maxLength: 40 }).map((any) => any.replaceAll("\u001e", ""));
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({ type: fc.constant("message" as const), data: fc.oneof(text, bytes) }),
  fc.record({ type: fc.constantFrom("open", "close", "ping", "pong", "upgrade", "noop"), data: text }),
);
const packets = fc.array(packet, { minLength: 1, maxLength: 8 });
const version: fc.Arbitrary<Version> = fc.constantFrom(3, 4);
const texts = (all: readonly Packet[], of: Version): string[] => all.map((one) => encodeText(one, of));

describe("Engine.IO packets", () => {
  it("come back from their text, and from a frame", () => {
    fc.assert(
      fc.property(packet, version, (one, of) => {
        expect(decodeText(encodeText(one, of), of)).toEqual(one);
        const frame = encodeFrame(one, of);
        const received = typeof frame === "string" ? frame : frame.slice().buffer;
        expect(decodeFrame(received, of)).toEqual(one);
      }),
    );
  });

  it("come back from payloads, in order", () => {
    fc.assert(
      fc.property(packets, (all) => {
        expect(decodePayload4(encodePayload4(texts(all, 4)))).toEqual(all);
        expect(decodePayload3(encodePayload3(texts(all, 3)))).toEqual(all);
        expect(decodeBinaryPayload3(encodeBinaryPayload3(texts(all, 3)))).toEqual(all);
      }),
    );
  });

  it("are none where the text or the bytes are anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), bytes, (any, data) => {
        for (const decoded of [decodePayload4(any), decodePayload3(any), decodeBinaryPayload3(data)]) {
          for (const one of decoded ?? []) expect(one.type).toMatch(/^[a-z]+$/);
        }
      }),
    );
    for (const none of ["", "7", "9x", "abc", "b***", "é"]) expect(decodeText(none, 4)).toBeUndefined();
    for (const none of ["", "4hello", ":4", "-1:4", "99999999999:4", "6:4", "1:9", "1e1:4234567890"]) {
      expect(decodePayload3(none)).toBeUndefined();
    }
    for (const none of [[0], [0, 255], [0, 1], [0, 9, 255, 52], [2, 1, 255, 52], [1, 1, 255, 0]]) {
      expect(decodeBinaryPayload3(Uint8Array.from(none))).toBeUndefined();
    }
  });
});

describe("Socket.IO packets", () => {
  // Beside binary the parser copies objects key by key, and none has its prototype set by one.
  const json = fc
    .jsonValue()
    .map((any): unknown => JSON.parse(JSON.stringify(any)))
    .filter((any) => !JSON.stringify(any).includes("__proto__"));
  const argument = fc.oneof(json, bytes, fc.record({ deep: fc.array(bytes, { maxLength: 2 }) }));
  const event = fc.record({
    type: fc.constant(PacketType.EVENT),
    nsp: fc.constantFrom("/", "/custom"),
    data: fc.tuple(fc.constant("event"), argument, argument),
  });

  it("come back from their text and attachments", () => {
    fc.assert(
      fc.property(event, (one) => {
        const [head, ...attachments] = encode({ ...one, data: structuredClone(one.data) });
        expect(attachmentsOf(head)).toBe(attachments.length);
        expect(namespaceOf(head)).toBe(one.nsp);
        const plain: unknown = attachments.length === 0 ? JSON.parse(JSON.stringify(one.data)) : one.data;
        expect(decode(head, attachments)?.data).toEqual(plain);
        expect(decode(withArgument(head, "an offset"), attachments)?.data).toHaveProperty("3", "an offset");
      }),
    );
  });

  it("are none where the text is anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => {
        expect(["undefined", "object"]).toContain(typeof decode(any));
      }),
    );
    for (const none of [
      "",
      "9",
      "2",
      "2{}",
      "3[]",
      '2["connect"]',
      '2abc["x"]',
      "0[]",
      "1{}",
      '5x-["e"]',
      '299999999999999999999["x"]',
    ]) {
      expect(decode(none)).toBeUndefined();
    }
  });
});
