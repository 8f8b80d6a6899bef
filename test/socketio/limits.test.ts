// What the server waits for, and for how long: acknowledgements, and clients that do not fetch what they are sent.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Place } from "./session.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("an acknowledgement that the server asked for", () => {
  it("comes with what the server had kept for it, also after an eviction", async () => {
    const place = new Place("calm", 20);
    const socket = await place.joined();
    await socket.next();
    socket.send('42["ask-me","why?"]');
    expect(await socket.message()).toBe('421["question","why?"]');
    await place.evict();
    socket.send('431["because"]');
    expect(await socket.message()).toBe('42["answered",{"asked":"you"},["because"]]');
    socket.close();
  });

  it("is told as missing after a minute", async () => {
    const place = new Place("calm", 21);
    const socket = await place.joined();
    await socket.next();
    socket.send('42["ask-me","why?"]');
    expect(await socket.message()).toBe('421["question","why?"]');
    // In steps: no alarm is late, and a client that was silent for a minute would be gone.
    for (const ms of [5_000, 15_000, 20_000, 20_000, 1_000]) {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
      socket.send("3");
      await runDurableObjectAlarm(place.stub);
    }
    expect(await socket.message()).toBe('42["answered",{"asked":"you"},null]');
    socket.send('431["too late"]');
    socket.send('42["message","still here"]');
    expect(await socket.message()).toBe('42["message-back","still here"]');
    socket.close();
  });
});

describe("a client that polls no more", () => {
  it("is closed once eight megabytes wait for it, and others are not", async () => {
    const place = new Place("calm", 22);
    const other = await place.joined();
    const opened = await (await place.fetch("EIO=4&transport=polling")).text();
    const query = `EIO=4&transport=polling&sid=${JSON.parse(opened.slice(1)).sid}`;
    const post = (body: string): Promise<Response> => place.fetch(query, { method: "POST", body });
    expect((await post("40")).status).toBe(200);
    const statuses = new Set<number>();
    for (let n = 0; n < 12; n++) statuses.add((await post(`42["message","${"x".repeat(900_000)}"]`)).status);
    expect(statuses).toEqual(new Set([200, 400]));
    expect((await place.fetch(query)).status).toBe(400);
    await other.next();
    other.send('42["message","still here"]');
    expect(await other.message()).toBe('42["message-back","still here"]');
    other.close();
  });
});

describe("an upgrade that is sent at once", () => {
  it("refuses the poll that was held meanwhile, and loses nothing", async () => {
    const place = new Place("calm", 23);
    const opened = await (await place.fetch("EIO=4&transport=polling")).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const socket = await place.socket(`EIO=4&transport=websocket&sid=${sid}`);
    const poll = place.fetch(`EIO=4&transport=polling&sid=${sid}`);
    socket.send("2probe");
    expect(await socket.next()).toBe("3probe");
    socket.send("5");
    expect((await poll).status).toBe(400);
    socket.send("40");
    expect(String(await socket.message())).toMatch(/^40\{/);
    socket.close();
  });
});
