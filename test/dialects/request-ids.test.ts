// One id for a request and for every line of the log that comes of it, in whatever object that is.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Body } from "../support/people.ts";
import { call, knock, people, Socket } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.restoreAllMocks();
});

/** The lines of the log from now on. */
function listen(): () => Body[] {
  const spy = vi.spyOn(console, "log").mockImplementation(() => undefined);
  return () => spy.mock.calls.map(([line]) => JSON.parse(String(line)));
}

/** No message can be written any more in this chat. */
async function break_(chat: number): Promise<void> {
  await runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    Object.assign(sql, {
      exec: (query: string, ...bindings: unknown[]) => {
        if (query.includes("INSERT INTO messages")) throw new Error("the disk is full");
        return exec(query, ...bindings);
      },
    });
    undo.push(() => void Object.assign(sql, { exec }));
  });
}

const faults = (lines: readonly Body[]): Body[] => lines.filter((line) => line.event === "fault");

describe("the id of a request", () => {
  it("is the client's where it is well-formed, else Cloudflare's, else a new one", async () => {
    const given = async (headers: Record<string, string>): Promise<string | null> =>
      (await call("GET", "/health", undefined, headers)).headers.get("x-request-id");
    expect(await given({ "x-request-id": "order-4711_a.b", "cf-ray": "8f00-FRA" })).toBe("order-4711_a.b");
    for (const bad of ["short", "x".repeat(65), "has a space", "semi;colon", '"quoted-id"']) {
      expect(await given({ "x-request-id": bad, "cf-ray": "8f0000-FRA" })).toBe("8f0000-FRA");
      expect(await given({ "x-request-id": bad })).toMatch(/^[0-9a-f-]{36}$/);
      expect(await given({ "cf-ray": bad })).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("is borne by the fault of an object that happened in it, and by the 500 that the client got", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "so that it is open");
    await break_(chat);
    const lines = listen();
    const failed = await ann.call(
      "POST",
      `/v1/chats/${chat}/messages`,
      { text: "lost" },
      { "x-request-id": "the-failed-one" },
    );
    expect(failed).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(failed.headers.get("x-request-id")).toBe("the-failed-one");
    expect(faults(lines()).map(({ where, request }) => [where, request])).toEqual(
      expect.arrayContaining([
        ["commit", "the-failed-one"],
        ["chat", "the-failed-one"],
      ]),
    );
    expect(faults(lines()).every(({ request }) => request === "the-failed-one")).toBe(true);
    // What comes next is another request.
    await ann.call("POST", `/v1/chats/${chat}/messages`, { text: "lost" }, { "x-request-id": "the-next-one" });
    expect(faults(lines()).at(-1)).toMatchObject({ request: "the-next-one" });
  });

  it.each(["/v1/socket", "own"])("of an upgrade goes with what its connection does later (%s)", async (path) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    const address = path === "own" ? `/v1/chats/${chat}/socket` : path;
    const { webSocket, headers } = await knock(address, {
      "sec-websocket-protocol": `parlance.v1, bearer.${ann.token}`,
      "x-request-id": "the-upgrade",
    });
    expect(headers.get("x-request-id")).toBe("the-upgrade");
    if (webSocket === null) throw new Error("refused");
    const socket = new Socket(webSocket);
    await socket.do("message.send", { chat_id: chat, text: "so that it is open" });
    await break_(chat);
    const lines = listen();
    expect(await socket.do("message.send", { chat_id: chat, text: "lost" })).toMatchObject({ ok: false });
    expect(faults(lines()).length).toBeGreaterThan(0);
    expect(faults(lines()).every(({ request }) => request === "the-upgrade")).toBe(true);
    socket.close();
  });
});
