// What was written gets there, once and in order: without a connection, over reloads, with the server gone and back, in two
// tabs and on two devices.

import type { Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../wire/server.ts";
import type { Person, Stage } from "./stage.ts";
import { openOwnStage, openStage, SOON } from "./stage.ts";

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${word} ${at + 1}`);

/** The longer the server was gone, the longer it takes until one tries again. */
const AT_LAST = { timeout: 60_000 };

/** What the browser keeps on its disk. */
const kept = (page: Page, store: "outbox" | "seen"): Promise<string> =>
  page.evaluate(
    (name) =>
      new Promise<string>((resolve) => {
        indexedDB.open("parlance").addEventListener("success", ({ target }) => {
          const database = (target as IDBOpenDBRequest).result;
          const all = database.transaction(name).objectStore(name).getAll();
          all.addEventListener("success", () => {
            database.close();
            resolve(JSON.stringify(all.result));
          });
        });
      }),
    store,
  );

/** Answers to requests like `address` are fetched, and kept back until they are let go. */
async function holding(
  page: Page,
  address: string | RegExp,
): Promise<{ isHeld: () => Promise<void>; letGo: () => void }> {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let count = 0;
  await page.route(address, async (route) => {
    const response = await route.fetch();
    count++;
    await gate;
    await route.fulfill({ response });
  });
  const isHeld = async (): Promise<void> => {
    await expect.poll(() => count, SOON).toBeGreaterThan(0);
  };
  return { isHeld, letGo };
}

describe("never a word is lost", () => {
  let stage: Stage<Server>;
  let ann: Person;
  let bob: Person;

  beforeAll(async () => {
    stage = await openOwnStage();
    ann = await stage.enter("ann");
    bob = await stage.enter("bob");
    await ann.find("bob");
    await ann.say("hello");
    await bob.open("ann");
    await bob.sees("hello");
  });

  afterEach(async () => {
    await ann.page.unrouteAll();
    await ann.page.context().setOffline(false);
  });

  it("offline: messages show at once and wait, a banner says so; online they go, once and in order", async () => {
    const context = ann.page.context();
    await context.setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    const texts = numbered("offline", 4);
    await ann.say(...texts);
    await ann.sees(...texts);
    await ann.hasUnsent(4);
    await ann.page.getByText("4 messages will be sent when it is back.").waitFor();
    await bob.say("meanwhile");
    await bob.hasUnsent(0);
    await context.setOffline(false);
    await bob.sees("meanwhile", ...texts);
    await ann.sees("meanwhile", ...texts);
    await ann.hasUnsent(0);
    await ann.page.getByText("You are offline.").waitFor({ state: "detached" });
  });

  it("a change that can't be saved is in the field again", async () => {
    const context = ann.page.context();
    await ann.act("offline 1", "Edit");
    const changed = ann.page.getByRole("textbox", { name: "Edit message" });
    await changed.fill("changed, but too late");
    await context.setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await changed.press("Enter");
    await expect.poll(() => changed.inputValue(), SOON).toBe("changed, but too late");
    await ann.page.keyboard.press("Escape");
    await context.setOffline(false);
    await ann.page.getByText("You are offline.").waitFor({ state: "detached" });
    await ann.message("offline 1").waitFor();
  });

  it("a reload without a connection: the page opens, with what was seen before, and what waits still waits", async () => {
    const context = ann.page.context();
    await expect
      .poll(() => ann.page.evaluate(() => navigator.serviceWorker.controller !== null || caches.has("shell")), SOON)
      .toBe(true);
    await ann.page.evaluate(() => navigator.serviceWorker.ready);
    await expect.poll(() => kept(ann.page, "seen"), SOON).toContain("offline 4");
    await context.setOffline(true);
    await ann.say("written on the train", "in the tunnel");
    await ann.reload();
    await ann.sees("meanwhile", ...numbered("offline", 4), "written on the train", "in the tunnel");
    await ann.hasUnsent(2);
    await ann.say("after the reload");
    await context.setOffline(false);
    await bob.sees("written on the train", "in the tunnel", "after the reload");
    await ann.sees("written on the train", "in the tunnel", "after the reload");
    await ann.hasUnsent(0);
  });

  it("the server killed in mid-conversation and started again: both go on, nothing is missing or twice", async () => {
    await ann.say("before the crash");
    await bob.sees("before the crash");
    await stage.server.kill();
    await ann.page.getByText("No connection to the server.").waitFor();
    await ann.say("into the dark 1");
    await bob.say("into the dark 2");
    await ann.say("into the dark 3");
    await stage.server.restart();
    for (const one of [ann, bob]) {
      await expect
        .poll(async () => (await one.texts()).filter((text) => text.startsWith("into the dark")).toSorted(), AT_LAST)
        .toEqual(numbered("into the dark", 3));
      await one.hasUnsent(0);
    }
    const [seen, other] = [await ann.texts(), await bob.texts()];
    expect(seen).toEqual(other);
    expect(seen.indexOf("into the dark 1")).toBeLessThan(seen.indexOf("into the dark 3"));
    await ann.say("and on");
    await bob.sees("and on");
  });

  it("an answer that is lost: the message is sent again, and is there once", async () => {
    // The server gets it, but its answer does not come back: the connection ends under it.
    await ann.page.evaluate(() => {
      const { send } = Object.getOwnPropertyDescriptors(WebSocket.prototype) as { send: { value: WebSocket["send"] } };
      WebSocket.prototype.send = function (data) {
        send.value.call(this, data);
        if (typeof data !== "string" || !data.includes('"message.send"')) return;
        WebSocket.prototype.send = send.value;
        this.close();
      };
    });
    await ann.say("said once");
    await bob.sees("said once");
    await ann.sees("said once");
    await ann.hasUnsent(0);
    expect((await bob.texts()).filter((text) => text === "said once")).toHaveLength(1);
    expect((await ann.texts()).filter((text) => text === "said once")).toHaveLength(1);
  });

  it("what is typed while a change is being saved is there when it is", async () => {
    await ann.page.evaluate(() => {
      const { send } = Object.getOwnPropertyDescriptors(WebSocket.prototype) as { send: { value: WebSocket["send"] } };
      WebSocket.prototype.send = function (data) {
        const isChange = typeof data === "string" && data.includes('"message.edit"');
        if (!isChange) return send.value.call(this, data);
        WebSocket.prototype.send = send.value;
        addEventListener("save", () => this.send(data), { once: true });
      };
    });
    await ann.act("said once", "Edit");
    const changed = ann.page.getByRole("textbox", { name: "Edit message" });
    await changed.fill("said once and for all");
    await changed.press("Enter");
    await ann.page.keyboard.type("and this is next");
    await ann.page.evaluate(() => dispatchEvent(new Event("save")));
    await bob.sees("said once and for all");
    await ann.sees("said once and for all");
    expect(await ann.field.inputValue()).toBe("and this is next");
    await ann.field.fill("");
  });

  it("a change that was told of before the connection ended is not in the field again, though nothing answered", async () => {
    await ann.page.evaluate(() => {
      const { send } = Object.getOwnPropertyDescriptors(WebSocket.prototype) as { send: { value: WebSocket["send"] } };
      WebSocket.prototype.send = function (data) {
        const isChange = typeof data === "string" && data.includes('"message.edit"');
        if (isChange) WebSocket.prototype.send = send.value;
        // The answer is to a question that nobody has asked.
        send.value.call(this, isChange ? JSON.stringify({ ...JSON.parse(data), id: "lost" }) : data);
      };
    });
    await ann.act("said once and for all", "Edit");
    await ann.page.getByRole("textbox", { name: "Edit message" }).fill("changed without an answer");
    await ann.page.keyboard.press("Enter");
    await bob.sees("changed without an answer");
    await ann.sees("changed without an answer");
    await ann.page.context().setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await expect.poll(() => ann.field.inputValue(), SOON).toBe("");
    await ann.page.context().setOffline(false);
    await ann.page.getByText("You are offline.").waitFor({ state: "detached" });
    await ann.say("and on it goes");
    await bob.sees("and on it goes");
  });

  it("a change that was not saved while another one was begun is there when its message is changed again", async () => {
    await ann.page.evaluate(() => {
      const { send } = Object.getOwnPropertyDescriptors(WebSocket.prototype) as { send: { value: WebSocket["send"] } };
      WebSocket.prototype.send = function (data) {
        const isChange = typeof data === "string" && data.includes('"message.edit"');
        if (!isChange) return send.value.call(this, data);
        WebSocket.prototype.send = send.value;
        addEventListener("lose", () => this.close(), { once: true });
      };
    });
    const changed = ann.page.getByRole("textbox", { name: "Edit message" });
    await ann.act("changed without an answer", "Edit");
    await changed.fill("changed for the second time");
    await changed.press("Enter");
    await ann.act("and on it goes", "Edit");
    await ann.page.evaluate(() => dispatchEvent(new Event("lose")));
    await ann.page.getByText("The server can't be reached.").waitFor();
    expect(await changed.inputValue()).toBe("and on it goes");
    await changed.press("Escape");
    await ann.act("changed without an answer", "Edit");
    expect(await changed.inputValue()).toBe("changed for the second time");
    await changed.press("Enter");
    await bob.sees("changed for the second time", "and on it goes");
    await ann.act("changed for the second time", "Edit");
    expect(await changed.inputValue()).toBe("changed for the second time");
    await changed.press("Escape");
  });

  it("what was written of a change is there after a look at another chat", async () => {
    await stage.client("cid");
    await ann.act("changed for the second time", "Edit");
    const changed = ann.page.getByRole("textbox", { name: "Edit message" });
    await changed.fill("changed half");
    await ann.find("cid");
    await ann.open("bob");
    expect(await changed.inputValue()).toBe("changed half");
    await changed.press("Escape");
    expect(await ann.field.inputValue()).toBe("");
  });

  it("a list of chats that was on its way while a message went: the message stays the last", async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let isFetched = false;
    await ann.page.route("**/v1/chats?*", async (route) => {
      const response = await route.fetch();
      isFetched = true;
      await held;
      await route.fulfill({ response });
    });
    // Nothing else says how the chat is.
    await ann.page.route("**/v1/chats/*", (route) => route.abort());
    await ann.page.context().setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await bob.say("while she was away");
    await bob.sees("while she was away");
    await bob.hasUnsent(0);
    await ann.page.context().setOffline(false);
    await expect.poll(() => isFetched, SOON).toBe(true);
    await ann.say("after the list");
    await bob.sees("after the list");
    await ann.hasUnsent(0);
    const told = ann.page.waitForResponse(/\/v1\/chats\?/u);
    letGo();
    await told;
    await ann.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    expect(await ann.row("bob").textContent()).toContain("after the list");
  });

  it("a chat that goes up while the list is fetched in pages, and is on none of them, stays open", async () => {
    let pages = 0;
    await ann.page.route("**/v1/chats?*", async (route) => {
      const { items } = await (await route.fetch()).json();
      const others = items.filter(({ peer }: { peer?: { name: string } }) => peer?.name !== "bob");
      await route.fulfill({ json: pages++ === 0 ? { items: others, next: "1.1" } : { items: [], next: null } });
    });
    await ann.page.context().setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await ann.page.context().setOffline(false);
    await expect.poll(() => pages, SOON).toBe(2);
    await ann.page.getByText("You are offline.").waitFor({ state: "detached" });
    await ann.say("is it still there?");
    await bob.sees("is it still there?");
    await ann.heading("bob").waitFor();
    await ann.page.unroute("**/v1/chats?*");
  });

  it("a disk that can't be read for a moment: what waits is shown, and goes", async () => {
    await ann.page.context().setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await ann.say("kept somewhere");
    await ann.hasUnsent(1);
    await ann.page.evaluate(() => {
      const database = IDBDatabase.prototype;
      const own = Object.getOwnPropertyDescriptor(database, "transaction") ?? {};
      database.transaction = () => {
        throw new DOMException("The database connection is closing.", "InvalidStateError");
      };
      addEventListener("disk", () => Object.defineProperty(database, "transaction", own), { once: true });
    });
    await ann.page.context().setOffline(false);
    await bob.sees("kept somewhere");
    await ann.sees("kept somewhere");
    await ann.page.evaluate(() => dispatchEvent(new Event("disk")));
    await ann.say("and on it goes again");
    await bob.sees("kept somewhere", "and on it goes again");
    await ann.hasUnsent(0);
  });

  it("two tabs of one browser: what is begun in one is not lost by what is begun in the other", async () => {
    const tab = await ann.tab();
    await tab.open("cid");
    await ann.field.fill("begun to bob");
    await tab.field.fill("begun to cid");
    await tab.reload();
    expect(await tab.field.inputValue()).toBe("begun to cid");
    await tab.open("bob");
    expect(await tab.field.inputValue()).toBe("begun to bob");
    await tab.page.close();
    await ann.field.fill("");
  });

  it("two tabs of one browser: what one writes the other shows, also before it is sent; each message goes once", async () => {
    const tab = await ann.tab();
    await tab.sees("and on it goes again");
    await tab.say("from the tab");
    await ann.sees("from the tab");
    await tab.hasUnsent(0);
    const context = ann.page.context();
    await context.setOffline(true);
    await ann.page.getByText("You are offline.").waitFor();
    await ann.say("tab one waits");
    await tab.hasUnsent(1);
    await tab.say("tab two waits");
    await ann.sees("tab one waits", "tab two waits");
    await context.setOffline(false);
    for (const one of [ann, tab, bob]) await one.sees("from the tab", "tab one waits", "tab two waits");
    for (const one of [ann, tab]) await one.hasUnsent(0);
    await tab.page.close();
  });

  it("a device whose list is still on its way counts what is said meanwhile, and what is read elsewhere", async () => {
    await ann.page.getByRole("button", { name: "About this person" }).waitFor();
    await ann.page.evaluate(() => (location.hash = "#/"));
    await ann.page.getByRole("button", { name: "About this person" }).waitFor({ state: "detached" });
    const [phone, tablet] = [ann.at(await stage.window()), ann.at(await stage.window())];
    const list = await holding(phone.page, "**/v1/chats?*");
    const chat = await holding(phone.page, /\/v1\/chats\/\d+$/u);
    await phone.login();
    await list.isHeld();
    await bob.say("while the list was on its way");
    // It was told of a chat that it does not know yet, and asks how that is now.
    await chat.isHeld();
    list.letGo();
    await phone.row("bob").waitFor();
    chat.letGo();
    await expect.poll(() => phone.row("bob").textContent(), SOON).toMatch(/while the list was on its way.*1 unread/u);

    const late = await holding(tablet.page, "**/v1/chats?*");
    await tablet.login();
    await late.isHeld();
    await ann.open("bob");
    for (const one of [ann, phone]) await expect.poll(() => one.row("bob").textContent(), SOON).not.toContain("unread");
    late.letGo();
    await expect.poll(() => tablet.row("bob").textContent(), SOON).toContain("while the list was on its way");
    expect(await tablet.row("bob").textContent()).not.toContain("unread");
    for (const one of [phone, tablet]) await one.page.context().close();
  });

  it("two devices: reading on one counts on the other, and so does writing and deleting", async () => {
    const phone = ann.at(await stage.window({ viewport: { width: 360, height: 640 } }));
    await phone.login();
    await ann.page.getByRole("button", { name: "About this person" }).waitFor();
    await ann.page.evaluate(() => (location.hash = "#/"));
    await bob.say("for both");
    for (const one of [ann, phone]) await expect.poll(() => one.row("bob").textContent(), SOON).toContain("1 unread");
    await phone.open("bob");
    await expect.poll(() => ann.row("bob").textContent(), SOON).not.toContain("unread");
    await phone.say("from the phone");
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("from the phone");
    await ann.open("bob");
    await ann.act("from the phone", "Delete");
    await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await phone.sees("This message was deleted");
  });
});

describe("in and out", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });

  it("says at the field what is wrong, and takes the focus there", async () => {
    const page = await stage.window();
    await page.getByRole("button", { name: "New here?" }).click();
    await page.getByLabel("Username").fill("no spaces allowed");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect.poll(() => page.getByLabel("Username").getAttribute("aria-invalid"), SOON).toBe("true");
    expect(await page.locator("#password-note").textContent()).toContain("8 to 128 characters");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("username");
    await page.context().close();
  });

  it("stays logged in over a reload; logging out in one tab logs out in the other, and leaves nothing behind", async () => {
    const ann = await stage.enter("ann");
    await stage.enter("eve");
    await ann.find("eve");
    await ann.say("remember");
    await ann.reload();
    const tab = await ann.tab();
    await ann.page.bringToFront();
    await ann.page.getByRole("button", { name: "Your account" }).click();
    await ann.page.getByRole("menuitem", { name: "Log out", exact: true }).click();
    for (const { page } of [ann, tab]) await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    expect(await ann.page.evaluate(() => JSON.stringify(Object.keys(localStorage)))).toBe("[]");
    const left = async (): Promise<string[]> => [await kept(ann.page, "outbox"), await kept(ann.page, "seen")];
    await expect.poll(left, SOON).toEqual(["[]", "[]"]);
    await ann.login();
    await ann.open("eve");
    await ann.sees("remember");
  });

  it("logs out everywhere: other devices too", async () => {
    const bob = await stage.enter("bob");
    const phone = bob.at(await stage.window());
    await phone.login();
    await bob.page.getByRole("button", { name: "Your account" }).click();
    await bob.page.getByRole("menuitem", { name: "Log out everywhere" }).click();
    await bob.page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
    for (const { page } of [bob, phone]) await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    await phone.page.getByText("You were logged out.").waitFor();
  });

  it("counts down while it is locked out", async () => {
    const page = await stage.window();
    let said = "";
    // Who is slow may guess more often.
    for (let at = 0; !said.includes("Too many"); at++) {
      await page.getByLabel("Username").fill(stage.person("nobody", page).username);
      await page.getByLabel("Password").fill(`wrong password ${at}`);
      await page.getByRole("button", { name: "Log in", exact: true }).click();
      const alert = page.getByRole("alert").filter({ hasText: at < 5 ? "wrong" : /wrong|Too many/ });
      said = (await alert.textContent()) ?? "";
    }
    const left = async (): Promise<number> =>
      Number(/in (\d+) second/.exec((await page.getByRole("timer").textContent()) ?? "")?.[1]);
    const first = await left();
    expect(first).toBeGreaterThan(0);
    await expect.poll(left, SOON).toBeLessThan(first);
    expect(await page.getByRole("button", { name: "Log in", exact: true }).isDisabled()).toBe(true);
  });
});
