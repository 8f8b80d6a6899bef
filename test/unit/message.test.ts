import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ParlanceError } from "../../src/core/errors.ts";
import type { Failure } from "../../src/core/errors.ts";
import { chatId, messageId, userId } from "../../src/core/ids.ts";
import type { Attachment, Draft } from "../../src/core/message.ts";
import { checkDraft, checkText, codePoints, kindOf, needsReading } from "../../src/core/message.ts";

const CHAT = chatId(7);

function failureIn(work: () => unknown): Failure | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ParlanceError) return thrown.failure;
    throw thrown;
  }
}

const refusal = (draft: Draft): string | undefined => {
  const failure = failureIn(() => checkDraft(draft, CHAT));
  if (failure !== undefined) expect(failure.code).toBe("input.invalid");
  return failure?.errors?.[0]?.path;
};

const anyText = fc.string({ unit: "binary", maxLength: 40 });
/** Also halves of characters. */
const units = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((all) => String.fromCharCode(...all));

describe("the text of a message", () => {
  it("is counted as people count: an emoji is one", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(codePoints(text)).toBe(Array.from(text).length);
      }),
    );
    expect(codePoints("a👍é")).toBe(3);
  });

  it("is kept as it is but for the white space at its end", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom("", " ", "\n\t ", "\u00a0", "\u2028"), (text, end) => {
        expect(checkText(text + end)).toBe(text.trimEnd());
      }),
    );
    expect(checkText("  \n a\u0000b  ")).toBe("  \n a\u0000b");
  });

  it("with half a character in it is refused, and with whole ones it is not", () => {
    fc.assert(
      fc.property(units, (text) => {
        const failure = failureIn(() => checkText(text));
        expect(failure?.errors?.[0]?.path).toBe(text.trimEnd().isWellFormed() ? undefined : "text");
      }),
    );
    expect(refusal({ text: "\ud83d" })).toBe("text");
    expect(refusal({ text: "\udc4d\ud83d" })).toBe("text");
  });

  it("has at most 10,000 code points, whatever they are made of, after its end is trimmed", () => {
    for (const one of ["a", "👍"]) {
      expect(refusal({ text: one.repeat(10_000) })).toBeUndefined();
      expect(refusal({ text: `${one.repeat(10_000)}   ` })).toBeUndefined();
      expect(refusal({ text: one.repeat(10_001) })).toBe("text");
    }
    expect(refusal({ text: "a".repeat(1_000_000) })).toBe("text");
  });
});

describe("a draft", () => {
  it("needs a text, an attachment or data", () => {
    for (const draft of [{}, { text: "" }, { text: " \n " }, { text: "", attachments: [], data: null }]) {
      expect(refusal(draft)).toBe("text");
    }
    expect(checkDraft({ attachments: ["x"] }, CHAT).text).toBeNull();
    expect(checkDraft({ data: 0 }, CHAT).data).toBe(0);
  });

  it("names at most 10 attachments, and none twice", () => {
    const ids = Array.from({ length: 11 }, (_, at) => `a${at}`);
    expect(refusal({ attachments: ids })).toBe("attachments");
    expect(refusal({ attachments: ids.slice(1) })).toBeUndefined();
    expect(refusal({ attachments: ["x", "y", "x"] })).toBe("attachments");
  });

  it("bears data of at most 16,384 characters as JSON, and only valid Unicode", () => {
    expect(refusal({ data: "x".repeat(16_382) })).toBeUndefined();
    expect(refusal({ data: "x".repeat(16_383) })).toBe("data");
    // JSON escapes what is half a character, so it comes through whole.
    expect(refusal({ data: { "\ud83d": "\udc4d" } })).toBeUndefined();
  });

  it("bears a client id of 1 to 128 characters", () => {
    expect(refusal({ text: "x", clientId: "" })).toBe("client_id");
    expect(refusal({ text: "x", clientId: "c".repeat(128) })).toBeUndefined();
    expect(refusal({ text: "x", clientId: "c".repeat(129) })).toBe("client_id");
    expect(refusal({ text: "x", clientId: "\ud83d" })).toBe("client_id");
  });

  it("answers a message of its own chat alone", () => {
    expect(checkDraft({ text: "x", replyTo: messageId(CHAT, 3) }, CHAT).replyTo).toBe(messageId(CHAT, 3));
    for (const replyTo of [messageId(chatId(8), 3), 3, 0, -1, 1.5, 2 ** 53, messageId(CHAT, 0)]) {
      expect(refusal({ text: "x", replyTo })).toBe("reply_to");
    }
  });
});

describe("the kind of a message", () => {
  const file = (mime: string): Attachment => ({
    id: "x",
    name: "x",
    size: 1,
    mime,
    width: null,
    height: null,
    createdAt: 0,
  });

  it("follows its first attachment where there is no text", () => {
    expect(kindOf("hi", [file("image/png")])).toBe("text");
    expect(kindOf(null, [])).toBe("text");
    expect(kindOf(null, [file("image/png"), file("audio/ogg")])).toBe("image");
    expect(kindOf(null, [file("audio/ogg")])).toBe("audio");
    expect(kindOf(null, [file("video/mp4")])).toBe("file");
  });

  it("needs reading by everyone but its author, until it is deleted", () => {
    const [ann, bob] = [userId(1), userId(2)];
    expect(needsReading({ userId: ann, deletedAt: null }, bob)).toBe(true);
    expect(needsReading({ userId: ann, deletedAt: null }, ann)).toBe(false);
    expect(needsReading({ userId: ann, deletedAt: 1 }, bob)).toBe(false);
  });
});
