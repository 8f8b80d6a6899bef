import { createExecutionContext, env } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { handle } from "../../src/app.ts";

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  for (const method of ["log", "error"] as const)
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void logged.push(words.join(" ")));
});
afterEach(() => void vi.restoreAllMocks());

/** A body that breaks off after its first bytes, as when the client's connection is lost. */
const brokenOff = (): ReadableStream<Uint8Array> => {
  let isFirst = true;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode('{"username":'));
      else controller.error(new Error("Network connection lost."));
      isFirst = false;
    },
  });
};

const send = async (path: string, headers: Record<string, string>): Promise<Response> =>
  handle(
    new Request(`http://parlance.test${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: brokenOff(),
    }),
    env,
    createExecutionContext(),
  );

it.each([
  ["native", "/v1/auth/login", 400],
  ["mobile", "/authentication", 422],
  ["messenger", "/api/auth/login", 400],
  ["rooms", "/auth/login", 422],
])(
  "%s: a body that breaks off is refused, whether it said its length or not, and is no fault of ours",
  async (_, path, status) => {
    for (const headers of [{}, { "content-length": "500" }]) {
      const response = await send(path, headers);
      expect(response.status).toBe(status);
      expect(await response.text()).not.toContain("Network connection lost");
    }
    expect(logged.filter((line) => line.includes('"event":"fault"'))).toEqual([]);
  },
);
