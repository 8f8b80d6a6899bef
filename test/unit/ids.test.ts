import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairKey } from "../../src/core/chat.ts";
import {
  MAX_CHAT_ID,
  SEQS_PER_CHAT,
  appId,
  chatId,
  messageId,
  seq,
  splitMessageId,
  userId,
} from "../../src/core/ids.ts";

const chats = fc.integer({ min: 1, max: MAX_CHAT_ID });
const seqs = fc.integer({ min: 1, max: SEQS_PER_CHAT - 1 });

describe("message ids", () => {
  it("name the chat and the place that they were made of", () => {
    fc.assert(
      fc.property(chats, seqs, (chat, at) => {
        const id = messageId(chatId(chat), seq(at));
        expect(Number.isSafeInteger(id)).toBe(true);
        expect(id).toBe(chat * 2 ** 24 + at);
        expect(splitMessageId(id)).toEqual({ chat, seq: at });
      }),
    );
  });

  it("the last message of the last chat still has a safe integer for its id", () => {
    const id = messageId(chatId(MAX_CHAT_ID), SEQS_PER_CHAT - 1);
    expect(Number.isSafeInteger(id)).toBe(true);
    expect(splitMessageId(id)).toEqual({ chat: MAX_CHAT_ID, seq: SEQS_PER_CHAT - 1 });
  });

  it("ascend in a chat, and those of a later chat are above all of an earlier one", () => {
    fc.assert(
      fc.property(chats, seqs, chats, seqs, (chatA, a, chatB, b) => {
        const [one, other] = [messageId(chatId(chatA), a), messageId(chatId(chatB), b)];
        expect(Math.sign(one - other)).toBe(Math.sign(chatA - chatB || a - b));
      }),
    );
  });

  it("a number that is no message id names nothing, and never throws", () => {
    const garbage = fc.oneof(
      fc.double(),
      fc.integer({ max: SEQS_PER_CHAT }),
      chats.map((chat) => chat * SEQS_PER_CHAT),
      fc.integer({ min: 1, max: 1_000 }).map((n) => (MAX_CHAT_ID + 1) * SEQS_PER_CHAT + n),
      fc.constantFrom(Number.NaN, Infinity, -Infinity, 2 ** 53, 1e300, -1, 0, 0.5),
    );
    fc.assert(
      fc.property(garbage, (id) => {
        const place = splitMessageId(id);
        expect(place === null || messageId(place.chat, place.seq) === id).toBe(true);
      }),
    );
    for (const id of [Number.NaN, Infinity, 0, -1, 1, 2 ** 24, 2 ** 25, 2 ** 24 + 1.5, 2 ** 53, 1e300]) {
      expect(splitMessageId(id), String(id)).toBeNull();
    }
  });

  it("other ids are positive safe integers, or they are refused", () => {
    for (const make of [appId, userId, chatId, seq]) {
      expect(make(1)).toBe(1);
      for (const bad of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 53]) expect(() => make(bad)).toThrow(RangeError);
    }
    expect(() => chatId(MAX_CHAT_ID + 1)).toThrow(RangeError);
    expect(() => seq(SEQS_PER_CHAT)).toThrow(RangeError);
  });
});

describe("the key of a direct chat", () => {
  const users = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(userId);

  it("is the same from both sides, and another for any other pair", () => {
    fc.assert(
      fc.property(users, users, users, users, (a, b, c, d) => {
        expect(pairKey(a, b)).toBe(pairKey(b, a));
        const same = (a === c && b === d) || (a === d && b === c);
        expect(pairKey(a, b) === pairKey(c, d)).toBe(same);
      }),
    );
  });
});
