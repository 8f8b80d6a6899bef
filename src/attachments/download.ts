/**
 * Answers a request for a file: whole, in part, or "you have it already".
 * Knows HTTP and which types are safe to show; must not know who may ask.
 */

import { notFound } from "../core/errors.ts";
import type { AttachmentRecord } from "../core/ports.ts";
import { fileKey } from "./files.ts";
import { contentDisposition } from "./names.ts";
import { parseRange } from "./ranges.ts";
import { UNKNOWN_TYPE } from "./sniff.ts";

/** What a browser may show from our origin: pictures, sound and film, none of which can run anything. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|(?:audio|video)\/[a-z0-9.+-]+)$/;

/** What is saved, but may say what it is. HTML, SVG and all else that is not listed goes out as bytes of no type. */
const NAMED = new Map([
  ["application/pdf", "application/pdf"],
  ["application/zip", "application/zip"],
  ["application/gzip", "application/gzip"],
  ["image/heic", "image/heic"],
  ["image/heif", "image/heif"],
  ["image/x-icon", "image/x-icon"],
  ["text/plain", "text/plain; charset=utf-8"],
]);

/**
 * The file of `record` as the headers of `request` (GET or HEAD) want it: 200, 206, 304 or 416.
 * @throws not_found where its bytes are gone
 */
export async function openFile(files: R2Bucket, record: AttachmentRecord, request: Request): Promise<Response> {
  // Bytes under an id never change, so the id says all that a strong ETag has to.
  const etag = `"${record.id}"`;
  const headers = new Headers({
    ETag: etag,
    "Last-Modified": new Date(record.createdAt).toUTCString(),
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    // Clients of other origins show these files; what protects them is the link, not the origin.
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
  if (isKnown(request.headers, etag, record.createdAt)) return new Response(null, { status: 304, headers });

  const inPart = request.method === "GET" && rangeApplies(request.headers, headers);
  const range = parseRange(inPart ? request.headers.get("Range") : null, record.size);
  if (range.kind === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${record.size}`);
    return new Response(null, { status: 416, headers });
  }

  const shown = SHOWN.test(record.mime);
  headers.set("Content-Type", shown ? record.mime : (NAMED.get(record.mime) ?? UNKNOWN_TYPE));
  headers.set("Content-Disposition", contentDisposition(shown ? "inline" : "attachment", record.name));
  headers.set("Content-Length", String(range.kind === "part" ? range.length : record.size));

  if (request.method === "HEAD") {
    if ((await files.head(fileKey(record))) === null) throw notFound("attachment");
    return new Response(null, { headers });
  }
  if (range.kind === "whole") {
    const object = await files.get(fileKey(record));
    if (object === null) throw notFound("attachment");
    return new Response(object.body, { headers });
  }
  const { offset, length } = range;
  const object = await files.get(fileKey(record), { range: { offset, length } });
  if (object === null) throw notFound("attachment");
  headers.set("Content-Range", `bytes ${offset}-${offset + length - 1}/${record.size}`);
  return new Response(object.body, { status: 206, headers });
}

/** Whether the client says that it has the file (RFC 9110, 13.2.2: the date counts only where no tag is given). */
function isKnown(wanted: Headers, etag: string, createdAt: number): boolean {
  const tags = wanted.get("If-None-Match");
  if (tags !== null)
    return tags.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
  const since = Date.parse(wanted.get("If-Modified-Since") ?? "");
  return Math.floor(createdAt / 1_000) * 1_000 <= since;
}

/** Whether the file is still the one of which the client wants a part. */
function rangeApplies(wanted: Headers, ours: Headers): boolean {
  const condition = wanted.get("If-Range");
  return condition === null || condition === ours.get("ETag") || condition === ours.get("Last-Modified");
}
