// A group: made with people who are picked, its page, and what its members may do with each other.

import { beforeAll, describe, expect, it } from "vitest";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

describe("a group", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Person;
  let eve: Person;

  const page = (who: Person) => who.page.getByRole("region", { name: "About this group" });
  const member = (who: Person, name: string) =>
    page(who)
      .getByRole("listitem")
      .filter({ hasText: `@${who.usernameOf(name)}` });
  async function give(name: string, action: string): Promise<void> {
    await member(ann, name).getByRole("button").click();
    await ann.page.getByRole("menuitem", { name: action }).click();
  }

  beforeAll(async () => {
    stage = await openStage();
    [ann, bob, eve] = await Promise.all([stage.enter("ann"), stage.enter("bob"), stage.enter("eve")]);
  });

  it("is made with a title and people who are picked", async () => {
    await ann.page.getByRole("button", { name: "New group" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "New group" });
    await dialog.getByLabel("Title").fill("Hikers");
    for (const name of ["bob", "eve"]) {
      await dialog.getByRole("searchbox").fill(ann.usernameOf(name));
      await dialog.getByRole("button", { name: `@${ann.usernameOf(name)}` }).click();
    }
    await dialog.getByRole("button", { name: "Remove eve" }).click();
    await dialog.getByRole("button", { name: "Create group" }).click();
    await ann.heading("Hikers").waitFor();
    await ann.say("welcome");
    await bob.open("Hikers");
    await bob.sees("welcome");
    await expect.poll(() => ann.page.locator(".whereabouts").textContent(), SOON).toBe("2 members, 2 online");
  });

  it("takes people in, who see what was said before", async () => {
    await ann.page.getByRole("button", { name: "About this group" }).click();
    await page(ann).getByRole("searchbox", { name: "Add people" }).fill(eve.username);
    await page(ann)
      .getByRole("button", { name: `@${eve.username}` })
      .click();
    await eve.open("Hikers");
    await eve.sees("welcome");
    // What was found goes, and she is among the members.
    await expect.poll(() => member(ann, "eve").count(), SOON).toBe(1);
    await expect.poll(() => page(ann).textContent(), SOON).toContain("3 members");
  });

  it("shows who has read a message", async () => {
    await ann.say("who reads this?");
    await expect.poll(() => ann.ticks("who reads this?"), SOON).toBe("Read by bob, eve");
    await ann.act("who reads this?", "Read by");
    const dialog = ann.page.getByRole("dialog", { name: "Read by" });
    await expect
      .poll(() => dialog.getByRole("listitem").allInnerTexts(), SOON)
      .toEqual(["bob", "eve"].map((name) => expect.stringContaining(name)));
    await ann.page.keyboard.press("Escape");
  });

  it("gives roles, which all see at once", async () => {
    await bob.page.getByRole("button", { name: "About this group" }).click();
    await give("bob", "Make an admin");
    await expect.poll(() => member(bob, "bob").textContent(), SOON).toContain("Admin");
    await expect.poll(() => member(ann, "bob").textContent(), SOON).toContain("Admin");
    await give("bob", "Make a member");
    await expect.poll(() => member(bob, "bob").textContent(), SOON).not.toContain("Admin");
  });

  it("is renamed by anyone in it", async () => {
    await page(bob).getByRole("button", { name: "Rename" }).click();
    await page(bob).getByLabel("Title").fill("Climbers");
    await page(bob).getByRole("button", { name: "Save" }).click();
    for (const who of [ann, bob, eve]) await who.heading("Climbers").waitFor();
  });

  it("removes people, after a second question, who hear nothing more", async () => {
    await give("eve", "Remove from the group");
    await ann.page.getByRole("dialog").getByRole("button", { name: "Remove from the group" }).click();
    await eve.heading("Climbers").waitFor({ state: "detached" });
    expect(await eve.row("Climbers").count()).toBe(0);
    await expect.poll(() => member(bob, "eve").count(), SOON).toBe(0);
  });

  it("is left, and its owner's role passes on", async () => {
    await page(ann).getByRole("button", { name: "Leave the group" }).click();
    await ann.page.getByRole("dialog").getByRole("button", { name: "Leave the group" }).click();
    await ann.heading("Climbers").waitFor({ state: "detached" });
    await expect.poll(() => member(bob, "bob").textContent(), SOON).toContain("Owner");
  });

  it("is erased for everyone by its owner, after a second question", async () => {
    await page(bob).getByRole("button", { name: "Erase this chat" }).click();
    await bob.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect(await bob.row("Climbers").count()).toBe(1);
    await page(bob).getByRole("button", { name: "Erase this chat" }).click();
    await bob.page.getByRole("dialog").getByRole("button", { name: "Erase this chat" }).click();
    await expect.poll(() => bob.row("Climbers").count(), SOON).toBe(0);
  });
});
