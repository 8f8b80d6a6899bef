// Two people in two windows: everything that happens between them while both are there.

import { beforeAll, describe, expect, it } from "vitest";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

describe("two people talk", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Person;

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    bob = await stage.enter("bob");
  });

  it("begin a chat by searching, and the other one sees it with its badge, in the list and in the title", async () => {
    await ann.find("bob");
    await ann.say("hello bob", "are you there?");
    await ann.sees("hello bob", "are you there?");
    await expect.poll(() => bob.row("ann").textContent(), SOON).toContain("2 unread");
    expect(await bob.row("ann").textContent()).toContain("are you there?");
    await expect.poll(() => bob.page.title()).toBe("(2) Parlance");
  });

  it("see how far a message has got: sent or delivered, then read, and the badge goes", async () => {
    await expect.poll(() => ann.ticks("are you there?"), SOON).toBe("Delivered");
    await bob.open("ann");
    await bob.sees("hello bob", "are you there?");
    await expect.poll(() => ann.ticks("are you there?"), SOON).toBe("Read");
    await expect.poll(() => bob.row("ann").textContent()).not.toContain("unread");
    expect(await bob.page.title()).toBe("Parlance");
  });

  it("see each other write, in the conversation and in the list, and no longer once it is sent", async () => {
    const shown = async (): Promise<boolean[]> => {
      // Who pauses for long is no longer writing.
      await bob.field.fill("");
      await bob.field.pressSequentially("yes, I");
      const [main, row] = [ann.page.getByRole("main"), ann.row("bob")];
      return [await main.getByText("bob is writing…").isVisible(), await row.getByText("writing…").isVisible()];
    };
    await expect.poll(shown, SOON).toEqual([true, true]);
    await bob.field.pressSequentially(" am");
    await bob.field.press("Enter");
    await ann.sees("yes, I am");
    await expect.poll(() => ann.page.getByRole("main").textContent()).not.toContain("is writing");
  });

  it("see whether the other one is there", async () => {
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("online");
    await bob.page.close();
    await expect.poll(() => ann.page.locator(".whereabouts").textContent(), SOON).toContain("last seen");
    expect(await ann.row("bob").textContent()).not.toContain("online");
    await ann.say("come back");
    await expect.poll(() => ann.ticks("come back"), SOON).toBe("Sent");
    const page = await stage.window();
    bob = bob.at(page);
    await bob.login();
    await expect.poll(() => ann.ticks("come back"), SOON).toBe("Delivered");
    await bob.open("ann");
    await bob.sees("come back");
  });

  it("answer with a quotation that leads to what it answers", async () => {
    await bob.act("come back", "Reply");
    await bob.say("I am back");
    const answer = ann.message("I am back");
    await answer.getByRole("button", { name: "In reply to ann: come back" }).click();
    await expect.poll(() => ann.page.evaluate(() => document.activeElement?.textContent), SOON).toContain("come back");
  });

  it("change and delete what they said, for both", async () => {
    await bob.act("I am back", "Edit");
    await bob.page.getByRole("textbox", { name: "Edit message" }).fill("I am here");
    await bob.page.keyboard.press("Enter");
    await ann.sees("I am here");
    expect(await ann.message("I am here").textContent()).toContain("edited");
    await bob.act("I am here", "Delete");
    await bob.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await ann.sees("This message was deleted");
    await bob.sees("This message was deleted");
  });

  it("write with Enter, break lines with Shift and Enter, and keep their drafts", async () => {
    await ann.field.fill("one");
    await ann.field.press("Shift+Enter");
    await ann.field.pressSequentially("two");
    await ann.field.press("Enter");
    await bob.sees("one\ntwo");
    await ann.field.fill("not yet");
    await ann.reload();
    expect(await ann.field.inputValue()).toBe("not yet");
    await ann.field.fill("");
  });
});
