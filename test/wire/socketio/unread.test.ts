// A body that is refused before it was read: the Worker that hands it on must not be left with the rest of it.

import { expect, it } from "vitest";
import { Raw, startEcho } from "./raw.ts";

it("is no uncaught error in the log", async () => {
  const server = await startEcho();
  const raw = new Raw(server, "/engine.io/");
  const sid = await raw.open();
  const unknown = sid.replace(/[^-]+$/, "unknown");
  expect((await raw.post(unknown, "4a")).status).toBe(400);
  expect((await raw.post(unknown, "4".repeat(100_000))).status).toBe(400);
  expect((await raw.post(sid, "4".repeat(1_000_001))).status).toBe(413);
  // What the server has to say of these it says before it answers much else.
  for (let more = 0; more < 20; more++) await raw.open();
  await server.stop();
  expect(server.output()).not.toContain("Uncaught");
});
