// The runbook and the source name the same events, places of faults and figures.
/// <reference types="vite/types/importMeta.d.ts" />

import { describe, expect, it } from "vitest";
import operating from "../../docs/operating.md?raw";
import runbook from "../../docs/runbook.md?raw";
import { FAULT_PLACES } from "../../src/core/faults.ts";
import { FIGURES } from "../../src/core/figures.ts";

/** The server's own source; the page and the tools of a developer's machine log nothing. */
const sources = Object.values(
  import.meta.glob<string>(["../../src/**/*.ts", "!../../src/{web,local}/**"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);

/** What the calls that match are given first, where it is a string. */
const named = (call: RegExp): string[] =>
  [...new Set(sources.flatMap((source) => [...source.matchAll(call)].map(([, name = ""]) => name)))].toSorted();

/** The names in the first column of the table that begins with `head`. */
function listed(page: string, head: string): string[] {
  const table = page.slice(page.indexOf(`| ${head} `)).split("\n\n")[0] ?? "";
  const cells = table
    .split("\n")
    .slice(2)
    .map((line) => line.split("|")[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)).toSorted();
}

describe("the runbook", () => {
  it("explains every event of the log, and none that there is not", () => {
    const events = [...named(/(?<![\w.#])log\(\s*"([^"]+)"/g), "fault"].toSorted();
    expect(events).toContain("request");
    expect(listed(runbook, "event")).toEqual(events);
  });

  it("explains every place of a fault, and none that there is not", () => {
    expect(listed(runbook, "`where`")).toEqual(FAULT_PLACES.toSorted());
  });

  it("knows no place of a fault at which none is logged", () => {
    // What is logged is one of these by its type; which of them are, the calls say that name one first.
    const first = named(/\(\s*"([^"]+)",/g);
    expect(FAULT_PLACES.filter((place) => !first.includes(place))).toEqual([]);
  });
});

describe("the page on operating", () => {
  it("lists every figure", () => {
    const figures = Object.values(FIGURES).map(({ name }) => name);
    const names = listed(operating.slice(operating.indexOf("## Figures")), "name");
    // It says of each app whether its figures could be read, and is none of them.
    expect(names).toEqual([...figures, "parlance_app_up"].toSorted());
  });
});
