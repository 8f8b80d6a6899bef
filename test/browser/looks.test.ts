// What everyone can use: nothing for axe to find on any view, in both themes and on the narrowest phone; the keyboard alone;
// and how much has to be loaded.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { findings } from "./axe.ts";
import type { Stage } from "./stage.ts";
import { openStage, Person, SOON } from "./stage.ts";

/** Whether something is wider than the window. */
const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe.each([
  ["light, wide", { colorScheme: "light", viewport: { width: 1_280, height: 800 } }],
  ["dark, wide", { colorScheme: "dark", viewport: { width: 1_280, height: 800 } }],
  ["light, a phone", { colorScheme: "light", viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true }],
  ["dark, a phone", { colorScheme: "dark", viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true }],
] as const)("%s", (_, options) => {
  let stage: Stage;
  let ann: Person;
  let page: Page;
  const fine = async (what: string): Promise<void> => {
    expect(await findings(page), what).toEqual([]);
    expect(await isTooWide(page), what).toBe(false);
  };

  beforeAll(async () => {
    stage = await openStage();
    page = await stage.window(options);
  });

  it("axe finds nothing on any view", async () => {
    await fine("login");
    await page.getByRole("button", { name: "New here?" }).click();
    await page.getByLabel("Username").fill("a b");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await fine("register, with errors");
    await page.reload();
    ann = new Person(page, "ann", stage.server);
    await ann.register();
    await fine("an empty list");
    const bob = await stage.enter("bob");
    await bob.find("ann");
    await bob.say("hello", "`code` and https://example.com", "a longer text that goes on and on, ".repeat(20));
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("3 unread");
    await fine("the list");
    await page.getByRole("searchbox").fill("b");
    await page.getByRole("heading", { name: "People" }).or(page.locator(".chats.found")).first().waitFor();
    await fine("the search");
    await page.getByRole("searchbox").fill("");
    await ann.open("bob");
    await ann.say("an answer");
    await bob.sees("an answer");
    await expect.poll(() => ann.ticks("an answer"), SOON).toBe("Read");
    await fine("a conversation");
    await ann.message("an answer").hover();
    await ann.message("an answer").getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menu").waitFor();
    await fine("the menu of a message");
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await fine("a question");
    await page.keyboard.press("Escape");
    await page
      .getByLabel("Attach files")
      .setInputFiles([{ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") }]);
    await fine("a file to send");
    await page.getByRole("button", { name: "Remove a.txt" }).click();
    await page.getByRole("button", { name: "About this person" }).click();
    await page.getByRole("region", { name: /^About this/ }).waitFor();
    await fine("about a person");
    await page
      .getByRole("region", { name: /^About this/ })
      .getByRole("button", { name: "Close" })
      .click();
    if (options.viewport.width < 500) await page.getByRole("button", { name: "Back to the chats" }).click();
    await page.getByRole("button", { name: "Your account" }).click();
    await fine("the account's menu");
    await page.getByRole("menuitem", { name: "Your profile" }).click();
    await fine("the profile");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "New group" }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("A group");
    await page.getByRole("dialog").getByRole("searchbox").fill("bob");
    await page.getByRole("button", { name: "@bob" }).click();
    await fine("a new group");
    await page.getByRole("button", { name: "Create group" }).click();
    await ann.heading("A group").waitFor();
    await page.getByRole("button", { name: "About this group" }).click();
    await page
      .getByRole("region", { name: /^About this/ })
      .getByText("2 members")
      .waitFor();
    await fine("about a group");
    await stage.server.stop();
    await page.getByText("No connection to the server.").waitFor();
    await fine("without a connection");
  });
});

describe("the keyboard alone", () => {
  it("finds somebody, writes, moves among messages and chats, and comes back", async () => {
    const stage = await openStage();
    const bob = await stage.enter("bob");
    const ann = await stage.enter("ann");
    const { keyboard } = ann.page;
    const focused = () => ann.page.evaluate(() => document.activeElement?.textContent ?? "");
    const tabUntil = async (locator: string) => {
      for (let steps = 0; steps < 30; steps++) {
        if (await ann.page.evaluate((selector) => document.activeElement?.matches(selector) === true, locator)) return;
        await keyboard.press("Tab");
      }
      throw new Error(`Tab does not lead to ${locator}`);
    };
    await tabUntil("input[type=search]");
    await keyboard.type("bob");
    await ann.page.getByRole("button", { name: "@bob" }).waitFor();
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await ann.heading("bob").waitFor();
    await expect.poll(() => ann.page.evaluate(() => document.activeElement?.tagName), SOON).toBe("TEXTAREA");
    await keyboard.type("first");
    await keyboard.press("Enter");
    await keyboard.type("second");
    await keyboard.press("Enter");
    await ann.sees("first", "second");
    await expect.poll(() => ann.page.locator(".message.pending").count(), SOON).toBe(0);
    // One stop for Tab; arrows go from message to message, Enter opens what can be done.
    await ann.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await tabUntil("[data-seq]");
    expect(await focused()).toContain("second");
    await keyboard.press("ArrowUp");
    expect(await focused()).toContain("first");
    await keyboard.press("Enter");
    await expect.poll(focused, SOON).toBe("Reply");
    await keyboard.press("End");
    expect(await focused()).toBe("Delete");
    await keyboard.press("Enter");
    await ann.page.getByRole("dialog").waitFor();
    await keyboard.press("Escape");
    await ann.page.getByRole("dialog").waitFor({ state: "detached" });
    // The last own message is changed with the arrow upwards.
    await ann.field.focus();
    await keyboard.press("ArrowUp");
    await expect.poll(() => ann.page.getByLabel("Edit message").inputValue(), SOON).toBe("second");
    await keyboard.press("Escape");
    await expect.poll(() => ann.field.inputValue(), SOON).toBe("");
    await bob.open("ann");
    await bob.sees("first", "second");
  });
});

describe("what is loaded", () => {
  const dist = join(import.meta.dirname, "../../dist/web");

  it("is at most 60 KB of script after gzip, all parts together", () => {
    // The pages of the API documents have scripts of their own, in folders of their own.
    const parts = ["sw.js", ...readdirSync(join(dist, "assets")).map((name) => join("assets", name))];
    const scripts = parts.filter((name) => name.endsWith(".js"));
    const bytes = scripts.map((name) => gzipSync(readFileSync(join(dist, name)), { level: 9 }).length);
    expect(scripts.length).toBeGreaterThanOrEqual(3);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(60 * 1024);
  });

  it("is one script and one style until the first view can be used", async () => {
    const stage = await openStage();
    const requests: string[] = [];
    const page = await stage.window({ serviceWorkers: "block" });
    page.on("request", (request) => requests.push(request.resourceType()));
    await page.goto(`${stage.server.url}/?again`);
    await page.getByLabel("Username").fill("usable");
    expect(requests.filter((type) => type === "script")).toHaveLength(1);
    expect(requests.filter((type) => type === "stylesheet")).toHaveLength(1);
  });

  it("comes with a policy that lets nothing else run", async () => {
    const stage = await openStage();
    const response = await fetch(stage.server.url);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const page = await stage.window();
    stage.expectFault(/Content Security Policy|TrustedHTML/);
    const run = 'import("data:text/javascript,globalThis.ran=1").then(() => "ran", () => "refused")';
    expect(await page.evaluate(run)).toBe("refused");
    const write = 'try { document.body.innerHTML = "<b>ran</b>"; "ran" } catch { "refused" }';
    expect(await page.evaluate(write)).toBe("refused");
  });
});
