/** Plays what is written byte by byte on a TCP connection, and hears what comes back. Judges nothing. */

import { connect } from "node:net";
import type { KnockCase } from "./cases.ts";

/** Long enough for a server on this machine to say what it thinks. */
const LISTEN_MS = 30;

export interface Heard {
  readonly localPort: number | undefined;
  /** Of the answer to the head; 0: none came. */
  readonly status: number;
  readonly text: string;
  /** The server has ended the connection, not we. */
  readonly isClosed: boolean;
}

/** @param patienceMs how long the answer to a whole head may take */
export async function knock(
  port: number,
  { head, frames, isTorn, isPolite }: KnockCase,
  patienceMs: number,
): Promise<Heard> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  let isClosed = false;
  let wake = (): void => {};
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
    wake();
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    isClosed = true;
    wake();
  });
  const until = async (holds: () => boolean, ms: number): Promise<void> => {
    const deadline = performance.now() + ms;
    const isOver = (): boolean => isClosed || holds() || performance.now() >= deadline;
    while (!isOver()) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, Math.max(1, deadline - performance.now()));
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  };
  let localPort: number | undefined;
  socket.once("connect", () => (localPort = socket.localPort));
  socket.write(head);
  await until(() => text.includes("\r\n\r\n"), isTorn ? LISTEN_MS : patienceMs);
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0);
  if (status === 101) {
    for (const frame of frames) if (!isClosed) socket.write(frame);
    await until(() => false, LISTEN_MS);
  }
  const heard = { localPort, status, text, isClosed };
  if (isPolite) socket.end();
  else socket.destroy();
  // One that is ended politely, and does not end, is left.
  setTimeout(() => socket.destroy(), 1_000).unref();
  return heard;
}
