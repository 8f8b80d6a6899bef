// Downloads from R2 as the runtime has it: parts, caches, and what a browser is told of a file.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openFile } from "../../src/attachments/download.ts";
import { createFiles, fileKey } from "../../src/attachments/files.ts";
import { storeBytes } from "../../src/attachments/upload.ts";
import { appId, userId } from "../../src/core/ids.ts";
import type { AttachmentRecord } from "../../src/core/ports.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const PNG = latin1("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x25\0\0\0\x15\x08\x02");

describe("a download", () => {
  const store = (bytes: Uint8Array, name = "a.png") =>
    storeBytes(env.FILES, { appId: appId(7), userId: userId(42), bytes, contentType: null, name });
  const open = (record: AttachmentRecord, headers: Record<string, string> = {}, method = "GET") =>
    openFile(env.FILES, record, new Request("http://x/", { method, headers }));
  const text = latin1("0123456789");

  it("is the whole file, with all that a cache needs to know", async () => {
    const record = await store(PNG);
    const answer = await open(record);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=86400, immutable",
      "content-disposition": `inline; filename="a.png"; filename*=UTF-8''a.png`,
      "content-length": String(PNG.length),
      "content-security-policy": "default-src 'none'; sandbox",
      "content-type": "image/png",
      "cross-origin-resource-policy": "cross-origin",
      etag: `"${record.id}"`,
      "last-modified": new Date(record.createdAt).toUTCString(),
      "x-content-type-options": "nosniff",
    });
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(PNG);
  });

  it("of HEAD is the same without a body", async () => {
    const record = await store(PNG);
    const [head, get] = [await open(record, { Range: "bytes=0-1" }, "HEAD"), await open(record)];
    expect(head.status).toBe(200);
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    expect(head.body).toBeNull();
    await get.arrayBuffer();
  });

  it.each([
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=3-5", "345", "bytes 3-5/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
    ["bytes=-4", "6789", "bytes 6-9/10"],
    ["bytes=-40", "0123456789", "bytes 0-9/10"],
  ])("of %s is that part", async (range, part, said) => {
    const answer = await open(await store(text), { Range: range });
    expect([answer.status, answer.headers.get("Content-Range"), answer.headers.get("Content-Length")]).toEqual([
      206,
      said,
      String(part.length),
    ]);
    expect(await answer.text()).toBe(part);
  });

  it("of a part that isn't there says how long the file is; of what it doesn't understand it is the whole", async () => {
    const record = await store(text);
    for (const range of ["bytes=10-", "bytes=-0", "bytes=99-100"]) {
      const answer = await open(record, { Range: range });
      expect([answer.status, answer.headers.get("Content-Range"), await answer.text()]).toEqual([
        416,
        "bytes */10",
        "",
      ]);
    }
    for (const range of ["bytes=0-1,3-4", "bytes=5-1", "bites=0-1"]) {
      const answer = await open(record, { Range: range });
      expect([answer.status, await answer.text()]).toEqual([200, "0123456789"]);
    }
  });

  it("is not repeated to who has it", async () => {
    const record = await store(text);
    const etag = `"${record.id}"`;
    const [modified, before] = [record.createdAt, record.createdAt - 2_000].map((time) => new Date(time).toUTCString());
    const known = [
      { "If-None-Match": etag },
      { "If-None-Match": `"other", W/${etag}` },
      { "If-None-Match": "*" },
      { "If-Modified-Since": modified ?? "" },
      { "If-None-Match": etag, "If-Modified-Since": before ?? "", Range: "bytes=99-" },
    ];
    for (const headers of known) {
      const answer = await open(record, headers);
      expect([answer.status, answer.headers.get("ETag"), answer.body]).toEqual([304, etag, null]);
    }
    const unknown = [
      { "If-None-Match": `"other"` },
      { "If-None-Match": `"other"`, "If-Modified-Since": modified ?? "" },
      { "If-Modified-Since": before ?? "" },
      { "If-Modified-Since": "yesterday" },
    ];
    for (const headers of unknown) expect(await (await open(record, headers)).text()).toBe("0123456789");
  });

  it("is in part only while the part is of the same file", async () => {
    const record = await store(text);
    const status = async (condition: string) => {
      const answer = await open(record, { Range: "bytes=0-1", "If-Range": condition });
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await status(`"${record.id}"`)).toBe(206);
    expect(await status(new Date(record.createdAt).toUTCString())).toBe(206);
    expect(await status(`W/"${record.id}"`)).toBe(200);
    expect(await status(`"other"`)).toBe(200);
    expect(await status(new Date(record.createdAt + 5_000).toUTCString())).toBe(200);
  });

  it.each([
    ["<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.svg"],
    ["<?xml version='1.0'?><svg:svg/>", "x.png"],
    ["<!DOCTYPE html><script>alert(1)</script>", "x.html"],
    ["<script>alert(1)</script>", "x.jpg"],
  ])("never renders markup: %s", async (markup, name) => {
    const answer = await open(await store(utf8(markup), name));
    expect(answer.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(answer.headers.get("Content-Disposition")).toMatch(/^attachment;/);
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(answer.headers.get("Content-Security-Policy")).toContain("sandbox");
    await answer.arrayBuffer();
  });

  it.each([
    ["%PDF-1.7\n", "attachment", "application/pdf"],
    ["hello", "attachment", "text/plain; charset=utf-8"],
    ["PK\x03\x04", "attachment", "application/zip"],
    ["\x7fELF", "attachment", "application/octet-stream"],
    ["GIF89a", "inline", "image/gif"],
    ["ID3\x04", "inline", "audio/mpeg"],
    ["\0\0\0\x14ftypisom\0\0\0\0mp41", "inline", "video/mp4"],
  ])("of %j is sent as %s, %s", async (bytes, kind, type) => {
    const answer = await open(await store(latin1(bytes)));
    expect([answer.headers.get("Content-Disposition")?.split(";")[0], answer.headers.get("Content-Type")]).toEqual([
      kind,
      type,
    ]);
    await answer.arrayBuffer();
  });

  it("sends a type that we did not sniff, from wherever it came, as bytes", async () => {
    const record = await store(PNG);
    for (const mime of [
      "text/html",
      "image/svg+xml",
      "application/xhtml+xml",
      "video/x\r\nSet-Cookie: a=b",
      "audio/mpeg; x",
      "constructor",
    ]) {
      const answer = await open({ ...record, mime });
      expect(answer.headers.get("Content-Type")).toBe("application/octet-stream");
      expect(answer.headers.get("Content-Disposition")).toMatch(/^attachment/);
      await answer.arrayBuffer();
    }
  });

  it("carries a hostile name harmlessly", async () => {
    const record = await store(PNG, 'a".html"; filename=x.exe\r\nSet-Cookie: a=b\u202e世界.png');
    const answer = await open(record);
    expect(answer.headers.get("Set-Cookie")).toBeNull();
    expect(answer.headers.get("Content-Disposition")).toBe(
      `inline; filename="a_.html_; filename=x.exeSet-Cookie: a=b__.png"; filename*=UTF-8''a%22.html%22%3B%20filename%3Dx.exeSet-Cookie%3A%20a%3Db%E4%B8%96%E7%95%8C.png`,
    );
    await answer.arrayBuffer();
  });

  it("of a file that was removed is not found, also in part", async () => {
    const records = [await store(PNG), await store(text)];
    const kept = await store(text);
    await createFiles(env.FILES).remove(records);
    const left = (await env.FILES.list()).objects.map(({ key }) => key);
    expect(left.filter((key) => [...records, kept].map(fileKey).includes(key))).toEqual([fileKey(kept)]);
    for (const record of records) {
      await expect(open(record)).rejects.toMatchObject({ failure: { code: "not_found", subject: "attachment" } });
      await expect(open(record, { Range: "bytes=0-1" })).rejects.toMatchObject({ failure: { code: "not_found" } });
      await expect(open(record, {}, "HEAD")).rejects.toMatchObject({ failure: { code: "not_found" } });
    }
    await createFiles(env.FILES).remove(records);
    await createFiles(env.FILES).remove([]);
  });
});
