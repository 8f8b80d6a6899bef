import { describe, expect, it } from "vitest";
import { FLOOD } from "../../src/core/limits.ts";
import { Bucket } from "../../src/objects/sockets.ts";

/** Sends `perSecond` frames a second for `seconds`: how many were taken, and whether the patience ran out. */
function send(bucket: Bucket, from: number, perSecond: number, seconds: number): { taken: number; closed: boolean } {
  let taken = 0;
  for (let n = 0; n < perSecond * seconds; n++) {
    if (bucket.take(from + (n * 1_000) / perSecond)) taken++;
    if (bucket.refused > FLOOD.patience) return { taken, closed: true };
  }
  return { taken, closed: false };
}

describe("the bucket of a connection", () => {
  const bucket = () => new Bucket(FLOOD.burst, FLOOD.perSecond, 0);

  it("takes a burst of 100 at once, and then 20 a second for as long as one likes", () => {
    expect(send(bucket(), 0, 100_000, 0.001).taken).toBe(100);
    expect(send(bucket(), 0, 20, 600)).toEqual({ taken: 12_000, closed: false });
  });

  it.each([50, 200, 500, 5_000])("loses patience with who goes on at %i frames a second", (rate) => {
    expect(send(bucket(), 0, rate, 60).closed).toBe(true);
  });

  it("is patient again with who has paused", () => {
    const one = bucket();
    for (const minute of [0, 60_000, 120_000]) expect(send(one, minute, 1_000, 0.19).closed).toBe(false);
  });

  it("gives nothing away when the clock goes back", () => {
    const one = bucket();
    send(one, 10_000, 1_000, 0.15);
    expect(one.take(0)).toBe(false);
  });
});

describe("the settings", () => {
  const frames = (bucket: Bucket): number => {
    let taken = 0;
    while (taken < 1_000 && bucket.take(0)) taken++;
    return taken;
  };

  it("make the bucket larger or smaller; without them, or with nonsense in them, it is as built in", () => {
    expect(frames(Bucket.of({ FRAME_BURST: "3" }))).toBe(3);
    expect(frames(Bucket.of({ FRAME_BURST: "500", FRAMES_PER_SECOND: "1000" }))).toBe(500);
    for (const settings of [{}, { FRAME_BURST: "many" }, { FRAME_BURST: "" }]) {
      expect(frames(Bucket.of(settings))).toBe(FLOOD.burst);
    }
  });
});
