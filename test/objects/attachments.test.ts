// Uploads into R2 as the runtime has it: streams, limits, and what is left after a failure.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createFiles, fileKey } from "../../src/attachments/files.ts";
import { storeBytes, storeForm, storeUpload, type Upload } from "../../src/attachments/upload.ts";
import { appId, userId } from "../../src/core/ids.ts";
import type { AttachmentRecord } from "../../src/core/ports.ts";

const MIB = 1024 * 1024;
const LIMIT = 25 * MIB;
const owner = { appId: appId(7), userId: userId(42) };

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const PNG = latin1(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAACUAAAAVCAIAAABOhrD5AAAAJklEQVR4nGM8IafBQEfARE/LRu0btW/UvlH7Ru0btW/UvlH7qAAAedoBODTLOf8AAAAASUVORK5CYII=",
  ),
);

const keys = async (): Promise<string[]> => (await env.FILES.list()).objects.map(({ key }) => key);

beforeEach(async () => {
  const left = await keys();
  if (left.length > 0) await env.FILES.delete(left);
});

/** `size` bytes of noise, and their hash once they have gone by. */
function noise(size: number): { chunks: () => Generator<Uint8Array>; hash: () => Promise<string> } {
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  return {
    *chunks() {
      let state = 2_463_534_242;
      for (let sent = 0; sent < size;) {
        const chunk = new Uint8Array(Math.min(100_003, size - sent));
        for (let at = 0; at < chunk.length; at++) {
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
          chunk[at] = state;
        }
        sent += chunk.length;
        void writer.write(chunk.slice());
        yield chunk;
      }
      void writer.close();
    },
    hash: async () => hex(await digest.digest),
  };
}

const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString("hex");

async function storedHash(record: AttachmentRecord): Promise<string> {
  const object = await env.FILES.get(fileKey(record));
  if (object === null) return "nothing";
  const digest = new crypto.DigestStream("SHA-256");
  await object.body.pipeTo(digest);
  return hex(await digest.digest);
}

interface Watched {
  body: ReadableStream<Uint8Array>;
  /** Bytes that were asked for, and whether the rest was declined. */
  seen: { bytes: number; cancelled: boolean };
}

function stream(chunks: Iterable<Uint8Array>, breaksOff = false): Watched {
  const seen = { bytes: 0, cancelled: false };
  const source = chunks[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = source.next();
        if (next.done !== true) {
          seen.bytes += next.value.length;
          controller.enqueue(next.value);
        } else if (breaksOff) controller.error(new Error("connection lost"));
        else controller.close();
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

const raw = (body: ReadableStream<Uint8Array>, rest: Partial<Upload> = {}): Upload => ({
  ...owner,
  body,
  contentType: "application/octet-stream",
  contentLength: null,
  name: "noise.bin",
  ...rest,
});

const form = (body: ReadableStream<Uint8Array>, contentLength: number | null = null): Upload =>
  raw(body, { contentType: "multipart/form-data; boundary=b", contentLength });

const opening = (field: string, filename: string): Uint8Array =>
  utf8(
    `\r\n--b\r\nContent-Disposition: form-data; name="${field}"; filename="${filename}"\r\nContent-Type: image/png\r\n\r\n`,
  );
const END = utf8("\r\n--b--\r\n");

function* sequence(...all: Iterable<Uint8Array>[]): Generator<Uint8Array> {
  for (const chunks of all) yield* chunks;
}

const zeros = (size: number) =>
  (function* () {
    for (let sent = 0; sent < size; sent += 65_536) yield new Uint8Array(Math.min(65_536, size - sent));
  })();

const tooLarge = { failure: { code: "too_large" } };
const invalidInput = { failure: { code: "input.invalid" } };

describe("an upload", () => {
  it.each([
    [
      "with its length",
      (chunks: Iterable<Uint8Array>, size: number) => raw(stream(chunks).body, { contentLength: size }),
    ],
    ["without a length", (chunks: Iterable<Uint8Array>) => raw(stream(chunks).body)],
    [
      "in a form",
      (chunks: Iterable<Uint8Array>) => form(stream(sequence([opening("file", "noise.bin")], chunks, [END])).body),
    ],
  ])("of 20 MiB arrives byte for byte %s", async (_, upload) => {
    const size = 20 * MIB + 17;
    const sent = noise(size);
    const record = await storeUpload(env.FILES, upload(sent.chunks(), size));
    expect(record).toMatchObject({
      ...owner,
      size,
      name: "noise.bin",
      mime: "application/octet-stream",
      chatId: null,
      width: null,
    });
    expect(await storedHash(record)).toBe(await sent.hash());
    expect(await keys()).toEqual([fileKey(record)]);
  });

  it.each([1, 65_536, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB])(
    "of %d bytes without a length arrives whole",
    async (size) => {
      const sent = noise(size);
      const record = await storeUpload(env.FILES, raw(stream(sent.chunks()).body));
      expect(record.size).toBe(size);
      expect(await storedHash(record)).toBe(await sent.hash());
    },
  );

  it("is known by its first bytes, its size in pixels and its cleaned name", async () => {
    const record = await storeUpload(
      env.FILES,
      raw(stream([PNG]).body, { contentType: "text/html", name: "../ä\r\n.png" }),
    );
    expect(record).toMatchObject({ name: "ä.png", size: PNG.length, mime: "image/png", width: 37, height: 21 });
    expect(record.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(record.createdAt).toBeGreaterThan(Date.now() - 60_000);
    expect(await keys()).toEqual([`7/${record.id}`]);
  });

  it("in a form is its field `file`, whatever else there is", async () => {
    const text = utf8(
      `\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx`,
    );
    const body = sequence(
      [text],
      [opening("photo", "other.png"), latin1("other")],
      [opening("file", "C:\\dir\\世界.png"), PNG],
      [text, END],
    );
    const record = await storeUpload(env.FILES, form(stream(body).body));
    expect(record).toMatchObject({ name: "世界.png", mime: "image/png", width: 37, size: PNG.length });
    expect(await keys()).toEqual([fileKey(record)]);
  });

  it("may come as a request's own form data", async () => {
    const data = new FormData();
    data.append("note", "hello");
    data.append("file", new File([PNG], 'a "b".png', { type: "image/png" }));
    const { body, headers } = new Request("http://x", { method: "POST", body: data });
    const record = await storeUpload(
      env.FILES,
      raw(body ?? stream([]).body, { contentType: headers.get("Content-Type") }),
    );
    expect(record).toMatchObject({ name: 'a "b".png', size: PNG.length, mime: "image/png" });
  });

  it("may be of bytes in memory", async () => {
    const record = await storeBytes(env.FILES, { ...owner, bytes: PNG, contentType: "audio/mpeg", name: null });
    expect(record).toMatchObject({ name: "file", mime: "image/png", height: 21 });
    const { size } = (await env.FILES.head(fileKey(record))) ?? {};
    expect(size).toBe(PNG.length);
    await expect(
      storeBytes(env.FILES, { ...owner, bytes: new Uint8Array(), contentType: null, name: null }),
    ).rejects.toMatchObject(invalidInput);
  });

  it("may be of several files in one form", async () => {
    const parts = ["1", "2", "3", "4", "5"].map((name) => sequence([opening("files", name)], zeros(1_000)));
    const records = await storeForm(env.FILES, form(stream(sequence(...parts.slice(0, 4), [END])).body), "files", 4);
    expect(records.map(({ name, size }) => [name, size])).toEqual([
      ["1", 1_000],
      ["2", 1_000],
      ["3", 1_000],
      ["4", 1_000],
    ]);
    expect((await keys()).toSorted()).toEqual(records.map(fileKey).toSorted());
  });
});

describe("an upload of 25 MiB", () => {
  it.each([
    ["with its length", () => raw(stream(zeros(LIMIT)).body, { contentLength: LIMIT })],
    ["without a length", () => raw(stream(zeros(LIMIT)).body)],
    ["in a form", () => form(stream(sequence([opening("file", "x")], zeros(LIMIT), [END])).body)],
  ])("passes %s", async (_, upload) => {
    const record = await storeUpload(env.FILES, upload());
    expect(record.size).toBe(LIMIT);
    expect((await env.FILES.head(fileKey(record)))?.size).toBe(LIMIT);
  });

  it.each([
    ["without a length", zeros(LIMIT + 1), raw],
    ["in a form", sequence([opening("file", "x")], zeros(LIMIT + 1), [END]), form],
    [
      "in another field of a form",
      sequence([opening("other", "x")], zeros(LIMIT + MIB), [opening("file", "x"), PNG, END]),
      form,
    ],
  ] as const)(
    "and one byte is refused %s, and leaves nothing; the rest is read up to a bound",
    async (_, chunks, upload) => {
      const { body, seen } = stream(sequence(chunks, zeros(100 * MIB)));
      await expect(storeUpload(env.FILES, upload(body))).rejects.toMatchObject(tooLarge);
      expect(seen.bytes).toBeGreaterThan(LIMIT + 60 * MIB);
      expect(seen.bytes).toBeLessThan(LIMIT + 70 * MIB);
      expect(seen.cancelled).toBe(true);
      expect(await keys()).toEqual([]);
    },
  );

  it("and one byte is refused where its length is said, and read to its end", async () => {
    for (const [upload, length] of [
      [raw, LIMIT + 1],
      [form, LIMIT + MIB],
    ] as const) {
      const { body, seen } = stream(zeros(LIMIT + MIB));
      const asked = upload === raw ? raw(body, { contentLength: length }) : form(body, length);
      await expect(storeUpload(env.FILES, asked)).rejects.toMatchObject(tooLarge);
      expect(seen.bytes).toBe(LIMIT + MIB);
    }
    expect(await keys()).toEqual([]);
  });
});

describe("an upload that fails leaves nothing", () => {
  const file = [opening("file", "x"), PNG];
  it.each([
    ["cut off at half its length", () => raw(stream(zeros(3 * MIB), true).body, { contentLength: 6 * MIB })],
    ["cut off after its last byte", () => raw(stream(zeros(2 * MIB), true).body, { contentLength: 2 * MIB })],
    ["ending at half its length", () => raw(stream(zeros(3 * MIB)).body, { contentLength: 6 * MIB })],
    ["longer than it said", () => raw(stream(zeros(3 * MIB)).body, { contentLength: 2 * MIB })],
    ["cut off without a length", () => raw(stream(zeros(3 * MIB), true).body)],
    ["cut off without a length, after some parts", () => raw(stream(zeros(12 * MIB), true).body)],
    ["cut off in the file of a form", () => form(stream(sequence([opening("file", "x")], zeros(12 * MIB)), true).body)],
    ["ending in the file of a form", () => form(stream(sequence([opening("file", "x")], zeros(12 * MIB))).body)],
    ["ending behind the file of a form", () => form(stream(sequence(file, [opening("note", "x")])).body)],
    ["cut off behind the file of a form", () => form(stream(sequence(file, [opening("note", "x")]), true).body)],
    ["with two files", () => form(stream(sequence(file, file, [END])).body)],
    ["with no file", () => form(stream([opening("photo", "x"), PNG, END]).body)],
    ["with an empty file", () => form(stream([opening("file", ""), END]).body)],
    ["empty", () => raw(stream([]).body)],
    ["empty, and saying so", () => raw(stream([]).body, { contentLength: 0 })],
    ["without a body", () => ({ ...raw(stream([]).body), body: null })],
    ["a form without a boundary", () => raw(stream(file).body, { contentType: "multipart/form-data" })],
    ["no form at all", () => form(stream([PNG]).body)],
  ])("%s", async (_, upload) => {
    await expect(storeUpload(env.FILES, upload())).rejects.toMatchObject(invalidInput);
    expect(await keys()).toEqual([]);
  });

  it("several files, one of which is too large or too many", async () => {
    const small = (name: string) => [opening("files", name), PNG];
    const large = sequence(small("1"), [opening("files", "2")], zeros(LIMIT + 1), [END]);
    await expect(storeForm(env.FILES, form(stream(large).body), "files", 4)).rejects.toMatchObject(tooLarge);
    const many = sequence(small("1"), small("2"), small("3"), small("4"), small("5"), [END]);
    await expect(storeForm(env.FILES, form(stream(many).body), "files", 4)).rejects.toMatchObject({
      failure: { errors: [{ path: "files" }] },
    });
    expect(await keys()).toEqual([]);
  });

  it("where R2 fails, whose error goes on", async () => {
    const failing = (method: string) =>
      new Proxy(env.FILES, {
        get: (bucket, name) =>
          name === method
            ? () => Promise.reject(new Error("R2 is away"))
            : (...given: unknown[]) => Reflect.apply(Reflect.get(bucket, name), bucket, given),
      });
    await expect(storeUpload(failing("put"), raw(stream(zeros(MIB)).body, { contentLength: MIB }))).rejects.toThrow(
      "R2 is away",
    );
    await expect(storeUpload(failing("put"), raw(stream(zeros(MIB)).body))).rejects.toThrow("R2 is away");
    await expect(storeUpload(failing("createMultipartUpload"), raw(stream(zeros(6 * MIB)).body))).rejects.toThrow(
      "R2 is away",
    );
    expect(await keys()).toEqual([]);
  });

  it("where R2 says that it failed and did not", async () => {
    const lying = new Proxy(env.FILES, {
      get:
        (bucket, name) =>
        async (...given: unknown[]) => {
          const done: unknown = await Reflect.apply(Reflect.get(bucket, name), bucket, given);
          if (name === "put") throw new Error("the answer was lost");
          return done;
        },
    });
    await expect(storeUpload(lying, raw(stream([PNG]).body, { contentLength: PNG.length }))).rejects.toThrow(
      "the answer was lost",
    );
    await expect(storeUpload(lying, raw(stream([PNG]).body))).rejects.toThrow("the answer was lost");
    expect(await keys()).toEqual([]);
  });
});

it("thousands of files are removed in as few calls as R2 allows", async () => {
  const calls: number[] = [];
  const bucket = new Proxy(env.FILES, { get: () => async (given: string[]) => void calls.push(given.length) });
  await createFiles(bucket).remove(Array.from({ length: 2_001 }, (_, at) => ({ appId: owner.appId, id: `x${at}` })));
  expect(calls).toEqual([1_000, 1_000, 1]);
});
