// Answers that were on their way while something else was told: what is newer stays. And whoever is quick finds the focus
// where it is going to be.

import type { Page, Route } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

/** Holds the answer to the first request for `address` from when it is made until it is let go, or gives another for it. */
async function hold(page: Page, address: string, instead?: (route: Route) => Promise<void>) {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  let isMade = false;
  let isFirst = true;
  await page.route(address, async (route) => {
    if (!isFirst) return route.fallback();
    isFirst = false;
    const response = instead === undefined ? await route.fetch() : undefined;
    isMade = true;
    await held;
    await (response === undefined ? instead?.(route) : route.fulfill({ response }));
  });
  return {
    async made(): Promise<void> {
      await expect.poll(() => isMade, SOON).toBe(true);
    },
    /** The page has it, and has shown what it shows of it. */
    async release(): Promise<void> {
      const told = page.waitForResponse(address);
      letGo();
      await told;
      await page.unrouteAll({ behavior: "wait" });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    },
  };
}

/** An address of the API, with any query. */
const api = (path: string): string => `**/v1/${path}`;

describe("an answer that comes late", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Person;

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    bob = await stage.enter("bob");
  });

  it("does not take a chat away that began meanwhile", async () => {
    const eve = await stage.enter("eve");
    await eve.page.getByText("No chats yet").waitFor();
    const list = await hold(eve.page, api("chats?*"));
    await eve.page.reload();
    await list.made();
    await eve.find("bob");
    await eve.say("begun meanwhile");
    await bob.row("eve").waitFor();
    await list.release();
    await eve.sees("begun meanwhile");
    expect(await eve.row("bob").count()).toBe(1);
  });

  it("does not count what has been read meanwhile", async () => {
    await ann.find("bob");
    await ann.say("hello");
    await bob.open("ann");
    await bob.sees("hello");
    await ann.page.evaluate(() => (location.hash = "#/"));
    await bob.say("one", "two");
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("2 unread");
    const client = await ann.elsewhere();
    const [{ id }] = (await client.json("GET", "/v1/chats")).items;
    const before = await client.json("GET", `/v1/chats/${id}`);
    expect(before.unread).toBe(2);
    const chat = await hold(ann.page, api(`chats/${id}`), (route) => route.fulfill({ json: before }));
    await ann.open("bob");
    await chat.made();
    await expect.poll(() => ann.row("bob").textContent(), SOON).not.toContain("unread");
    await chat.release();
    expect(await ann.row("bob").textContent()).not.toContain("unread");
  });

  it("does not bring the chats of one who has logged out", async () => {
    const list = await hold(ann.page, api("chats?*"));
    await ann.page.reload();
    await list.made();
    await ann.page.getByRole("button", { name: "Your account" }).click();
    await ann.page.getByRole("menuitem", { name: "Log out", exact: true }).click();
    const zoe = stage.person("zoe", ann.page);
    await zoe.register();
    await zoe.page.getByText("No chats yet").waitFor();
    await list.release();
    expect(await zoe.row("bob").count()).toBe(0);
  });
});

describe("members that are on their way", () => {
  it("do not hide who came after them", async () => {
    const stage = await openStage();
    const [ann, eve] = [await stage.enter("ann"), await stage.enter("eve")];
    const bob = await stage.client("bob");
    const ids = [await bob.idOf(ann.username), await bob.idOf(eve.username)];
    const { id } = await bob.json("POST", "/v1/chats", { members: [ids[0]], title: "Group" });
    await ann.open("Group");
    await ann.page.getByRole("button", { name: "About this group" }).click();
    const members = ann.page.getByRole("region", { name: "About this group" }).getByRole("listitem");
    await expect.poll(() => members.count(), SOON).toBe(2);
    // Somebody comes and goes while she is away, so that she asks for members.
    await ann.page.context().setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await bob.json("PUT", `/v1/chats/${id}/members/${ids[1]}`, {});
    await bob.json("DELETE", `/v1/chats/${id}/members/${ids[1]}`);
    const changes = await hold(ann.page, api(`chats/${id}/changes?*`));
    await ann.page.context().setOffline(false);
    await changes.made();
    await bob.json("PUT", `/v1/chats/${id}/members/${ids[1]}`, {});
    await expect.poll(() => members.count(), SOON).toBe(3);
    await changes.release();
    await expect.poll(() => members.count(), SOON).toBe(3);
  });
});

describe("a quick hand", () => {
  it("finds the focus in menus, questions and the field as soon as they are opened", async () => {
    const stage = await openStage();
    const ann = await stage.enter("ann");
    await stage.enter("bob");
    await ann.find("bob");
    await ann.say("a text");
    await ann.hasUnsent(0);
    /** Where the focus is once a click is worked off, before anything is painted. */
    const after = (name: string): Promise<string | undefined> =>
      ann.page.evaluate(async (wanted) => {
        const buttons = [...document.querySelectorAll<HTMLElement>("button")];
        buttons.find((one) => (one.getAttribute("aria-label") ?? one.textContent) === wanted)?.click();
        for (let turns = 0; turns < 20; turns++) await Promise.resolve();
        const { activeElement: now } = document;
        return (
          now?.closest("dialog, [role=menu]")?.getAttribute("role") ?? now?.closest("dialog")?.tagName ?? now?.tagName
        );
      }, name);
    expect(await after("More actions")).toBe("menu");
    expect(await after("Delete")).toBe("DIALOG");
    await ann.page.keyboard.press("Escape");
    await ann.page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await after("More actions")).toBe("menu");
    await ann.field.evaluate((field) => field.blur());
    expect(await after("Reply")).toBe("TEXTAREA");
  });
});
