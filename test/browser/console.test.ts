// The operators' page: apps with their keys, switches and counts, and nothing of it for anyone else.

import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../wire/server.ts";
import { findings } from "./axe.ts";
import type { Stage } from "./stage.ts";
import { openOwnStage, SOON } from "./stage.ts";

describe("the operators' page", () => {
  let stage: Stage<Server>;
  let page: Page;
  let key: string;
  let app: string;

  const dialog = (name: string) => page.getByRole("dialog", { name });
  /** Whether the app's key is taken. */
  const opens = async (tried: string): Promise<boolean> =>
    (await fetch(`${stage.server.url}/user/${app}`, { headers: { "x-app-key": tried } })).status === 200;

  beforeAll(async () => {
    stage = await openOwnStage();
    page = await stage.window();
    await page.goto(`${stage.server.url}/console`);
  });

  it("lets operators in alone", async () => {
    expect(await findings(page)).toEqual([]);
    await page.getByLabel("E-mail").fill(stage.server.operator.email);
    await page.getByLabel("Password").fill("a wrong password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: "Login failed" }).waitFor();
    await page.getByLabel("Password").fill(stage.server.operator.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    await page.getByRole("link", { name: /users/ }).first().waitFor();
    expect(await findings(page)).toEqual([]);
  });

  it("makes an app and shows its key once, with the address", async () => {
    await page.getByRole("button", { name: "New app" }).click();
    await dialog("New app").getByLabel("Name").fill("Shop");
    await dialog("New app").getByLabel("Address that verifies").fill("https://shop.example.org/verify");
    await dialog("New app").getByRole("button", { name: "Create app" }).click();
    const shown = dialog("Shop");
    await shown.waitFor();
    expect(await findings(page)).toEqual([]);
    [key = "", app = ""] = await shown.locator("code").allInnerTexts();
    expect(await shown.textContent()).toContain(stage.server.url);
    expect(await opens(key)).toBe(true);
    await shown.getByRole("button", { name: "Close" }).last().click();
    expect(await page.content()).not.toContain(key);
  });

  it("counts users and chats, and says who is online", async () => {
    const ann = await stage.enter("ann");
    await page.getByRole("link", { name: /default/i }).click();
    await page.getByRole("heading", { name: "Users" }).waitFor();
    await expect
      .poll(async () => {
        await page.getByRole("button", { name: "Refresh" }).click();
        return page.getByRole("region", { name: "In it" }).textContent();
      }, SOON)
      .toMatch(/1 user.*0 chats.*1 online/);
    expect(await findings(page)).toEqual([]);
    await ann.page.context().close();
    await page.getByRole("link", { name: "All apps" }).click();
  });

  it("turns an app's switches", async () => {
    await page.getByRole("link", { name: /Shop/ }).click();
    const strict = page.getByRole("checkbox", { name: /Read before send/ });
    await strict.check();
    await page.getByText("Saved.").waitFor();
    await page.reload();
    await expect.poll(() => strict.isChecked(), SOON).toBe(true);
  });

  it("shows a switch as it was turned while that is being saved, and as it is where that fails", async () => {
    const strict = page.getByRole("checkbox", { name: /Read before send/ });
    let fail: (() => void) | undefined;
    await page.route("**/app/*", async (route) => {
      if (route.request().method() !== "PATCH") return route.continue();
      await new Promise<void>((asked) => (fail = asked));
      await route.fulfill({ status: 500, body: "{}" });
    });
    await strict.uncheck();
    await expect.poll(() => fail).toBeDefined();
    // What is drawn anew meanwhile is known by another name.
    await page.route("**/app?*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll("Shop", "Renamed") });
    });
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "Renamed" }).waitFor();
    expect(await strict.isChecked()).toBe(false);
    fail?.();
    await expect.poll(() => strict.isChecked(), SOON).toBe(true);
    await page.unrouteAll();
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
  });

  it("shows each of two switches as it was turned, whichever is saved first", async () => {
    const strict = page.getByRole("checkbox", { name: /Read before send/ });
    const open = page.getByRole("checkbox", { name: /Open: clients/ });
    const was = [await open.isChecked(), await strict.isChecked()];
    const saves: (() => void)[] = [];
    await page.route("**/app/*", async (route) => {
      if (route.request().method() === "PATCH") await new Promise<void>((save) => saves.push(save));
      await route.continue();
    });
    await open.click();
    await strict.click();
    await expect.poll(() => saves.length).toBe(2);
    await page.route("**/app?*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll("Shop", "Renamed") });
    });
    saves[0]?.();
    await page.getByRole("heading", { name: "Renamed" }).waitFor();
    expect([await open.isChecked(), await strict.isChecked()]).toEqual(was.map((on) => !on));
    await page.unroute("**/app?*");
    saves[1]?.();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
    expect([await open.isChecked(), await strict.isChecked()]).toEqual(was.map((on) => !on));
    await page.unrouteAll();
    for (const one of [open, strict]) {
      const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
      await one.click();
      await saved;
    }
    await page.reload();
    await expect.poll(async () => [await open.isChecked(), await strict.isChecked()], SOON).toEqual(was);
  });

  it("keeps messages for so many days, once a second question is answered", async () => {
    const days = page.getByLabel(/Keep messages for so many days/);
    const kept = async (): Promise<string> => {
      await page.reload();
      return days.inputValue();
    };
    await days.fill("30");
    await page.getByRole("button", { name: "Save" }).click();
    const question = dialog("Delete old messages");
    expect(await findings(page)).toEqual([]);
    await question.getByRole("button", { name: "Cancel" }).click();
    expect(await kept()).toBe("");
    await days.fill("30");
    await page.getByRole("button", { name: "Save" }).click();
    await question.getByRole("button", { name: "Delete old messages" }).click();
    await page.getByText("Saved.").waitFor();
    await expect.poll(kept, SOON).toBe("30");
    await days.fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").last().waitFor();
    await expect.poll(kept, SOON).toBe("");
  });

  it("makes another key after a second question, and the old one is dead", async () => {
    await page.getByRole("button", { name: "Make a new key" }).click();
    await dialog("Make a new key").getByRole("button", { name: "Make a new key" }).click();
    await dialog("Shop").waitFor();
    const [fresh = ""] = await dialog("Shop").locator("code").allInnerTexts();
    expect(fresh).not.toBe(key);
    expect([await opens(key), await opens(fresh)]).toEqual([false, true]);
    await dialog("Shop").getByRole("button", { name: "Close" }).last().click();
  });

  it("deletes an app when its name is written", async () => {
    await page.getByRole("button", { name: "Delete this app" }).click();
    const question = dialog("Delete this app");
    const go = question.getByRole("button", { name: "Delete this app" });
    await question.getByLabel("The app's name").fill("Shopp");
    expect(await go.isDisabled()).toBe(true);
    await question.getByLabel("The app's name").fill("Shop");
    await go.click();
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: /Shop/ }).count(), SOON).toBe(0);
  });

  it("fits on a phone, in the dark", async () => {
    await page.setViewportSize({ width: 320, height: 568 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByRole("link", { name: /default/i }).click();
    await page.getByRole("heading", { name: "Users" }).waitFor();
    expect(await findings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });

  it("forgets the operator who logs out", async () => {
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("E-mail").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });
});
