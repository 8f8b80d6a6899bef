// A long chat: it is fetched as one scrolls, each message once, the place is kept, and what is in the page stays small.

import { beforeAll, describe, expect, it } from "vitest";
import { Client } from "../wire/client.ts";
import type { Person, Stage } from "./stage.ts";
import { openStage, SOON } from "./stage.ts";

const COUNT = 1_000;

describe("a long chat", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Client;
  let chat: number;
  /** The addresses of pages that were asked for. */
  const pages: string[] = [];

  const scroll = (by: number) => ann.page.locator(".messages").evaluate((box, y) => box.scrollBy(0, y), by);
  const shown = () =>
    ann.page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-seq"))));
  /** The message at the upper edge, and how far it is from there. */
  const place = () =>
    ann.page.locator(".messages").evaluate((box) => {
      const edge = box.getBoundingClientRect().top;
      const row = [...box.querySelectorAll("[data-seq]")].find((one) => one.getBoundingClientRect().bottom > edge + 1);
      return { seq: row?.getAttribute("data-seq"), top: Math.round((row?.getBoundingClientRect().top ?? 0) - edge) };
    });

  beforeAll(async () => {
    stage = await openStage({ FRAMES_PER_SECOND: "5000", FRAME_BURST: "5000" });
    ann = await stage.enter("ann");
    bob = new Client(stage.server, "bob");
    await bob.enter("register");
    const annId = (await bob.json("GET", "/v1/users?q=ann")).items[0].id;
    chat = (await bob.json("POST", "/v1/chats", { members: [annId] })).id;
    const socket = await bob.socket(chat);
    for (let at = 1; at <= COUNT; at++) {
      const text = `message ${at}${"\nand a line".repeat(at % 4)}`;
      socket.socket.send(JSON.stringify({ id: at, do: "message.send", text }));
      if (at % 50 > 0) continue;
      await socket.until(() => socket.heard.find((frame) => frame.re === at), `the answer to ${at}`);
      socket.heard.length = 0;
    }
    socket.socket.close();
    ann.page.on("request", (request) => {
      if (request.url().includes(`/chats/${chat}/messages`)) pages.push(request.url());
    });
  });

  it("opens at the first unread message, with a line above it", async () => {
    await ann.open("bob");
    await ann.page.getByText("New messages").waitFor();
    await ann.page.locator(`[data-seq="1"]`).waitFor();
    expect((await shown())[0]).toBe(1);
    await expect.poll(() => ann.row("bob").textContent(), SOON).toContain("99+");
    await ann.page.getByRole("button", { name: "To the newest messages" }).click();
    await ann.page.locator(`[data-seq="${COUNT}"]`).waitFor();
    await expect.poll(() => ann.row("bob").textContent(), SOON).not.toContain("unread");
  });

  it("keeps its place while older messages come, has few in the page, and fetches none twice", async () => {
    for (let rounds = 0; rounds < 400 && !(await shown()).includes(200); rounds++) {
      await scroll(-700);
      const before = await place();
      // Whatever was fetched meanwhile: what one looks at stays where it is.
      await ann.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const after = await place();
      if (before.seq === after.seq) expect(Math.abs(after.top - before.top)).toBeLessThanOrEqual(2);
      expect((await shown()).length).toBeLessThanOrEqual(140);
    }
    const seqs = await shown();
    expect(seqs).toContain(200);
    expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.length).toBeLessThanOrEqual(COUNT / 100 + 2);
  });

  it("leaves who reads further up where they are when something new comes, and leads to it", async () => {
    const before = await place();
    await bob.json("POST", `/v1/chats/${chat}/messages`, { text: "the newest of all" });
    await ann.page.getByRole("button", { name: "To the newest messages, 1 unread" }).waitFor();
    expect(await place()).toEqual(before);
    await ann.page.getByRole("button", { name: "To the newest messages" }).click();
    await ann.sees("the newest of all");
    await expect.poll(() => ann.row("bob").textContent(), SOON).not.toContain("unread");
  });

  it("follows what comes while one is at its end, and trims what is far above", async () => {
    for (let at = 0; at < 30; at++) await bob.json("POST", `/v1/chats/${chat}/messages`, { text: `live ${at}` });
    await ann.sees("live 28", "live 29");
    expect(
      await ann.page.locator(".messages").evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight),
    ).toBeLessThan(2);
    expect((await shown()).length).toBeLessThanOrEqual(140);
  });

  it("leads to a message that is quoted, however far it is", async () => {
    const first = (await bob.json("GET", `/v1/chats/${chat}/messages?after=0&limit=100`)).items[40];
    await bob.json("POST", `/v1/chats/${chat}/messages`, { text: "do you remember?", reply_to: first.id });
    const quote = ann.message("do you remember?").getByRole("button", { name: "In reply to bob: message 41" });
    await quote.click();
    await expect.poll(() => ann.page.evaluate(() => document.activeElement?.getAttribute("data-seq")), SOON).toBe("41");
  });
});
