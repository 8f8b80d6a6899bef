// What the log says of a fault, as the runbook explains it: of an alarm too, and a chat by its number, wherever it happened.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Kind } from "../support/meter.ts";
import type { Body } from "../support/people.ts";
import { people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
  vi.restoreAllMocks();
});

/** The faults that are logged from now on. */
function listen(): () => Body[] {
  const spy = vi.spyOn(console, "log").mockImplementation(() => undefined);
  return () => spy.mock.calls.map(([line]) => JSON.parse(String(line))).filter(({ event }) => event === "fault");
}

/** Statements of this object that match fail, until the returned function is called. */
async function breakDisk(kind: Kind, name: string, statement: RegExp): Promise<() => void> {
  const heal = await runInDurableObject(env[kind].getByName(name), (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    Object.assign(sql, {
      exec: (query: string, ...bindings: unknown[]) => {
        if (statement.test(query)) throw new Error("the disk does not answer");
        return exec(query, ...bindings);
      },
    });
    return () => void Object.assign(sql, { exec });
  });
  undo.push(heal);
  return heal;
}

describe("an alarm that fails", () => {
  it("of a Chat is logged as a fault with the chat's number, and is the runtime's to try again", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "so that there is an alarm");
    const heal = await breakDisk("CHAT", `chat:${chat}`, /FROM meta/);
    const faults = listen();
    const stub = env.CHAT.getByName(`chat:${chat}`);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow(
      "the disk does not answer",
    );
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
    const heal = await breakDisk("GATEWAY", gateway, /SELECT/);
    const faults = listen();
    const stub = env.GATEWAY.getByName(gateway);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow(
      "the disk does not answer",
    );
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
    const heal = await breakDisk("INBOX", `user:${ann.id}`, /DELETE FROM connections/);
    const faults = listen();
    // Her token has expired.
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 2 * 3_600_000);
    await expect(runInDurableObject(stub, (instance) => instance.alarm?.())).rejects.toThrow(
      "the disk does not answer",
    );
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
    await breakDisk("CHAT", `chat:${chat}`, /INSERT INTO messages/);
    const faults = listen();
    if (way === "REST") expect((await ann.post(`/v1/chats/${chat}/messages`, { text: "lost" })).status).toBe(500);
    else expect(await own.do("message.send", { text: "lost" })).toMatchObject({ ok: false });
    const lines = faults().filter(({ where }) => where !== "request");
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.map((line) => line.chat)).toEqual(lines.map(() => chat));
    own.close();
  });
});
