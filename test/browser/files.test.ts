// Files: picked, pasted and dropped, several at once, with their progress, broken off and tried again; and how they look.

import { beforeAll, describe, expect, it } from "vitest";
import type { Person, Stage } from "./stage.ts";
import { openStage, picture, SOON } from "./stage.ts";

describe("files", () => {
  let stage: Stage;
  let ann: Person;
  let bob: Person;
  let png: Buffer;

  const pick = (files: { name: string; mimeType: string; buffer: Buffer }[]) =>
    ann.page.getByLabel("Attach files").setInputFiles(files);
  const send = () => ann.page.getByRole("button", { name: "Send" }).click();
  /** As many bytes as would take a minute on the slow line below. */
  const large = { name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(3_000_000, 7) };

  /** A line so slow that one sees the progress. */
  async function slow(bytesPerSecond: number): Promise<() => Promise<unknown>> {
    const session = await ann.page.context().newCDPSession(ann.page);
    const limit = (throughput: number) =>
      session.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: throughput,
      });
    await limit(bytesPerSecond);
    return () => limit(-1);
  }

  beforeAll(async () => {
    stage = await openStage();
    ann = await stage.enter("ann");
    bob = await stage.enter("bob");
    png = await picture(bob.page);
    await ann.find("bob");
    await ann.say("files to come");
    await bob.open("ann");
  });

  it("are shown before they are sent, can be taken out again, and go together with words", async () => {
    await pick([
      { name: "lake.png", mimeType: "image/png", buffer: png },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("some notes") },
      { name: "wrong.txt", mimeType: "text/plain", buffer: Buffer.from("not this one") },
    ]);
    await ann.page.getByRole("button", { name: "Remove wrong.txt" }).click();
    await ann.field.fill("two files");
    await send();
    const got = bob.message("two files");
    await got.getByRole("img", { name: "lake.png" }).waitFor();
    expect(await got.getByRole("link", { name: /notes\.txt/ }).textContent()).toContain("10 B · TXT");
    expect(
      await got.locator("img").evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBe(64);
    expect(await ann.message("wrong.txt").count()).toBe(0);
  });

  it("open large in a dialog that Escape closes, with the focus back", async () => {
    const image = bob.message("two files").getByRole("button", { name: "Enlarge lake.png" });
    await image.click();
    await bob.page.getByRole("dialog").getByRole("img").waitFor();
    await bob.page.keyboard.press("Escape");
    await bob.page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await image.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it("are dropped on the conversation and pasted into the field", async () => {
    const transfer = await ann.page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }));
      return data;
    });
    await ann.page.dispatchEvent(".conversation", "dragover", { dataTransfer: transfer });
    await ann.page.getByText("Drop files to send them").waitFor();
    await ann.page.dispatchEvent(".conversation", "drop", { dataTransfer: transfer });
    await ann.field.evaluate((field) => {
      const data = new DataTransfer();
      data.items.add(new File(["pasted"], "pasted.txt", { type: "text/plain" }));
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await send();
    await bob.page.getByRole("link", { name: /dropped\.txt/ }).waitFor();
    await bob.page.getByRole("link", { name: /pasted\.txt/ }).waitFor();
  });

  it("show their progress, and can be cancelled while they go up", async () => {
    const restore = await slow(200_000);
    await pick([large]);
    await send();
    const bar = ann.page.getByRole("progressbar", { name: "Uploading large.bin" });
    await expect.poll(async () => Number(await bar.getAttribute("value")), SOON).toBeGreaterThan(0.05);
    expect(Number(await bar.getAttribute("value"))).toBeLessThan(0.9);
    await ann.page.getByRole("button", { name: "Cancel large.bin" }).click();
    await ann.message("large.bin").waitFor({ state: "detached" });
    await restore();
    await ann.say("after the cancelled one");
    await bob.sees("after the cancelled one");
    expect(await bob.message("large.bin").count()).toBe(0);
  });

  it("go on by themselves when the line breaks in between, also over a reload", async () => {
    const restore = await slow(200_000);
    await pick([large]);
    await send();
    const bar = ann.page.getByRole("progressbar", { name: "Uploading large.bin" });
    await expect.poll(async () => Number(await bar.getAttribute("value")), SOON).toBeGreaterThan(0.02);
    await ann.reload();
    await restore();
    await bob.page.getByRole("link", { name: /large\.bin/ }).waitFor();
    await expect.poll(() => ann.page.locator(".message.pending").count(), SOON).toBe(0);
    expect(await bob.message("large.bin").count()).toBe(1);
  });

  it("that are too large say so, can be tried again, and taken back", async () => {
    await pick([{ name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) }]);
    await send();
    const refused = ann.message("empty.txt");
    await refused.getByRole("alert").filter({ hasText: "Not sent" }).waitFor();
    await ann.say("goes past it");
    await bob.sees("goes past it");
    await refused.getByRole("button", { name: "Try again" }).click();
    await refused.getByRole("alert").filter({ hasText: "Not sent" }).waitFor();
    await refused.getByRole("button", { name: "Discard" }).click();
    await refused.waitFor({ state: "detached" });
  });

  it("open also from the end of a conversation, which does not scroll back under the finger", async () => {
    await ann.say(...Array.from({ length: 30 }, (_, at) => `line ${at}`));
    await bob.sees("line 29");
    await bob.page.getByRole("button", { name: "Enlarge lake.png" }).click();
    await bob.page.getByRole("dialog").getByRole("img").waitFor();
    await bob.page.keyboard.press("Escape");
  });

  it("of sound are played in place", async () => {
    const wave = Buffer.alloc(44 + 800, 128);
    wave.write("RIFF", 0);
    wave.writeUInt32LE(36 + 800, 4);
    wave.write("WAVEfmt ", 8);
    wave.writeUInt32LE(16, 16);
    for (const [at, value] of [
      [20, 1],
      [22, 1],
      [32, 1],
      [34, 8],
    ] as const)
      wave.writeUInt16LE(value, at);
    for (const at of [24, 28]) wave.writeUInt32LE(8_000, at);
    wave.write("data", 36);
    wave.writeUInt32LE(800, 40);
    await pick([{ name: "voice.wav", mimeType: "audio/wav", buffer: wave }]);
    await send();
    const player = bob.page.locator("audio");
    await player.waitFor();
    const duration = await player.evaluate(async (audio: HTMLAudioElement) => {
      audio.preload = "metadata";
      audio.load();
      await new Promise((loaded, failed) => {
        audio.addEventListener("loadedmetadata", loaded);
        audio.addEventListener("error", () => failed(new Error(audio.error?.message)));
      });
      return audio.duration;
    });
    expect(duration).toBeCloseTo(0.1);
  });
});
