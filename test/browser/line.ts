// The line between a browser and a server, which can be cut. Knows nothing of what goes over it.

import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface Line {
  /** Where the server is at the other end. */
  readonly url: string;
  /** Ends all connections and lets none come about, as where the server is gone. */
  cut(): Promise<void>;
}

export async function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const ends = new Set<Socket>();
  const keep = (socket: Socket): void => {
    ends.add(socket);
    socket.on("close", () => ends.delete(socket)).on("error", () => socket.destroy());
  };
  const door = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) keep(socket);
    near.pipe(far).on("close", () => near.destroy());
    far.pipe(near).on("close", () => far.destroy());
  });
  await new Promise<void>((listening) => door.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    cut: async () => {
      const closed = new Promise((done) => door.close(done));
      for (const socket of ends) socket.destroy();
      await closed;
    },
  };
}
