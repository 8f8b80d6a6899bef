// The reader of forms: whatever is sent, and however it is cut into chunks, the same parts come out.

import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { boundaryOf, readMultipart } from "../../src/attachments/multipart.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Read {
  name: string;
  filename: string | null;
  contentType: string | null;
  content: string;
}

/** `bytes` in chunks that end after each of `cuts`, empty ones too. */
async function* chunked(bytes: Uint8Array, cuts: readonly number[] = []): AsyncGenerator<Uint8Array, void> {
  let from = 0;
  for (const cut of [...cuts.map((at) => Math.min(at, bytes.length)).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.slice(from, cut);
    from = cut;
  }
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  let content = "";
  for await (const chunk of body) content += String.fromCharCode(...chunk);
  return content;
}

async function read(
  form: Uint8Array | string,
  { boundary = "b", cuts = [] as readonly number[] } = {},
): Promise<Read[]> {
  const parts: Read[] = [];
  const bytes = typeof form === "string" ? utf8(form) : form;
  for await (const { body, ...part } of readMultipart(chunked(bytes, cuts), boundary)) {
    parts.push({ ...part, content: await text(body) });
  }
  return parts;
}

const part = (disposition: string, content: string): string =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
const END = "--b--\r\n";

/** Whatever the reader says to `form`, cut before each of its bytes. */
async function readCutEverywhere(form: string, boundary = "b"): Promise<Read[][]> {
  const bytes = latin1(form);
  const all = [read(bytes, { boundary, cuts: [...bytes.keys()] })];
  for (let at = 0; at < bytes.length; at++) all.push(read(bytes, { boundary, cuts: [at] }));
  return Promise.all(all);
}

describe("a form", () => {
  it("has its parts in order, with names, types and contents", async () => {
    const form =
      `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhello\r\n` +
      `--b\r\ncontent-type:  image/png \r\nCONTENT-DISPOSITION: form-data; name=file; filename="Bär.png"\r\nX-Other: x\r\n\r\n\x89PNG\r\n\r\n` +
      END;
    expect(await read(form)).toEqual([
      { name: "a", filename: null, contentType: null, content: "hello" },
      { name: "file", filename: "Bär.png", contentType: "image/png", content: "\xc2\x89PNG\r\n" },
    ]);
  });

  it("may have a preamble, an epilogue, white space after a boundary, and no part at all", async () => {
    const inner = `--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--`;
    const only = [{ name: "a", filename: null, contentType: null, content: "x" }];
    for (const form of [inner, `preamble --b\r\n${inner}`, `\r\n${inner}\r\nepilogue\r\n--b\r\n`]) {
      for (const parts of await readCutEverywhere(form)) expect(parts).toEqual(only);
    }
    expect(await read(END)).toEqual([]);
  });

  it("has contents that only look like boundaries, kept to the byte", async () => {
    const contents = [
      "",
      "\r\n",
      "\n--b\n",
      "--b",
      "\r--b",
      "\r\n-b",
      "\r\n--",
      "\r\n--a\r\n--",
      "\r\r\n\r\n--",
      "--b--",
      "\n--b--\r",
      "\r\n\r\n--c\r\n-",
    ];
    const form = contents.map((content, at) => part(`name="${at}"`, content)).join("") + END;
    for (const parts of await readCutEverywhere(form)) expect(parts.map(({ content }) => content)).toEqual(contents);
  });

  it("comes out the same for any contents and any chunks", async () => {
    const nearly = fc.constantFrom("\r", "\n", "-", "\r\n--", "--bo", "\r\n--bo", "bo", "\r\n--b", "x", "\0", "\xff");
    const content = fc.oneof(
      fc.array(nearly, { maxLength: 12 }).map((all) => all.join("")),
      fc.string({ unit: "binary" }).map((all) => String.fromCharCode(...utf8(all))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { maxLength: 4 }),
        fc.string(),
        fc.string(),
        fc.array(fc.nat(400), { maxLength: 40 }),
        async (contents, before, after, cuts) => {
          const boundary = "bo-rd";
          fc.pre(![...contents, before].some((all) => `\r\n${all}`.includes(`\r\n--${boundary}`)));
          const form =
            `${before}\r\n` +
            contents
              .map(
                (all, at) =>
                  `--${boundary}\r\nContent-Disposition: form-data; name="${at}"; filename="f"\r\n\r\n${all}\r\n`,
              )
              .join("") +
            `--${boundary}--${after}`;
          const parts = await read(latin1(form.replace(/[^\0-\xff]/g, "?")), { boundary, cuts });
          expect(parts.map((one) => one.content)).toEqual(contents);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("goes on behind a part that nobody reads, or reads in part", async () => {
    const form = part("name=a", "x".repeat(50)) + part("name=b", "y\r\n--y") + part("name=c", "z") + END;
    for (const cuts of [[], [70], [55, 60, 65, 70, 75, 80, 120]]) {
      const seen: string[] = [];
      for await (const { name, body } of readMultipart(chunked(latin1(form), cuts), "b")) {
        if (name === "a") for await (const _ of body) break;
        if (name === "c") seen.push(await text(body));
        seen.push(name);
      }
      expect(seen).toEqual(["a", "b", "z", "c"]);
    }
  });

  it("asks its source for no more than it needs, and lets it go when nobody reads on", async () => {
    let asked = 0;
    let released = false;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      try {
        for (const chunk of [part("name=file", "x").slice(0, -2), "y", "z", `\r\n${END}`]) {
          asked++;
          yield latin1(chunk);
        }
      } finally {
        released = true;
      }
    }
    for await (const { body } of readMultipart(source(), "b")) {
      expect(asked).toBe(1);
      for await (const _ of body) if (asked === 2) break;
      expect(asked).toBe(2);
      break;
    }
    expect(released).toBe(true);
  });
});

describe("a file's name in a form", () => {
  it.each([
    [`name="file"; filename="a;b=c.png"`, "a;b=c.png"],
    [`name="file"; filename="say \\"hi\\".png"`, 'say "hi".png'],
    [`name="file"; filename="say %22hi%22%0D%0A 100%.png"`, 'say "hi"\r\n 100%.png'],
    [`name="file"; filename="C:\\dir\\"`, "C:\\dir\\"],
    [`name="file"; filename="a\\\\"; filename*=UTF-8''b`, "b"],
    [`name="file"; filename="C:\\temp\\a.png"`, "C:\\temp\\a.png"],
    [`filename=plain.png; name=file`, "plain.png"],
    [`name="file"; filename="x.png"; filename*=UTF-8''%E4%B8%96%E7%95%8C.png`, "世界.png"],
    [`name="file"; filename="x.png"; filename*=utf-8'de'B%C3%A4r.png`, "Bär.png"],
    [`name="file"; filename="x.png"; filename*=UTF-8''%ff%zz`, "x.png"],
    [`name="file"; filename=""`, ""],
    [`name="file"; filename="世界.png"`, "世界.png"],
    [`name="file"`, null],
  ])("%s", async (disposition, filename) => {
    expect(await read(part(disposition, "x") + END)).toEqual([
      { name: "file", filename, contentType: null, content: "x" },
    ]);
  });
});

describe("what is no form", () => {
  it.each([
    ["nothing", ""],
    ["no boundary", "hello"],
    ["another boundary", part("name=a", "x").replaceAll("--b", "--c")],
    ["a form cut off in its content", part("name=a", "hello").slice(0, -3)],
    ["a form cut off before its end", part("name=a", "hello")],
    ["a form cut off in a header", part("name=a", "hello").slice(0, 20)],
    ["a boundary that goes on", `--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--bc\r\n\r\n${END}`],
    ["a part without a name", part("filename=x", "x") + END],
    ["a part that is no form-data", part("name=a", "x").replace("form-data", "attachment") + END],
    ["a part without headers", `--b\r\n\r\nx\r\n${END}`],
    ["bare line feeds", (part("name=a", "x") + END).replaceAll("\r", "")],
    ["a header of 9 KB", part(`name=a; filename="${"x".repeat(9_000)}"`, "x") + END],
    ["a header without end", `--b\r\n${"x".repeat(100_000)}`],
    ["too many parts", part("name=a", "").repeat(101) + END],
  ])("is refused: %s", async (_, form) => {
    await expect(read(form)).rejects.toMatchObject({ failure: { code: "input.invalid" } });
  });

  it("takes a hundred parts, and headers of 8 KB", async () => {
    expect(await read(part("name=a", "").repeat(100) + END)).toHaveLength(100);
    expect(await read(part(`name=a; filename="${"x".repeat(8_000)}"`, "x") + END)).toHaveLength(1);
  });
});

describe("a boundary", () => {
  it.each([
    ["multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk", "----WebKitFormBoundary7MA4YWxk"],
    ['Multipart/Form-Data ;charset=utf-8; Boundary="a b:c=?"', "a b:c=?"],
    ["multipart/form-data;boundary=x", "x"],
    ["image/png", null],
    ["multipart/mixed; boundary=x", null],
    ["", null],
    [null, null],
  ])("of %j is %j", (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });

  it.each([
    "",
    "; boundary=",
    '; boundary=""',
    `; boundary=${"x".repeat(71)}`,
    '; boundary="a\r\nb"',
    '; boundary="a "',
    "; boundary=ü",
  ])("is refused: %j", (parameter) => {
    expect(() => boundaryOf(`multipart/form-data${parameter}`)).toThrow("names no boundary");
  });
});
