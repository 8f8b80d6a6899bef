// People in front of the web client: a server as `npm start` runs it, one Chromium, and for each person a window of their own.
// Knows what one sees and does there; must not know how the page is built.

import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, expect, vi } from "vitest";
import type { Server } from "../wire/server.ts";
import { startServer } from "../wire/server.ts";

export const PASSWORD = "a long password";
/** What one waits for comes within this, also where others use the machine. */
export const SOON = { timeout: 20_000 };

export interface Stage {
  readonly server: Server;
  readonly browser: Browser;
  /** Somebody new, who has made an account in a window of their own and sees the list of chats. */
  enter(name: string, options?: BrowserContextOptions): Promise<Person>;
  /** Faults like this are what a test is about. */
  expectFault(pattern: RegExp): void;
  /** A window of somebody's own, in which nobody is logged in. */
  window(options?: BrowserContextOptions): Promise<Page>;
}

/** Opens the stage; it is cleared after the tests of the file. A fault of any page, or a breach of its policy, fails them. */
export async function openStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const server = await startServer({ env });
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const faults: string[] = [];
  const expected: RegExp[] = [];
  afterAll(async () => {
    await browser.close();
    expect(faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)))).toEqual([]);
  });

  const window = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1_200, height: 800 }, ...options });
    watch(context, faults);
    const page = await context.newPage();
    page.setDefaultTimeout(SOON.timeout);
    await page.goto(server.url);
    return page;
  };
  const enter = async (name: string, options?: BrowserContextOptions): Promise<Person> => {
    const page = await window(options);
    const person = new Person(page, name, server);
    await person.register();
    return person;
  };
  return { server, browser, window, enter, expectFault: (pattern) => void expected.push(pattern) };
}

/** What a page says went wrong, but for requests that were to fail. */
function watch(context: BrowserContext, faults: string[]): void {
  context.on("weberror", (error) => faults.push(error.error().stack ?? String(error.error())));
  context.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection|net::ERR/.test(text))
      faults.push(text);
  });
}

export class Person {
  constructor(
    readonly page: Page,
    readonly name: string,
    readonly server: Server,
  ) {}

  async register(): Promise<void> {
    await this.page.getByRole("button", { name: "New here?" }).click();
    await this.page.getByLabel("Username").fill(this.name);
    await this.page.getByLabel("Password").fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.page.getByRole("heading", { name: "Chats" }).waitFor();
  }

  async login(page = this.page): Promise<void> {
    await page.getByLabel("Username").fill(this.name);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByRole("heading", { name: "Chats" }).waitFor();
  }

  /** The same person in front of another window. */
  at(page: Page): Person {
    return new Person(page, this.name, this.server);
  }

  /** Another tab of the same browser. */
  async tab(): Promise<Person> {
    const page = await this.page.context().newPage();
    page.setDefaultTimeout(SOON.timeout);
    await page.goto(this.page.url());
    await page.getByRole("heading", { name: "Chats" }).waitFor();
    return this.at(page);
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.getByRole("heading", { name: "Chats" }).waitFor({ state: "attached" });
  }

  /** Searches somebody and opens the chat with them. */
  async find(other: string): Promise<void> {
    await this.page.getByRole("searchbox", { name: "Search chats and people" }).fill(other);
    await this.page.getByRole("button", { name: `@${other}` }).click();
    await this.heading(other).waitFor();
  }

  heading(name: string): Locator {
    return this.page.getByRole("main").getByRole("heading", { name });
  }

  /** The line of a chat in the list. */
  row(name: string): Locator {
    return this.page.getByRole("navigation").getByRole("listitem").filter({ hasText: name }).getByRole("button");
  }

  async open(name: string): Promise<void> {
    await this.row(name).click();
    await this.heading(name).waitFor();
  }

  get field(): Locator {
    return this.page.getByRole("textbox", { name: "Write a message" });
  }

  /** Writes and sends; on a phone, where Enter breaks the line, by the button. */
  async say(...texts: readonly string[]): Promise<void> {
    const isPhone = await this.page.evaluate(() => matchMedia("(pointer: coarse)").matches);
    for (const text of texts) {
      await this.field.fill(text);
      if (isPhone) await this.page.getByRole("button", { name: "Send" }).click();
      else await this.field.press("Enter");
    }
  }

  /** Messages that are shown, sent or not. */
  get messages(): Locator {
    return this.page.locator(".message");
  }

  message(text: string): Locator {
    return this.messages.filter({ hasText: text });
  }

  /** The texts of the messages that are shown, from the top. */
  texts(): Promise<string[]> {
    return this.page.locator(".message .text").allInnerTexts();
  }

  async sees(...texts: readonly string[]): Promise<void> {
    // oxlint-disable-next-line vitest/no-standalone-expect -- for the tests, which wait by it
    await vi.waitFor(async () => expect((await this.texts()).slice(-texts.length)).toEqual(texts), SOON);
  }

  /** What is said of how far a message has got. */
  async ticks(text: string): Promise<string | null> {
    return this.message(text).locator(".ticks").getAttribute("aria-label");
  }

  /** Opens the menu of a message and does something there. */
  async act(text: string, action: string): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole("button", { name: "More actions" }).click();
    await this.page.getByRole("menuitem", { name: action }).click();
  }
}

/** A picture of 64 by 48 pixels, as PNG. */
export async function picture(page: Page): Promise<Buffer> {
  const address = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 48];
    const context = canvas.getContext("2d");
    if (context !== null) context.fillStyle = "teal";
    context?.fillRect(0, 0, 64, 48);
    return canvas.toDataURL("image/png");
  });
  return Buffer.from(address.slice(address.indexOf(",") + 1), "base64");
}
