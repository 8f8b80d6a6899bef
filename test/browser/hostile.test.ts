// Hostile words, names and files: they show, they do no harm, and the page stays whole, wide and narrow.

import { beforeAll, describe, expect, it } from "vitest";
import { Client } from "../wire/client.ts";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

const marks = "̀́̂̃̄̅̆̇̈̉̊".repeat(8);
const TEXTS = {
  "markup that runs": `<script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 1"><svg onload="globalThis.ran=1">`,
  "ten thousand characters without a space": "w".repeat(10_000),
  "ten thousand lines": "\n"
    .repeat(4_000)
    .split("\n")
    .map((_, at) => at % 10)
    .join("\n"),
  "combining marks": `z${marks}a${marks}l${marks}g${marks}o`.repeat(20),
  "control characters": `a\u0007b\u001b[31mc\u0000d\u0008e\u009bf`.replace("\u0000", ""),
  "overrides of direction": "\u202egnp.elif\u202c \u2066isolated \u202eand never closed",
  "a script as an address":
    "javascript:alert(1) data:text/html,<script>1</script> vbscript:x https://user:pass@example.com/",
  "an address that pretends": "https://example.com/\u202egpj.exe https://example.com/a(b) (https://example.org/).",
  "half a fence": "```js\nlet a = `1`;\n``` and ``` ` ```` `",
  "right to left": "שלום עולם, this is mixed ١٢٣ text",
};

describe.each([
  ["wide", { viewport: { width: 1_200, height: 800 } }],
  ["on a phone", { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true }],
] as const)("hostile content, %s", (_, options) => {
  let stage: Stage;
  let ann: Person;
  let mallory: Client;
  let chat: number;
  let annId: number;

  const send = (message: object) => mallory.json("POST", `/v1/chats/${chat}/messages`, message);
  const upload = async (name: string, type: string, bytes: string): Promise<string> => {
    const path = `/v1/attachments?name=${encodeURIComponent(name)}`;
    const response = await mallory.request("POST", path, bytes, { "content-type": type });
    return ((await response.json()) as { id: string }).id;
  };

  /** Nothing ran, nothing is wider than the window, and no message reaches into another. */
  async function expectWhole(): Promise<void> {
    const state = await ann.page.evaluate(() => {
      const bubbles = [...document.querySelectorAll(".bubble")].map((bubble) => bubble.getBoundingClientRect());
      return {
        ran: "ran" in globalThis,
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        outside: bubbles.filter(({ left, right }) => left < -1 || right > innerWidth + 1).length,
        overlapping: bubbles.filter((bubble, at) => at > 0 && bubble.top < (bubbles[at - 1]?.bottom ?? 0) - 1).length,
        clipped: [...document.querySelectorAll(".bubble")].every((one) => getComputedStyle(one).overflow === "hidden"),
      };
    });
    expect(state).toEqual({ ran: false, wide: 0, outside: 0, overlapping: 0, clipped: true });
  }

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann", options);
    mallory = new Client(stage.server, "mallory");
    await mallory.enter("register");
    annId = (await mallory.json("GET", "/v1/users?q=ann")).items[0].id;
    chat = (await mallory.json("POST", "/v1/chats", { members: [annId] })).id;
    await ann.open("mallory");
  });

  it.each(Object.entries(TEXTS))("%s", async (_, text) => {
    const { seq } = await send({ text });
    const message = ann.page.locator(`[data-seq="${seq}"]`);
    await message.waitFor();
    await expectWhole();
    // What is shown is the text: at most its marks of code are gone.
    const words = (value: string): string => value.replace(/[`\s]/g, "").replace(/^js/, "");
    if (text.includes("```")) return;
    expect(words((await message.locator(".text").textContent()) ?? "")).toBe(words(text.trimEnd()));
  });

  it("links lead to web pages alone, where they say they do", async () => {
    const links = await ann.page
      .locator(".text a")
      .evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.textContent]));
    expect(links).toEqual([
      ["https://example.com/", "https://example.com/"],
      ["https://example.com/a(b)", "https://example.com/a(b)"],
      ["https://example.org/", "https://example.org/"],
    ]);
    for (const rel of await ann.page.locator(".text a").evaluateAll((all) => all.map((a) => a.getAttribute("rel"))))
      expect(rel).toContain("noopener");
  });

  it("an SVG and a page of HTML are files to be saved, not shown", async () => {
    const script = `<script xmlns="http://www.w3.org/2000/svg">globalThis.ran = 1</script>`;
    const svg = await upload("picture.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`);
    const html = await upload("page.html", "text/html", `<!doctype html><title>x</title>${script}`);
    const { seq } = await send({ attachments: [svg, html] });
    const message = ann.page.locator(`[data-seq="${seq}"]`);
    await message.getByRole("link").first().waitFor();
    expect(await message.locator("img").count()).toBe(0);
    for (const link of await message.getByRole("link").all()) {
      expect(await link.getAttribute("download")).not.toBeNull();
      const answer = await fetch(new URL((await link.getAttribute("href")) ?? "", stage.server.url));
      expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
      expect(answer.headers.get("content-security-policy")).toContain("sandbox");
      expect(answer.headers.get("content-type")).not.toMatch(/svg|html/);
    }
    await expectWhole();
  });

  it("names of files with slashes, quotes and turned directions", async () => {
    const names = [
      "../../etc/passwd",
      `"quoted" 'name'.txt`,
      "invoice\u202egpj.exe",
      `${"n".repeat(240)}.txt`,
      "<img src=x onerror=ran=1>.txt",
    ];
    const ids = await Promise.all(names.map((name) => upload(name, "text/plain", "x")));
    const { seq } = await send({ attachments: ids });
    const message = ann.page.locator(`[data-seq="${seq}"]`);
    await message.getByRole("link").nth(4).waitFor();
    expect(await message.textContent()).not.toContain("\u202e");
    await expectWhole();
  });

  it("a hostile name and title", async () => {
    const name = `<b>Mallory</b>\u202e ${marks}${"x".repeat(150)}`.slice(0, 190);
    await mallory.json("PATCH", "/v1/me", { name, photo: "javascript:alert(1)" });
    const group = await mallory.json("POST", "/v1/chats", {
      members: [annId],
      title: `\u202e${"T".repeat(150)}"><script>`,
    });
    await mallory.json("POST", `/v1/chats/${group.id}/messages`, {
      text: "in the group",
      data: { nested: "<script>" },
    });
    await ann.page.evaluate(() => (location.hash = "#/"));
    const row = ann.page.locator(`[data-chat="${group.id}"]`);
    await row.waitFor();
    await expectWhole();
    await row.click();
    await ann.message("in the group").waitFor();
    await expectWhole();
    await ann.page.getByRole("button", { name: "About this group" }).click();
    await ann.page
      .getByRole("region", { name: /^About this/ })
      .getByText("2 members")
      .waitFor();
    await expectWhole();
    expect(await ann.page.locator("b, [src^='javascript']").count()).toBe(0);
    await expect.poll(() => ann.page.title(), SOON).toMatch(/Parlance$/);
  });
});
