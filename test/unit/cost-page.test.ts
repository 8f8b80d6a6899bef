// The page of costs is what the counts and the prices make of it.

import { describe, expect, it } from "vitest";
import written from "../../docs/cost.md?raw";
import { page } from "../cost/page.ts";

describe("docs/cost.md", () => {
  it("is what `npm run cost` prints", () => {
    expect(written, "run `npm run cost`").toBe(page());
  });
});
