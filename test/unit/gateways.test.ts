// A Gateway that can't be reached: nothing that comes after what was lost is told directly.

import { expect, it } from "vitest";
import type { Pending } from "../../src/objects/chat/gateways.ts";
import { Gateways, pendingOf } from "../../src/objects/chat/gateways.ts";
import type { Told } from "../../src/objects/rpc.ts";

const HERE = "native/local/0#a";

const event = (clock: number): Pending =>
  pendingOf({ clock, event: { type: "typing", chatId: 1, userId: 1, on: true } } as unknown as Told);

it("loses what waits, and what has not been started yet, with what is under way", async () => {
  const answer = Promise.withResolvers<string[]>();
  const told: number[] = [];
  const gateways = new Gateways({
    push: (_, pushes) => {
      told.push(...pushes.flatMap(({ events }) => events.map(({ clock }) => clock ?? 0)));
      return answer.promise;
    },
    failed: () => {},
    waitUntil: () => {},
  });
  const [first, second, third] = [event(1), event(2), event(3)] as const;
  gateways.add([HERE], first);
  gateways.start();
  gateways.add([HERE], second);
  gateways.start();
  gateways.add([HERE], third);
  const ends = [first, second, third].map(({ errands }) => Promise.all([...errands].map(({ done }) => done)));
  answer.reject(new Error("out of reach"));
  await Promise.all(ends);
  gateways.start();
  expect(told).toEqual([1]);
  for (const { at, lost } of [first, second, third]) expect({ at, lost }).toEqual({ at: [], lost: [HERE] });
});
