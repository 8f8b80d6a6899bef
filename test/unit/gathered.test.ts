// Rows that come at the same time are written together, each once, in order; one alone does not wait.

import { expect, it } from "vitest";
import { Gathered } from "../../src/objects/gathered.ts";

function gathered(coming: () => number) {
  const writes: number[][] = [];
  return { writes, rows: new Gathered<number>((some) => void writes.push([...some]), coming) };
}

it("one after the other, where each comes alone", async () => {
  const { writes, rows } = gathered(() => 1);
  for (const row of [1, 2, 3]) await rows.add(row);
  expect(writes).toEqual([[1], [2], [3]]);
});

it("together, where they come in the same moment", async () => {
  const { writes, rows } = gathered(() => 3);
  await Promise.all([1, 2, 3].map((row) => rows.add(row)));
  await rows.add(4);
  expect(writes).toEqual([[1, 2, 3], [4]]);
});

it("without those who are long in coming", async () => {
  const { writes, rows } = gathered(() => 10);
  await Promise.all([rows.add(1), rows.add(2)]);
  expect(writes).toEqual([[1, 2]]);
});

it("tells all of them where it fails, and goes on", async () => {
  let fails = true;
  const rows = new Gathered<number>(
    () => {
      if (fails) throw new Error("the disk is full");
    },
    () => 2,
  );
  const both = await Promise.allSettled([rows.add(1), rows.add(2)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fails = false;
  await rows.add(3);
});
