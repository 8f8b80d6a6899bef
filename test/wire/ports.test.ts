import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "../support/ports.ts";

test("a port for a server is none that the system gives to connections that go out", async () => {
  const door = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(door, "listening");
  const { port } = door.address() as AddressInfo;
  const outgoing = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      const { localPort } = socket;
      socket.destroy();
      return localPort ?? 0;
    }),
  );
  door.close();
  const ports = await Promise.all(outgoing.map(() => freePort()));
  expect(Math.max(...ports)).toBeLessThan(Math.min(...outgoing));
});
