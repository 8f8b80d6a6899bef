// Deleting an app is finished, whatever cuts it off, at whatever call.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { lobbyStub } from "../../src/objects/rpc.ts";
import { ANY, full, isThere, left, letAlarmsRun, NOTHING } from "../support/full-app.ts";
import { patch } from "../support/meter.ts";

describe("deleting an app", () => {
  it.each([
    ["an object of a chat", "CHAT", "eraseWithApp", 1],
    ["an Inbox", "INBOX", "eraseWithApp", 1],
    ["a Gateway", "GATEWAY", "closeApp", 1],
    ["the directory", "DB", "prepare", 3],
    ["the directory's batches", "DB", "batch", 1],
    ["the list of the bucket", "FILES", "list", 1],
    ["the bucket", "FILES", "delete", 1],
  ] as const)(
    "that is cut off by %s, at whatever call, is finished by the alarm",
    async (_, binding, method, stride) => {
      let isCutOff = true;
      for (let step = 0; isCutOff; step += stride) {
        const gone = await full();
        const socket = await gone.ann.socket();
        const breaker = await breakAt(binding, method, step);
        await lobbyStub(env, gone.app.id)
          .eraseApp(gone.app.id)
          .catch(() => undefined);
        for (let round = 0; round < 20 && (await letAlarmsRun(gone)) && (await isThere(gone)); round++);
        isCutOff = breaker();
        if (step === 0) expect(isCutOff).toBe(true);
        await expect.poll(() => left(gone), { message: `after ${step} calls` }).toEqual(NOTHING);
        await socket.until(() => socket.closed !== undefined, "the close");
      }
      expect(isCutOff).toBe(false);
    },
  );
});

type Binding = "CHAT" | "INBOX" | "GATEWAY" | "DB" | "FILES";

/** Lets one call fail, after so many that succeed. Takes it back, and says whether it came to that. */
async function breakAt(binding: Binding, method: string, step: number): Promise<() => boolean> {
  let calls = 0;
  let failed = false;
  function pass(): void {
    if (calls++ !== step) return;
    failed = true;
    throw new Error("cut off");
  }
  const stop =
    binding === "DB" || binding === "FILES"
      ? breakStore(binding, method, pass)
      : await patch(binding, ANY[binding], [method], (old) => {
          return async function (this: unknown, ...args: unknown[]) {
            pass();
            return old.apply(this, args);
          };
        });
  return () => {
    stop();
    return failed;
  };
}

function breakStore(binding: "DB" | "FILES", method: string, pass: () => void): () => void {
  const target = env[binding] as unknown as Record<string, (...args: unknown[]) => unknown>;
  const old = target[method]?.bind(target);
  if (old === undefined) throw new Error("nothing to break");
  target[method] = (...args) => {
    pass();
    return old(...args);
  };
  return () => void delete target[method];
}
