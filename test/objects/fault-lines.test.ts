// What the log says of a fault, as the runbook explains it: of an alarm too, and a chat by its number, wherever it happened.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fullDisk } from "../support/failures.ts";
import { faultsIn, listen } from "../support/log-lines.ts";
import type { Body } from "../support/people.ts";
import { people } from "../support/people.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The faults that are logged from now on. */
function listenToFaults(): () => Body[] {
  const lines = listen();
  return () => faultsIn(lines());
}

describe("an alarm that fails", () => {
  it("of a Chat is logged as a fault with the chat's number, and is the runtime's to try again", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "so that there is an alarm");
    const heal = await fullDisk("CHAT", `chat:${chat}`, /FROM meta/);
    const faults = listenToFaults();
    const stub = env.CHAT.getByName(`chat:${chat}`);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow("SQLITE_FULL");
    expect(faults()).toMatchObject([{ where: "alarm", chat }]);
    heal();
    await runInDurableObject(stub, (instance) => instance.alarm?.());
    expect(faults()).toHaveLength(1);
  });

  it("of a Gateway likewise, with the Gateway's name", async () => {
    const [ann] = await people("ann");
    const socket = await ann.socket();
    const [gateway = ""] = await runInDurableObject(env.INBOX.getByName(`user:${ann.id}`), (_, { storage }) =>
      storage.sql
        .exec<{ id: string }>("SELECT id FROM connections")
        .toArray()
        .map(({ id }) => id.slice(0, id.lastIndexOf("#"))),
    );
    const heal = await fullDisk("GATEWAY", gateway, /SELECT/);
    const faults = listenToFaults();
    const stub = env.GATEWAY.getByName(gateway);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow("SQLITE_FULL");
    expect(faults()).toMatchObject([{ where: "alarm", gateway }]);
    heal();
    await runDurableObjectAlarm(stub);
    expect(faults()).toHaveLength(1);
    socket.close();
  });

  it("of an Inbox likewise, whatever in it fails", async () => {
    const [ann] = await people("ann");
    const socket = await ann.socket();
    const stub = env.INBOX.getByName(`user:${ann.id}`);
    const heal = await fullDisk("INBOX", `user:${ann.id}`, /DELETE FROM connections/);
    const faults = listenToFaults();
    // Her token has expired.
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 2 * 3_600_000);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow("SQLITE_FULL");
    expect(faults()).toMatchObject([{ where: "alarm", user: ann.id }]);
    vi.restoreAllMocks();
    heal();
    socket.close();
  });
});

describe("a fault of a Chat", () => {
  it.each(["REST", "its own socket"])("names the chat by its number in every line (%s)", async (way) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    const own = await ann.socket(chat);
    await own.do("message.send", { text: "so that it is open" });
    await fullDisk("CHAT", `chat:${chat}`, /INSERT INTO messages/);
    const faults = listenToFaults();
    if (way === "REST") expect((await ann.post(`/v1/chats/${chat}/messages`, { text: "lost" })).status).toBe(500);
    else expect(await own.do("message.send", { text: "lost" })).toMatchObject({ ok: false });
    const lines = faults().filter(({ where }) => where !== "request");
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.map((line) => line.chat)).toEqual(lines.map(() => chat));
    own.close();
  });
});
