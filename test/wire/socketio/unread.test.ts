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
  expect(await refusal(raw.post(await raw.open(), "4".repeat(20_000_000)))).toBe(413);
  const unmeasured = { method: "POST", body: endless(), duplex: "half" };
  expect(await refusal(raw.fetch(`EIO=4&transport=polling&sid=${await raw.open()}`, unmeasured))).toBe(413);
  // What the server has to say of these it says before it answers much else.
  for (let more = 0; more < 20; more++) await raw.open();
  await server.stop();
  expect(server.output()).not.toContain("Uncaught");
});

/**
 * A client that goes on sending may be cut off before it reads the answer. So may the local tools' proxy, which is such a client of
 * the Worker, and says that in a 500 of its own.
 */
const refusal = (asked: Promise<Response>): Promise<number> =>
  asked.then(
    async (response) => {
      const isOfProxy =
        response.status === 500 && (await response.text()).startsWith("Error: Network connection lost.");
      return isOfProxy ? 413 : response.status;
    },
    (error: unknown) => {
      expect((error as Error).cause).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET|UND_ERR_SOCKET/) });
      return 413;
    },
  );

/** 20 MB that nobody has said the length of. */
function endless(): ReadableStream<Uint8Array> {
  let left = 320;
  return new ReadableStream({
    pull(controller) {
      if (left-- === 0) return controller.close();
      controller.enqueue(new Uint8Array(2 ** 16).fill(0x34));
    },
  });
}
