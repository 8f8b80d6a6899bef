// Commands of one connection: what is read while many calls are under way goes together, in order; alone, nothing waits.

import { expect, it } from "vitest";
import type { ChatId } from "../../src/core/ids.ts";
import type { Traffic } from "../../src/dialects/native/pipeline.ts";
import { Pipeline } from "../../src/dialects/native/pipeline.ts";

const CHAT = 1 as ChatId;
const OTHER = 2 as ChatId;

interface Calls {
  readonly pipeline: Pipeline<string>;
  /** What each call took. */
  readonly taken: (readonly string[])[];
}

function pipelineIn(traffic: Traffic): Calls {
  const taken: (readonly string[])[] = [];
  const pipeline = new Pipeline<string>(traffic, (_, items) => {
    taken.push(items);
    return Promise.resolve();
  });
  return { pipeline, taken };
}

/** The frame after the first one is read by another event. */
const nextEvent = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

it("calls at once where little is under way", async () => {
  const { pipeline, taken } = pipelineIn({ calls: 0 });
  pipeline.add(CHAT, "one");
  await nextEvent();
  expect(taken).toEqual([["one"]]);
});

it("takes along what is read in the same turn where much is under way, each chat by itself and in order", async () => {
  const { pipeline, taken } = pipelineIn({ calls: 100 });
  for (const item of ["one", "two", "three"]) {
    pipeline.add(CHAT, item);
    await nextEvent();
  }
  pipeline.add(OTHER, "elsewhere");
  pipeline.add(CHAT, "four");
  await pipeline.done();
  expect(taken).toEqual([["one", "two", "three"], ["elsewhere"], ["four"]]);
});

it("counts a call as under way until it has been answered", async () => {
  const traffic = { calls: 0 };
  const answer = Promise.withResolvers<void>();
  const pipeline = new Pipeline<string>(traffic, () => answer.promise);
  pipeline.add(CHAT, "one");
  await nextEvent();
  expect(traffic.calls).toBe(1);
  answer.resolve();
  await pipeline.done();
  expect(traffic.calls).toBe(0);
});
