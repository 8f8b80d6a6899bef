// The test plan of the Engine.IO protocol, version 4 and 3, against the bare engine that sends back what it gets.

import { setTimeout as after } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { Address } from "../server.ts";
import { sharedEcho } from "../server.ts";
import { Raw } from "./raw.ts";

const [PING_INTERVAL, PING_TIMEOUT] = [300, 200];
/** Of `/engine.lively/`, which pings as often and waits longer for an answer. */
const LONG_TIMEOUT = 2_700;

let server: Address;
beforeAll(async () => {
  server = await sharedEcho();
});

const handshakeOf = (text: string): Record<string, unknown> => JSON.parse(text.slice(text.indexOf("{")));
const bytes = (...data: number[]): Uint8Array => Uint8Array.from(data);

describe.each(["4", "3"])("Engine.IO %s", (version) => {
  const raw = (): Raw => new Raw(server, "/engine.calm/", version);
  /** Pings so early, and waits so briefly, that one can see it. */
  const hasty = (): Raw => new Raw(server, "/engine.io/", version);
  /** A payload of these packets. */
  const payload = (...packets: string[]): string =>
    version === "4" ? packets.join("\u001e") : packets.map((packet) => `${packet.length}:${packet}`).join("");

  describe("handshake", () => {
    it.each(["polling", "websocket"])("opens a session over %s", async (transport) => {
      const text =
        transport === "polling"
          ? await (await hasty().fetch(`EIO=${version}&transport=polling`)).text()
          : String(await hasty().socket().next());
      expect(handshakeOf(text)).toEqual({
        sid: expect.any(String),
        upgrades: transport === "polling" ? ["websocket"] : [],
        pingInterval: PING_INTERVAL,
        pingTimeout: PING_TIMEOUT,
        maxPayload: 1_000_000,
      });
    });

    it.each(["transport=polling", "EIO=abc&transport=polling", "EIO=2&transport=polling", "EIO=5&transport=polling"])(
      "refuses the version in %s",
      async (query) => {
        const response = await raw().fetch(query);
        expect(response.status).toBe(400);
        expect(await response.json()).toEqual({ code: 5, message: "Unsupported protocol version" });
        expect(await raw().socketBy(query.replace("polling", "websocket")).opened).toBe(false);
      },
    );

    it.each(["", "&transport=abc", "&transport=constructor"])("refuses the transport in '%s'", async (more) => {
      const response = await raw().fetch(`EIO=${version}${more}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ code: 0, message: "Transport unknown" });
      expect(await raw().socketBy(`EIO=${version}${more}`).opened).toBe(false);
    });

    it.each(["POST", "PUT"])("refuses the method %s", async (method) => {
      const response = await raw().fetch(`EIO=${version}&transport=polling`, { method });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ code: 2, message: "Bad handshake method" });
    });
  });

  describe("message", () => {
    it.each([
      ["one text", ["4hello"]],
      ["several texts", ["4test1", "4test2", "4test3"]],
      ["texts of any script", ["4€ 😀", "4привет"]],
      ["text and bytes", ["4hello", version === "4" ? "bAQIDBA==" : "b4AQIDBA=="]],
    ])("carries %s in a poll", async (_, packets) => {
      const sid = await raw().open("&b64=1");
      const posted = await raw().post(sid, payload(...packets));
      expect([posted.status, await posted.text()]).toEqual([200, "ok"]);
      expect(await raw().polled(sid)).toBe(payload(...packets));
    });

    it("closes the session upon an invalid packet in a post", async () => {
      const sid = await raw().open();
      expect((await raw().post(sid, "abc")).status).toBe(400);
      expect((await raw().poll(sid)).status).toBe(400);
    });

    it("closes the session upon a second poll at the same time", async () => {
      const sid = await raw().open();
      const polls = await Promise.all([raw().poll(sid), raw().poll(sid, "&t=burst")]);
      const [first, second] = polls.toSorted((a, b) => a.status - b.status);
      expect(await first?.text()).toBe(payload("1"));
      expect([first?.status, second?.status]).toEqual([200, 400]);
      expect((await raw().poll(sid)).status).toBe(400);
    });

    it("carries text and bytes over WebSocket", async () => {
      const socket = await raw().opened();
      socket.send("4hello");
      expect(await socket.message()).toBe("4hello");
      const data = version === "4" ? bytes(1, 2, 3, 4) : bytes(4, 1, 2, 3, 4);
      socket.send(data);
      expect(await socket.message()).toEqual(data);
      socket.close();
    });

    it("closes the WebSocket upon an invalid packet", async () => {
      const socket = await raw().opened();
      socket.send("abc");
      expect(await socket.closed).toBeGreaterThan(0);
    });
  });

  describe("heartbeat", () => {
    it("closes a polling session that does not answer", async () => {
      const sid = await hasty().open();
      await expect.poll(async () => (await hasty().poll(sid)).status).toBe(400);
    });

    it("closes a WebSocket that does not answer", async () => {
      const socket = await hasty().opened();
      expect(await socket.closed).toBeGreaterThan(0);
    });
  });

  describe("close", () => {
    it("ends a polling session, and gives its poll back", async () => {
      // The two travel on connections of their own: where the second overtakes the first, no poll is there to be given back.
      await expect
        .poll(async () => {
          const sid = await raw().open();
          const [poll] = await Promise.all([raw().poll(sid), raw().post(sid, payload("1"))]);
          expect((await raw().poll(sid)).status).toBe(400);
          return poll.text();
        })
        .toBe(payload("6"));
    });

    it("ends a WebSocket", async () => {
      const socket = await raw().opened();
      socket.send("1");
      expect(await socket.closed).toBeGreaterThan(0);
    });
  });

  describe("upgrade", () => {
    it("goes from polling to WebSocket", async () => {
      const sid = await raw().open();
      const socket = raw().socket(sid);
      await socket.opened;
      socket.send("2probe");
      expect(await socket.message()).toBe("3probe");
      expect(await raw().polled(sid)).toBe(payload("6"));
      socket.send("5");
      socket.send("4hello");
      expect(await socket.message()).toBe("4hello");
      socket.close();
    });

    it("takes along what waited for a poll", async () => {
      const sid = await raw().open();
      await raw().post(sid, payload("4one", version === "4" ? "bAQID" : "b4AQID"));
      const socket = raw().socket(sid);
      await socket.opened;
      socket.send("2probe");
      expect(await socket.message()).toBe("3probe");
      socket.send("5");
      expect(await socket.message()).toBe("4one");
      expect(await socket.message()).toEqual(version === "4" ? bytes(1, 2, 3) : bytes(4, 1, 2, 3));
      socket.close();
    });

    it("refuses polls and other WebSockets afterwards", async () => {
      const sid = await raw().open();
      const socket = raw().socket(sid);
      await socket.opened;
      socket.send("2probe");
      expect(await socket.message()).toBe("3probe");
      socket.send("5");
      socket.send("4upgraded");
      expect(await socket.message()).toBe("4upgraded");
      expect((await raw().poll(sid)).status).toBe(400);
      expect(await raw().socket(sid).opened).toBe(false);
      socket.send("4hello");
      expect(await socket.message()).toBe("4hello");
      socket.close();
    });
  });
});

describe("Engine.IO 4", () => {
  /** Pings as often, and waits as long for an answer as a machine with a hiccup may take. */
  const raw = (): Raw => new Raw(server, "/engine.patient/");

  it("pings, in polls and over WebSocket", async () => {
    const sid = await raw().open();
    const socket = await raw().opened();
    for (let n = 0; n < 3; n++) {
      expect(await raw().polled(sid)).toBe("2");
      expect((await raw().post(sid, "3")).status).toBe(200);
    }
    socket.close();
    const other = await raw().opened();
    for (let n = 0; n < 3; n++) {
      expect(await other.next()).toBe("2");
      other.send("3");
    }
    other.close();
  });

  it("lets pages of other origins poll with credentials", async () => {
    const headers = { origin: "https://page.example" };
    const { headers: answered } = await raw().fetch("EIO=4&transport=polling", { headers });
    expect(answered.get("access-control-allow-origin")).toBe("https://page.example");
    expect(answered.get("access-control-allow-credentials")).toBe("true");
    const preflight = await raw().fetch("EIO=4&transport=polling", {
      method: "OPTIONS",
      headers: { ...headers, "access-control-request-headers": "content-type" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type");
  });
});

describe("Engine.IO 3", () => {
  const raw = (): Raw => new Raw(server, "/engine.lively/", "3");

  it("answers pings, in polls and over WebSocket, and goes on for as long as they come", async () => {
    const sid = await raw().open();
    const socket = await raw().opened();
    for (const begin = Date.now(); Date.now() < begin + 1.2 * (PING_INTERVAL + LONG_TIMEOUT);) {
      expect((await raw().post(sid, "1:2")).status).toBe(200);
      expect(await raw().polled(sid)).toBe("1:3");
      socket.send("2");
      expect(await socket.next()).toBe("3");
      await after(PING_INTERVAL);
    }
    socket.close();
  });

  it("carries bytes as bytes where the client can take them", async () => {
    const sid = await raw().open();
    const body = bytes(0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4);
    const posted = await raw().post(sid, body, { "content-type": "application/octet-stream" });
    expect(posted.status).toBe(200);
    expect(new Uint8Array(await (await raw().poll(sid)).arrayBuffer())).toEqual(body);
  });
});
