/** Ports of this machine. */

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Systems give connections that go out ports above these. One of them may be taken while the server that is to have it is still
 * being built; and a client that dials a server that is down would meet itself there sooner or later, and hold the port.
 */
const FIRST = 20_000;
const LAST = 29_999;

/** One that nobody listens on, and that no connection that goes out is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (isListening) await once(probe.close(), "close");
  return isListening;
}
