/** Bodies of requests: JSON, forms and uploads that go wrong in the ways of each. */

import type { Hostile } from "./hostile.ts";
import type { Random } from "./random.ts";

interface Body {
  readonly type: string | undefined;
  readonly body: Buffer | string;
}

const OTHER_TYPES = [
  "application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "multipart/form-data",
  "multipart/form-data; boundary=", `multipart/form-data; boundary=${"b".repeat(300)}`, "text/plain", "text/xml", "",
  "application/octet-stream", "image/png", "image/svg+xml", "application/JSON ;x=", "application/problem+json", ";", "/",
]; // oxfmt-ignore

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const HEADS = [
  "",
  "GIF89a",
  "\u00ff\u00d8\u00ff",
  "RIFF\u0000\u0000\u0000\u0000WEBP",
  "%PDF-1.4",
  "PK\u0003\u0004",
  "<svg onload=x>",
  "ID3",
  "\u0000\u0000\u0000\u0018ftypheic",
];

/** Bytes that begin like some file, and are none. */
function file(random: Random, hostile: Hostile): Buffer {
  if (random.is(0.3)) return random.is(0.5) ? PNG : PNG.subarray(0, random.below(PNG.length));
  const noise = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
  return Buffer.concat([Buffer.from(random.of(HEADS), "latin1"), noise, Buffer.from(hostile.text().slice(0, 100))]);
}

function form(value: unknown, random: Random, hostile: Hostile): string {
  if (typeof value !== "object" || value === null) return hostile.text();
  const pairs = Object.entries(value).map(([name, field]) => {
    const text = typeof field === "string" ? field : (JSON.stringify(field) ?? "");
    return `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text.toWellFormed())}`;
  });
  if (random.is(0.1))
    pairs.push(
      random.of(["%", "=", "&&&", "a=%ff", "a[]=1&a[]=2", "__proto__=1", "__proto__[x]=1", "%00=%00", ...pairs]),
    );
  return pairs.join("&");
}

function multipart(random: Random, hostile: Hostile): Body {
  const boundary = random.of(["x", "----WebKitFormBoundary7MA4", "a b", "'"]);
  const field = (): string =>
    random.of(["file", "file", "files", "files", "name", "__proto__", "", hostile.text().slice(0, 50)]);
  const name = (): string =>
    random.of(["a.png", "a.txt", "../../a", 'a"b', "", "a\u0000.png", hostile.text().slice(0, 400)]);
  const eol = random.is(0.95) ? "\r\n" : "\n";
  const parts = random.several(0, random.is(0.02) ? 400 : 3, () => {
    const disposition = `content-disposition: ${random.is(0.95) ? "form-data" : "attachment"}; name="${field()}"; filename="${name()}"`;
    const type = random.is(0.6)
      ? `${eol}content-type: ${random.of(["image/png", "text/html", "", "x".repeat(3_000), 'a/b; charset="', hostile.text().slice(0, 60)])}`
      : "";
    return Buffer.concat([
      Buffer.from(`--${boundary}${eol}${random.is(0.95) ? disposition : ""}${type}${eol}${eol}`),
      file(random, hostile),
      Buffer.from(eol),
    ]);
  });
  const end = random.is(0.85) ? `--${boundary}--${eol}` : random.of(["", "--", `--${boundary}`, `--${boundary}-`]);
  const quoted = boundary.includes(" ") ? `"${boundary}"` : boundary;
  return { type: `multipart/form-data; boundary=${quoted}`, body: Buffer.concat([...parts, Buffer.from(end)]) };
}

/** A body of this content type, around a value; rarely of another, or too large. */
export function bodyOf(type: string, value: () => unknown, random: Random, hostile: Hostile, wrong: number): Body {
  if (random.is(0.003))
    return {
      type,
      body: Buffer.alloc(
        random.of([256 * 1024 + 1, 256 * 1024 + 1, 2 ** 20, 2 ** 20, 27 * 2 ** 20]),
        random.of([" ", "[", "a"]),
      ),
    };
  const other = random.is(wrong * 0.12) ? random.of(OTHER_TYPES) : undefined;
  const made = ((): Body => {
    if (type.startsWith("multipart/")) return multipart(random, hostile);
    if (type.includes("urlencoded")) return { type, body: form(value(), random, hostile) };
    if (type.includes("octet-stream"))
      return { type: random.of([type, "image/png", ...OTHER_TYPES]), body: file(random, hostile) };
    const text = hostile.json(value());
    return { type, body: random.is(wrong * 0.05) ? hostile.bytes(text) : text };
  })();
  return other === undefined ? made : { type: other === "" ? undefined : other, body: made.body };
}
