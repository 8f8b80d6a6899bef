/** Requests and answers of Engine.IO: what a request asks for, CORS, bodies within their limit. Knows no session. */

import type { Bytes, Version } from "./packets.ts";
import type { Refusal } from "./refusals.ts";
import { REFUSAL } from "./refusals.ts";

export type Transport = "polling" | "websocket";

/** What a request's address says. */
export interface Asked {
  readonly version: Version;
  readonly transport: Transport;
  readonly sid: string | null;
  /** The client takes no bytes in a poll. */
  readonly b64: boolean;
}

export const isRefusal = (asked: Asked | Refusal): asked is Refusal => typeof asked === "string";

/** Engine.IO's order of checks: transport, then session, then version. */
export function readRequest(request: Request): Asked | Refusal {
  const query = new URL(request.url).searchParams;
  const transport = query.get("transport");
  const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  if (transport !== "polling" && transport !== "websocket") return "unknownTransport";
  if ((transport === "websocket") !== isUpgrade) return "badRequest";
  const sid = query.get("sid");
  const eio = query.get("EIO");
  if (eio !== "4" && eio !== "3") return "unknownVersion";
  if (sid === null && request.method !== "GET") return "badMethod";
  return { version: eio === "4" ? 4 : 3, transport, sid, b64: query.has("b64") };
}

/** What can be answered without any session: a preflight, and what is wrong whoever asks. */
export function answerEarly(request: Request): Response | null {
  if (request.method === "OPTIONS") return answerPreflight(request);
  const asked = readRequest(request);
  return isRefusal(asked) ? refuse(request, asked) : null;
}

function answerPreflight(request: Request): Response {
  const headers = corsOf(request);
  headers.set("access-control-allow-methods", "GET, POST");
  headers.set("access-control-max-age", "86400");
  const wanted = request.headers.get("access-control-request-headers");
  if (wanted !== null) headers.set("access-control-allow-headers", wanted);
  return new Response(null, { status: 204, headers });
}

/** Any origin may ask, with credentials: who is calling is said in the packets, and cookies say nothing here. */
function corsOf(request: Request): Headers {
  const origin = request.headers.get("origin");
  if (origin === null) return new Headers({ "access-control-allow-origin": "*" });
  return new Headers({
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    vary: "Origin",
  });
}

export function refuse(request: Request, refusal: Refusal, status = 400): Response {
  const headers = corsOf(request);
  headers.set("cache-control", "no-store");
  return Response.json(REFUSAL[refusal], { status: refusal === "forbidden" ? 403 : status, headers });
}

export function answer(request: Request, body: string | Bytes): Response {
  const headers = corsOf(request);
  headers.set("cache-control", "no-store");
  headers.set("content-type", typeof body === "string" ? "text/plain; charset=UTF-8" : "application/octet-stream");
  return new Response(body, { headers });
}

/** The bytes of a body; undefined where it has more than `limit`. What is too much is not read. */
export async function readBody(request: Request, limit: number): Promise<Bytes | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return undefined;
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
