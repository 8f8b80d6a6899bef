/** Requests as a hostile client writes them: any method, address, header and body that HTTP can carry. */

import { Agent, request } from "node:http";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | string | undefined;
  /** The body goes in chunks, and nobody says how long it is. */
  readonly isChunked?: boolean;
  /** The client goes away after so long, as one does that polls. */
  readonly leaveAfterMs?: number;
}

export interface Answer {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  /** Headers and body, as they are looked through. */
  readonly head: string;
  readonly text: string;
  readonly ms: number;
  readonly hasLeft: boolean;
  /** How the connection ended, where it did without an answer. */
  readonly why: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const PATIENCE_MS = 60_000;

/** What a request line and a header can bear; everything else goes escaped. */
const addressOf = (path: string): string =>
  path.replaceAll(/[^\u0021-\u007e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
const headerOf = (value: string): string => value.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, "?");

export function ask(port: number, asking: Request, isAgain = false): Promise<Answer> {
  const { method, path, headers, body, isChunked = false, leaveAfterMs } = asking;
  const started = performance.now();
  const clean = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === "string" ? headerOf(value) : value.map(headerOf),
  ]);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let head = "";
    const end = (hasLeft = false, why = ""): void =>
      resolve({ status, head, text: Buffer.concat(chunks).toString(), ms: performance.now() - started, hasLeft, why });
    const asked = request({
      agent: isAgain ? new Agent() : agent,
      host: "127.0.0.1",
      port,
      method,
      path: addressOf(path),
      // Node frames the body of a GET only where it is told how.
      headers: {
        ...(Object.fromEntries(clean) as Record<string, string>),
        ...(body === undefined
          ? {}
          : isChunked
            ? { "transfer-encoding": "chunked" }
            : { "content-length": String(Buffer.byteLength(body)) }),
      },
      timeout: PATIENCE_MS,
    });
    asked.once("response", (response) => {
      status = response.statusCode ?? 0;
      head = response.rawHeaders.join("\n");
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => end());
      response.once("error", () => end());
    });
    asked.once("upgrade", (response, socket) => {
      status = response.statusCode ?? 0;
      socket.destroy();
      end();
    });
    let isLate = false;
    asked.once("timeout", () => {
      isLate = true;
      asked.destroy();
    });
    asked.once("error", (error: NodeJS.ErrnoException) => {
      // A server may end a connection that was kept in the moment in which it is used again: whoever asks asks once more.
      const isEnded = error.code === "ECONNRESET" || error.code === "EPIPE";
      const isOld = asked.reusedSocket && isEnded && !isLate && status === 0 && leaveAfterMs === undefined;
      if (isOld && !isAgain) return resolve(ask(port, asking, true));
      const connection = `${asked.reusedSocket ? "kept" : "new"} connection${isAgain ? ", asked again" : ""}`;
      end(false, `${isLate ? "too late" : `${error.code}: ${error.message}`}, ${connection}`);
    });
    if (leaveAfterMs !== undefined) {
      setTimeout(() => {
        end(true);
        asked.destroy();
      }, leaveAfterMs);
    }
    asked.end(body);
  });
}

interface Wish {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly orGone?: boolean;
}

/** A request that has to succeed: for what a run is built on. `orGone`: or undefined for 404. @throws Error with the answer */
export async function must(
  port: number,
  method: string,
  path: string,
  { body, headers = {}, orGone = false }: Wish = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- a JSON object, read loosely
): Promise<any> {
  const answer = await ask(port, {
    method,
    path,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (orGone && answer.status === 404) return undefined;
  if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text === "" ? undefined : JSON.parse(answer.text);
}
