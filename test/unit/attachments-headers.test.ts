// What is said of a file in headers and addresses: its name, the part that is wanted, signed links.

import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { createLinks } from "../../src/attachments/links.ts";
import { contentDisposition, fileName } from "../../src/attachments/names.ts";
import { parseRange } from "../../src/attachments/ranges.ts";

describe("the name of a file", () => {
  it.each([
    ["photo.png", "photo.png"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\Ann\\Bericht für 世界.docx", "Bericht für 世界.docx"],
    ["/absolute/", "file"],
    ["..", "file"],
    [" \t\r\n", "file"],
    ["", "file"],
    ["  a b  ", "a b"],
    ["a\r\nSet-Cookie: x=1\0.txt", "aSet-Cookie: x=1.txt"],
    ["\u202egpj.exe", "gpj.exe"],
    ["a\u2066b\u2069\u200fc\u2028d", "abcd"],
    ["👩‍👩‍👧.png", "👩‍👩‍👧.png"],
    ["half \ud83d.png", "half \ufffd.png"],
  ])("%j is kept as %j", (given, kept) => {
    expect(fileName(given)).toBe(kept);
  });

  it("is `file` where there is none", () => {
    expect(fileName(null)).toBe("file");
  });

  it("is cut at 255, with its ending, and never through a character", () => {
    expect(fileName(`${"a".repeat(300)}.jpeg`)).toBe(`${"a".repeat(250)}.jpeg`);
    expect(fileName("👋".repeat(200))).toBe("👋".repeat(127));
    expect(fileName(`.${"x".repeat(300)}`)).toHaveLength(255);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (given) => {
        const name = fileName(given);
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(255);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("a Content-Disposition", () => {
  it("says the name to old clients in ASCII, to others in full", () => {
    expect(contentDisposition("attachment", 'Zoë\'s "50%" (1).txt')).toBe(
      `attachment; filename="Zo_'s _50__ (1).txt"; filename*=UTF-8''Zo%C3%AB%27s%20%2250%25%22%20%281%29.txt`,
    );
    expect(contentDisposition("inline", "世界👋.png")).toBe(
      `inline; filename="___.png"; filename*=UTF-8''%E4%B8%96%E7%95%8C%F0%9F%91%8B.png`,
    );
  });

  it("is one header with two parameters, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (name) => {
        expect(contentDisposition("attachment", name)).toMatch(
          /^attachment; filename="[ !#$&-[\]-~]*"; filename\*=UTF-8''[\w%.!~-]*$/,
        );
      }),
    );
  });
});

describe("a range", () => {
  const part = (offset: number, length: number) => ({ kind: "part", offset, length });
  it.each([
    ["bytes=0-0", part(0, 1)],
    ["bytes=0-", part(0, 100)],
    ["BYTES=10-19", part(10, 10)],
    ["bytes=90-1000", part(90, 10)],
    ["bytes=-1", part(99, 1)],
    ["bytes=-1000", part(0, 100)],
    ["bytes=99-99999999999999999999999999", part(99, 1)],
    ["bytes=100-", { kind: "unsatisfiable" }],
    ["bytes=100-200", { kind: "unsatisfiable" }],
    ["bytes=99999999999999999999999999-", { kind: "unsatisfiable" }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=5-4", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["bytes=a-b", { kind: "whole" }],
    ["bytes=0-1,5-6", { kind: "whole" }],
    ["bytes 0-1", { kind: "whole" }],
    ["lines=0-1", { kind: "whole" }],
    ["", { kind: "whole" }],
    [null, { kind: "whole" }],
  ])("%j of 100 bytes", (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });
});

describe("a signed link", () => {
  const links = createLinks("a secret");
  const id = "4b3f1c9e-0d0a-4e0e-9c55-3f0b0e6f0a11";
  const DAY = 86_400_000;
  const now = Date.UTC(2026, 10, 21, 13, 14, 15);
  const opens = (query: string, of = id, at = now, by = links) => by.verify(of, new URLSearchParams(query), at);

  it("opens its file for at least a day, at most two, and no longer", () => {
    const query = links.sign(id, now);
    const expires = Date.UTC(2026, 10, 23);
    expect(query).toMatch(new RegExp(`^expires=${expires / 1_000}&signature=[\\w-]{43}$`));
    expect(opens(query)).toBe(true);
    expect(opens(query, id, now + DAY)).toBe(true);
    expect(opens(query, id, expires - 1)).toBe(true);
    expect(opens(query, id, expires)).toBe(false);
  });

  it("stays the same all day, from the first millisecond to the last", () => {
    const midnight = Date.UTC(2026, 10, 21);
    expect(links.sign(id, midnight)).toBe(links.sign(id, midnight + DAY - 1));
    expect(links.sign(id, midnight)).not.toBe(links.sign(id, midnight + DAY));
  });

  it("opens no other file, and not under another secret", () => {
    const query = links.sign(id, now);
    expect(opens(query, id.replace("4b", "4c"))).toBe(false);
    expect(opens(query, id, now, createLinks("another secret"))).toBe(false);
  });

  it("opens nothing once anything in it was changed", () => {
    const [, expires = "", signature = ""] = /^expires=(\d+)&signature=(.+)$/.exec(links.sign(id, now)) ?? [];
    const with_ = (a: string, b: string) => opens(`expires=${a}&signature=${b}`);
    expect(with_(expires, signature)).toBe(true);
    expect(with_(String(Number(expires) + 86_400), signature)).toBe(false);
    expect(with_(`0${expires}`, signature)).toBe(false);
    expect(with_(`${expires}.0`, signature)).toBe(false);
    expect(with_("9".repeat(400), signature)).toBe(false);
    expect(with_("", "")).toBe(false);
    expect(with_(expires, signature.slice(1))).toBe(false);
    expect(with_(expires, `${signature}=`)).toBe(false);
    expect(with_(expires, "é".repeat(43))).toBe(false);
    for (let at = 0; at < signature.length; at++) {
      const other = signature[at] === "A" ? "B" : "A";
      expect(with_(expires, signature.slice(0, at) + other + signature.slice(at + 1))).toBe(false);
    }
    expect(opens("")).toBe(false);
  });

  it("is an address under the origin", () => {
    const url = new URL(links.linkTo("https://chat.example.com", id, now));
    expect(url.origin + url.pathname).toBe(`https://chat.example.com/v1/attachments/${id}`);
    expect(links.verify(id, url.searchParams, now)).toBe(true);
  });

  it("needs a secret", () => {
    expect(() => createLinks("")).toThrow(RangeError);
  });
});
