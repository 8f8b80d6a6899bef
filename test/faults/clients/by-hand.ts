// Requests as they stand on the wire, for clients that no library would be.

/** A request for a WebSocket. */
export const upgrade = (path: string, token: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    "host: parlance.test",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    `authorization: Bearer ${token}`,
    "\r\n",
  ].join("\r\n");
