// A token that stood a moment ago is believed for as long as whoever ends it waits, and not a moment longer.

import { describe, expect, it } from "vitest";
import { appId, userId } from "../../src/core/ids.ts";
import { Leases, leasesLapse } from "../../src/core/leases.ts";
import { TOKEN } from "../../src/core/limits.ts";
import type { Session } from "../../src/core/people.ts";

const START = 1_800_000_000_000;

const session = (expiresAt = START + 60_000): Session => ({
  appId: appId(1),
  userId: userId(7),
  tokenId: "token",
  expiresAt,
});

function leases() {
  const clock = { now: START };
  return { clock, held: new Leases(() => clock.now) };
}

describe("a token", () => {
  it("is not believed before somebody has asked", () => {
    expect(leases().held.get("token")).toBeUndefined();
  });

  it("is believed from when it was asked for until its lease lapses", () => {
    const { clock, held } = leases();
    const ann = session();
    held.add("token", ann, START - 10);
    expect(held.get("token")).toBe(ann);
    expect(held.get("another")).toBeUndefined();
    clock.now = START - 10 + TOKEN.leaseMs - 1;
    expect(held.get("token")).toBe(ann);
    clock.now++;
    expect(held.get("token")).toBeUndefined();
  });

  it("is not believed for longer than it lives", () => {
    const { clock, held } = leases();
    held.add("token", session(START + 5), START);
    clock.now = START + 5;
    expect(held.get("token")).toBeUndefined();
  });

  it("is asked for again where the clock has gone back", () => {
    const { clock, held } = leases();
    held.add("token", session(), START);
    clock.now = START - 3_600_000;
    expect(held.get("token")).toBeUndefined();
  });

  it("is believed among many others, of which only so many are kept", () => {
    const { held } = leases();
    for (let n = 0; n < 5_000; n++) {
      held.add(`token ${n}`, session(), START);
      expect(held.get(`token ${n}`)).toBeDefined();
    }
    const kept = Array.from({ length: 5_000 }, (_, n) => held.get(`token ${n}`)).filter((one) => one !== undefined);
    expect(kept.length).toBeLessThanOrEqual(1_000);
  });
});

it("nobody believes in a token any more once its lease has lapsed for whoever asked last", async () => {
  const held = new Leases(() => Date.now());
  held.add("token", session(Date.now() + 60_000), Date.now());
  await leasesLapse();
  expect(held.get("token")).toBeUndefined();
});
