// Bodies where none is expected, as raw HTTP carries them: no library of a client sends them.

import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

let server: Server;
beforeAll(async () => {
  // The local proxy would take such a body away.
  server = await startServer({ launcher: join(import.meta.dirname, "../support/workerd.ts") });
}, 60_000);

/** The status line that comes back. */
function statusOf(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(head));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n")) return;
      socket.destroy();
      resolve(text.slice(0, text.indexOf("\r\n")));
    });
    socket.once("error", reject);
    socket.once("end", () => reject(new Error(`ended after ${text}`)));
  });
}

it.each(["/v1/chats", "/chats", "/app", "/api/auth/login"])(
  "a GET of %s with a body is answered as one without",
  async (path) => {
    const { url } = server;
    const { status } = await fetch(`${url}${path}`);
    const lines = [`GET ${path} HTTP/1.1`, "host: parlance.test", "content-type: application/json"];
    for (const body of ["transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "content-length: 2\r\n\r\n{}"])
      expect(await statusOf(url, `${lines.join("\r\n")}\r\n${body}`)).toContain(`HTTP/1.1 ${status} `);
  },
);
