// What a file is and how large a picture is, from its first bytes.

import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { dimensions } from "../../src/attachments/dimensions.ts";
import { sniff } from "../../src/attachments/sniff.ts";

const bytes = (latin1: string): Uint8Array => Uint8Array.from(latin1, (character) => character.charCodeAt(0));
const base64 = (text: string): Uint8Array => bytes(atob(text));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Beginnings of files that real encoders wrote: pictures of 37 × 21 pixels by Pillow, sound and film by FFmpeg. */
const REAL = {
  png: base64("iVBORw0KGgoAAAANSUhEUgAAACUAAAAVCAIAAABOhrD5AAAAJklEQVR4nGM8IafBQEfARE/LRu0btW/U"),
  progressive: base64(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wgARCAAVACUDASIAAhEBAxEB/8QAFQ==",
  ),
  // Kept as 37 × 21, to be shown turned by a quarter (EXIF orientation 6).
  turned: base64(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCAAVACUDASIAAhEBAxEB/8QAHwAAAQ==",
  ),
  gif: base64("R0lGODdhJQAVAIAAAAAAAAAAACwAAAAAJQAVAEAILwABCBxI"),
  bmp: base64("Qk1mCQAAAAAAADYAAAAoAAAAJQAAABUAAAABABgAAAA="),
  webp: base64("UklGRkIAAABXRUJQVlA4IDYAAAAwAwCdASolABUAP83m7XA/uDIrJWgD8DmJZwDKAA8KmggA"),
  lossless: base64("UklGRh4AAABXRUJQVlA4TBEAAAAvJAAFAAdQjyIXpf+BiOh/AAA="),
  extended: base64("UklGRmYAAABXRUJQVlA4WAoAAAAQAAAAJAAAFAAAQUxQSAoAAAABB1CyiAhERP8DVlA4IDYAAAAw"),
  avif: base64(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAJwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAJQAAABUAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1h",
  ),
  ico: base64("AAABAAEAEBAAAAAAIABSAAAAFgAAAIlQTkcNChoKAAA="),
  mp3: bytes("ID3\x04\0\0\0\0\0\x23TSSE"),
  bareMp3: bytes("\xff\xfb\x50\xc4\0\0\x0a\x2c"),
  adts: bytes("\xff\xf1\x4c\x40\x17\xff\xfc\xde"),
  amr: bytes("#!AMR\n\x3c\x24\x02"),
  flac: bytes("fLaC\0\0\0\x22\x12\0"),
  wav: bytes("RIFF\xc6\x70\0\0WAVEfmt "),
  m4a: bytes("\0\0\0\x18ftypM4A \0\0\x02\0isomiso2"),
  mp4: bytes("\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"),
  mov: bytes("\0\0\0\x14ftypqt  \0\0\x02\0qt  "),
  webm: bytes(
    "\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87",
  ),
  mkv: bytes("\x1aE\xdf\xa3\x01\0\0\0\0\0\0#B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroskaB"),
  vorbis: bytes("OggS\0\x02\0\0\0\0\0\0\0\0\x94W\x08\\\0\0\0\0\x05K\x81\xb5\x01\x1e\x01vorbis"),
  theora: bytes("OggS\0\x02\0\0\0\0\0\0\0\0X1tS\0\0\0\0z\x89\xc9\xab\x01*\x80theora"),
};

describe("the type of a file", () => {
  it.each([
    ["image/png", REAL.png],
    ["image/jpeg", REAL.turned],
    ["image/gif", REAL.gif],
    ["image/webp", REAL.webp],
    ["image/avif", REAL.avif],
    ["image/avif", bytes("\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf")],
    ["image/heic", bytes("\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf")],
    ["image/heic", bytes("\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf")],
    ["image/heif", bytes("\0\0\0\x14ftypmif1\0\0\0\0mif1")],
    ["image/bmp", REAL.bmp],
    ["image/x-icon", REAL.ico],
    ["application/pdf", bytes("%PDF-1.7\n%\xe2\xe3")],
    ["audio/mpeg", REAL.mp3],
    ["audio/mpeg", REAL.bareMp3],
    ["audio/aac", REAL.adts],
    ["audio/amr", REAL.amr],
    ["audio/flac", REAL.flac],
    ["audio/wav", REAL.wav],
    ["audio/mp4", REAL.m4a],
    ["video/mp4", REAL.mp4],
    ["video/quicktime", REAL.mov],
    ["video/webm", REAL.webm],
    ["video/x-matroska", REAL.mkv],
    ["audio/ogg", REAL.vorbis],
    ["video/ogg", REAL.theora],
    ["application/zip", bytes("PK\x03\x04\x14\0")],
    ["application/gzip", bytes("\x1f\x8b\x08\0")],
    ["application/octet-stream", bytes("\x7fELF\x02\x01\x01\0")],
    ["application/octet-stream", bytes("BM, \xe9 one hears, is a maker of cars")],
    ["text/plain", utf8("BM is how this text begins, and no bitmap")],
    ["text/plain", utf8("Grüße, 世界 👋\r\n")],
    ["text/plain", utf8("# A <b>Markdown</b> file")],
    ["application/octet-stream", bytes("caf\xe9")],
    ["application/octet-stream", bytes("\xff\xfet\0e\0x\0t\0")],
  ])("%s", (mime, head) => {
    expect(sniff(head, null)).toBe(mime);
  });

  it.each([
    "<!DOCTYPE html><title>x</title>",
    "\ufeff \r\n<HTML>",
    "<!-- hello --> <!-- again -->\n<script>alert(1)</script>",
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="http://www.w3.org/1999/xhtml">',
    "<a/href=x>",
  ])("is HTML: %s", (text) => {
    expect(sniff(utf8(text), "text/plain")).toBe("text/html");
  });

  it.each([
    '<svg xmlns="http://www.w3.org/2000/svg">',
    "\ufeff<?xml version='1.0'?>\n<!-- made with ü --><svg:svg>",
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x" [<!ENTITY a "b">]><svg>',
    "<svg/onload=alert(1)>",
  ])("is SVG: %s", (text) => {
    expect(sniff(utf8(text), "image/png")).toBe("image/svg+xml");
  });

  it.each(["<svgs>", "<?xml", "<!-- never closed <svg>", "a <svg>", "<note>to</note>"])("is only text: %s", (text) => {
    expect(sniff(utf8(text), "image/svg+xml")).toBe("text/plain");
  });

  it("is text where only a beginning was seen that ends within a character", () => {
    const cut = utf8("Grüße, 世界").subarray(0, -1);
    expect(sniff(cut, null, false)).toBe("text/plain");
    expect(sniff(cut, null)).toBe("application/octet-stream");
  });

  it("is what the sender says only where the container may hold either", () => {
    expect(sniff(REAL.webm, "audio/webm;codecs=opus")).toBe("audio/webm");
    expect(sniff(REAL.mp4, "audio/x-m4a")).toBe("audio/mp4");
    expect(sniff(REAL.vorbis, "video/ogg")).toBe("video/ogg");
    expect(sniff(REAL.mkv, "Audio/x-matroska")).toBe("audio/x-matroska");
    expect(sniff(REAL.png, "audio/png")).toBe("image/png");
    expect(sniff(REAL.flac, "video/flac")).toBe("audio/flac");
    expect(sniff(utf8("hello"), "text/html")).toBe("text/plain");
    expect(sniff(bytes("\0\0\x80\xff"), "image/png")).toBe("application/octet-stream");
  });

  it("is found for any bytes at all", () => {
    const starts = Object.values(REAL);
    fc.assert(
      fc.property(fc.constantFrom(new Uint8Array(), ...starts), fc.nat(40), fc.uint8Array(), (start, kept, rest) => {
        const head = new Uint8Array([...start.subarray(0, kept), ...rest]);
        expect(sniff(head, "audio/x")).toMatch(/^[a-z]+\/[a-z0-9.+-]+$/);
      }),
    );
  });
});

/** A segment of a JPEG. */
const segment = (marker: number, content: Uint8Array): Uint8Array =>
  new Uint8Array([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content]);

const concat = (...all: Uint8Array[]): Uint8Array => new Uint8Array(all.flatMap((one) => [...one]));

const jpeg = (...segments: Uint8Array[]): Uint8Array => concat(bytes("\xff\xd8"), ...segments);

const frame = (marker: number): Uint8Array => segment(marker, bytes("\x08\0\x15\0\x25\x03"));

const exif = (orientation: number): Uint8Array =>
  segment(
    0xe1,
    concat(bytes("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"), new Uint8Array([orientation, 0, 0, 0])),
  );

describe("the size of a picture", () => {
  it.each([
    ["image/png", REAL.png],
    ["image/jpeg", REAL.progressive],
    ["image/gif", REAL.gif],
    ["image/bmp", REAL.bmp],
    ["image/webp", REAL.webp],
    ["image/webp", REAL.lossless],
    ["image/webp", REAL.extended],
    ["image/avif", REAL.avif],
  ])("%s", (mime, head) => {
    expect(dimensions(mime, head)).toEqual({ width: 37, height: 21 });
  });

  it("is as shown where EXIF turns the picture by a quarter", () => {
    expect(dimensions("image/jpeg", REAL.turned)).toEqual({ width: 21, height: 37 });
    for (const orientation of [1, 2, 3, 4, 9]) {
      expect(dimensions("image/jpeg", jpeg(exif(orientation), frame(0xc0)))).toEqual({ width: 37, height: 21 });
    }
    for (const orientation of [5, 6, 7, 8]) {
      expect(dimensions("image/jpeg", jpeg(exif(orientation), frame(0xc0)))).toEqual({ width: 21, height: 37 });
    }
  });

  it("is found in a JPEG of any coding, behind more than 64 KiB of other segments and fill bytes", () => {
    const large = segment(0xe2, new Uint8Array(65_000));
    for (const marker of [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]) {
      const head = jpeg(segment(0xc4, frame(0xc0)), bytes("\xff\xff\xff"), frame(marker));
      expect(dimensions("image/jpeg", head)).toEqual({ width: 37, height: 21 });
    }
    expect(dimensions("image/jpeg", jpeg(large, large, large, frame(0xc2)))).toEqual({ width: 37, height: 21 });
  });

  it("is that of the whole of a tiled HEIC, as shown", () => {
    const box = (type: string, content: Uint8Array): Uint8Array =>
      concat(new Uint8Array([0, 0, (content.length + 8) >> 8, (content.length + 8) & 0xff]), bytes(type), content);
    const tile = box("ispe", bytes("\0\0\0\0\0\0\x02\0\0\0\x02\0"));
    const whole = box("ispe", bytes("\0\0\0\0\0\0\x0f\xc0\0\0\x0b\xd0"));
    const heic = (...properties: Uint8Array[]): Uint8Array =>
      concat(
        box("ftyp", bytes("heic\0\0\0\0")),
        box("meta", concat(bytes("\0\0\0\0"), box("iprp", box("ipco", concat(...properties))))),
      );
    expect(dimensions("image/heic", heic(tile, whole, tile))).toEqual({ width: 4032, height: 3024 });
    expect(dimensions("image/heic", heic(tile, whole, box("irot", bytes("\x01"))))).toEqual({
      width: 3024,
      height: 4032,
    });
    expect(dimensions("image/heic", heic())).toBeNull();
  });

  it("is none where it can't be", () => {
    const sized = (width: string, height: string) => bytes(`\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR${width}${height}`);
    expect(dimensions("image/png", sized("\0\0\0\x25", "\0\0\0\x15"))).toEqual({ width: 37, height: 21 });
    expect(dimensions("image/png", sized("\0\0\0\0", "\0\0\0\x15"))).toBeNull();
    expect(dimensions("image/png", sized("\x7f\xff\xff\xff", "\0\0\0\x15"))).toBeNull();
    expect(dimensions("image/jpeg", jpeg(segment(0xe0, bytes("JFIF")), bytes("\xff\xda\0\x02")))).toBeNull();
    expect(dimensions("image/svg+xml", utf8('<svg width="9" height="9">'))).toBeNull();
    expect(dimensions("text/plain", utf8("37x21"))).toBeNull();
  });

  it("is asked of hostile bytes without harm", () => {
    const mimes = ["image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "image/avif", "image/heic"];
    const starts = Object.values(REAL);
    fc.assert(
      fc.property(
        fc.constantFrom(...mimes),
        fc.constantFrom(...starts),
        fc.nat(300),
        fc.uint8Array({ maxLength: 300 }),
        (mime, start, kept, rest) => {
          const size = dimensions(mime, new Uint8Array([...start.subarray(0, kept), ...rest]));
          if (size !== null) expect(Math.min(size.width, size.height)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
    const begun = performance.now();
    for (const fill of [0x00, 0xff, 0x01]) {
      for (const start of [bytes("\xff\xd8"), REAL.avif.subarray(0, 40)]) {
        const head = new Uint8Array(256 * 1024).fill(fill);
        head.set(start);
        for (const mime of mimes) dimensions(mime, head);
      }
    }
    // Tens of milliseconds; minutes, where a byte is looked at more than a few times.
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
