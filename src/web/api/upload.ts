/**
 * Knows how a file goes up: with its progress, and so that it can be broken off. (`fetch` tells no progress.)
 * Must not know what the file is for.
 */

import { Problem, problemOf } from "./http.ts";
import type { ProblemBody } from "./http.ts";
import type { Attachment } from "./shapes.ts";

interface Options {
  readonly name: string;
  readonly token: string;
  /** From 0 to 1. */
  readonly progress: (part: number) => void;
  readonly signal: AbortSignal;
}

/** @throws Problem where it is refused; another Error where there is no connection, or it was broken off */
export function upload(file: Blob, { name, token, progress, signal }: Options): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (): void => reject(new Error("the upload broke off"));
    request.open("POST", `/v1/attachments?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("authorization", `Bearer ${token}`);
    // A type of a form would be read as a form.
    const type = file.type.startsWith("multipart/") || file.type === "" ? "application/octet-stream" : file.type;
    request.setRequestHeader("content-type", type);
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total === 0 ? 0 : loaded / total));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Attachment);
      else reject(problemOfText(request.responseText, Number(request.getResponseHeader("retry-after") ?? 0)));
    });
    request.addEventListener("error", fail);
    request.addEventListener("abort", fail);
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) fail();
    else request.send(file);
  });
}

function problemOfText(text: string, retryAfter: number): Problem {
  try {
    return problemOf(JSON.parse(text) as ProblemBody, retryAfter);
  } catch {
    return new Problem("internal", "", {}, retryAfter);
  }
}
