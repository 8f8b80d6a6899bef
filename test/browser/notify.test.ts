// What is told while nobody looks, and that nobody is asked before they want it.

import { beforeAll, describe, expect, it } from "vitest";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

interface Told {
  asked: number;
  shown: { title: string; body: string }[];
}

describe("notifications", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Person;
  const told = () => ann.page.evaluate(() => (globalThis as unknown as { told: Told }).told);

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    bob = await stage.enter("bob");
    // The desktop is not ours to look at: what the page asks of it is.
    await ann.page.addInitScript(() => {
      const seen: Told = { asked: 0, shown: [] };
      class Fake extends EventTarget {
        static permission = "default";
        static async requestPermission() {
          seen.asked++;
          return (Fake.permission = "granted");
        }
        constructor(title: string, options: { body: string }) {
          super();
          seen.shown.push({ title, body: options.body });
        }
        close() {}
      }
      Object.assign(globalThis, { told: seen, Notification: Fake });
      Object.defineProperty(document, "hasFocus", { value: () => !document.hidden });
    });
    await ann.reload();
  });

  /** Ann looks at something else, or comes back. */
  const hide = (hidden: boolean) =>
    ann.page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);

  it("are asked for when they are turned on, and not before", async () => {
    await bob.find("ann");
    await bob.say("first");
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("1 unread");
    expect(await told()).toEqual({ asked: 0, shown: [] });
    await ann.page.getByRole("button", { name: "Your account" }).click();
    await ann.page.getByRole("menuitem", { name: "Turn on notifications" }).click();
    await expect.poll(async () => (await told()).asked, SOON).toBe(1);
  });

  it("tell who says what while one looks elsewhere, and only then; the title counts", async () => {
    await ann.open("bob");
    await bob.say("seen at once");
    await ann.sees("first", "seen at once");
    await expect.poll(() => bob.ticks("seen at once"), SOON).toBe("Read");
    expect((await told()).shown).toEqual([]);
    await hide(true);
    await bob.say("while you are away");
    await expect.poll(async () => (await told()).shown, SOON).toEqual([{ title: "bob", body: "while you are away" }]);
    await expect.poll(() => ann.page.title(), SOON).toBe("(1) Parlance");
    expect(await bob.ticks("while you are away")).toBe("Delivered");
    await hide(false);
    await ann.page.getByText("New messages").waitFor();
    await expect.poll(() => bob.ticks("while you are away"), SOON).toBe("Read");
    await expect.poll(() => ann.page.title(), SOON).toBe("Parlance");
  });
});

describe("the page as an app", () => {
  it("can be installed: a manifest, icons that are there, and a worker", async () => {
    const stage = await openStage();
    const page = await stage.window();
    const href = (await page.locator("link[rel=manifest]").getAttribute("href")) ?? "";
    const manifest = (await (await fetch(new URL(href, stage.server.url))).json()) as {
      icons: { src: string; sizes: string; type: string }[];
      start_url: string;
      display: string;
    };
    expect(manifest).toMatchObject({ start_url: "/", display: "standalone" });
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(new URL(src, stage.server.url));
      expect([icon.status, icon.headers.get("content-type")?.split(";")[0]]).toEqual([200, type]);
    }
    expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.scriptURL)).toBe(
      `${stage.server.url}/sw.js`,
    );
  });
});
