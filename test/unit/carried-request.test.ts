// What the Worker hands on to a Gateway of a body has a bound, however long the body is.

import { expect, it } from "vitest";
import { GATEWAY } from "../../src/core/limits.ts";
import { carriedRequest } from "../../src/objects/identity.ts";

const CHUNK = 2 ** 16;
const LIMIT = GATEWAY.bodyBytes / CHUNK;
const identity = { session: null, origin: "https://chat.example" };

/** A request whose body has so many chunks; `given` counts those that were asked for. */
function posting(chunks: number) {
  const seen = { given: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.given === chunks) return controller.close();
        seen.given++;
        controller.enqueue(new Uint8Array(CHUNK));
      },
    },
    { highWaterMark: 0 },
  );
  return { request: new Request("https://chat.example/ws/", { method: "POST", body }), seen };
}

const carried = async (request: Request): Promise<number> =>
  (await carriedRequest(request, identity).arrayBuffer()).byteLength;

it("is whole where it keeps within it", async () => {
  expect(await carried(posting(LIMIT).request)).toBe(LIMIT * CHUNK);
});

it("ends where it goes beyond, and no more of it is read", async () => {
  const { request, seen } = posting(Infinity);
  expect(await carried(request)).toBe((LIMIT + 1) * CHUNK);
  expect(seen.given).toBeLessThanOrEqual(LIMIT + 3);
});
