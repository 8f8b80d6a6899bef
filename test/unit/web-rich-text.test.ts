// What the page makes of a text: addresses, code and emoji, and nothing that was not in it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapAddress, placeOf, stickerOf } from "../../src/web/model/kinds.ts";
import { backOff } from "../../src/web/model/back-off.ts";
import { emojiCount, piecesOf, plain, webAddress } from "../../src/web/model/rich-text.ts";

const links = (text: string): string[] =>
  piecesOf(text).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));

describe("pieces of a text", () => {
  it("are the text again, whatever it is, where it has no marks of code", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const bare = text.replaceAll("`", "");
        expect(
          piecesOf(bare)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(bare);
      }),
    );
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string(), (url, text) => {
        const bare = `${text} ${url} ${text}`.replaceAll("`", "");
        expect(
          piecesOf(bare)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(bare);
      }),
    );
  });

  it.each([
    ["see https://example.com.", ["https://example.com/"]],
    ["(https://example.com/a(b))", ["https://example.com/a(b)"]],
    ["www.example.com/x?y=1#z, and http://a.b", ["https://www.example.com/x?y=1#z", "http://a.b/"]],
    ["https://example.com/\u202egpj.exe", ["https://example.com/"]],
    ["javascript:alert(1) data:text/html,x ftp://a.b file:///etc", []],
    ["https://user:pass@example.com", []],
    ["https://", []],
    ["`https://example.com`", []],
    ["```\nhttps://example.com\n```", []],
    ["xhttps://example.com", []],
  ])("%j has the addresses %j", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it("only ever lead to web pages", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const href = webAddress(text);
        expect(href === null || /^https?:\/\//.test(href)).toBe(true);
      }),
    );
  });

  it("are code where it is marked, with its spaces and lines", () => {
    expect(piecesOf("a `b  c` d\n```js\nlet x;\n  y\n```")).toEqual([
      { kind: "text", text: "a " },
      { kind: "code", text: "b  c" },
      { kind: "text", text: " d\n" },
      { kind: "block", text: "let x;\n  y" },
    ]);
  });
});

describe("emoji", () => {
  it.each([
    ["👍", 1],
    ["👩‍👩‍👧 🇨🇭 1️⃣", 3],
    ["👍🏽👍🏽👍🏽", 3],
    ["👍👍👍👍👍👍👍", 0],
    ["ok 👍", 0],
    ["123", 0],
    ["", 0],
  ])("%s: %i alone", (text, count) => {
    expect(emojiCount(text)).toBe(count);
  });
});

describe("one line", () => {
  it("has nothing in it that turns or breaks what stands around it", () => {
    expect(plain("a\n b\u202ec\u0007\u2066d")).toBe("a bcd");
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[\p{Cc}\p{Bidi_Control}]/u.test(plain(text))));
  });
});

describe("places and stickers of other clients", () => {
  const message = (type: string, text: string | null, data: unknown = null) => ({ type, text, data });
  it.each([
    [message("location", null, { latitude: 1.5, longitude: -2 })],
    [message("location", null, { geolocation: { latitude: "1.5", longitude: "-2" } })],
    [message("location", "1.5,-2")],
    [message("location", '{"lat":1.5,"lng":-2}')],
  ])("%j is a place", (said) => {
    expect(placeOf(said)).toEqual({ latitude: 1.5, longitude: -2 });
  });

  it("is none where there is none", () => {
    for (const said of [
      message("location", "somewhere"),
      message("location", "91,0"),
      message("location", null, { latitude: null }),
    ])
      expect(placeOf(said)).toBeNull();
    expect(mapAddress({ latitude: 1, longitude: 2 })).toMatch(/^https:/);
  });

  it("a sticker is a picture of the web, or a name", () => {
    expect(stickerOf(message("sticker", "https://example.com/a.png"))).toBe("https://example.com/a.png");
    expect(stickerOf(message("sticker", null, { url: "https://example.com/b.png" }))).toBe("https://example.com/b.png");
    for (const text of ["javascript:alert(1)", "http://example.com/a.png", "smile", null])
      expect(stickerOf(message("sticker", text))).toBe("");
    expect(stickerOf(message("text", "https://example.com/a.png"))).toBeNull();
  });
});

describe("waiting before the next try", () => {
  it("doubles up to a limit, and differs by half", () => {
    expect([0, 1, 2, 20].map((tries) => backOff(tries, 1))).toEqual([500, 1_000, 2_000, 20_000]);
    expect([0, 1, 2, 20].map((tries) => backOff(tries, 0))).toEqual([250, 500, 1_000, 10_000]);
  });
});
