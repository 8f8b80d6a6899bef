// What a message costs, counted: rows written, calls between objects, encodings. A figure that grows fails here.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { countCalls, countRows } from "../support/meter.ts";
import type { Person, Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

const GATEWAYS = Array.from({ length: 4 }, (_, n) => `native/local/${n}`);

/** What asking for the list takes: where a chat is being talked in, it is asked first. */
const LISTING = ["INBOX.list", "CHAT.settle"];

async function pair(): Promise<[Person, Person]> {
  const [ann, bob] = await people("ann", "bob");
  if (ann === undefined || bob === undefined) throw new Error("no people");
  return [ann, bob];
}

/** Counts everything that happens in `chat` and to `members` while `work` runs. */
async function counted(
  chat: number,
  members: readonly Person[],
  work: () => Promise<void>,
): Promise<{ rows: number; calls: Map<string, number>; total: number }> {
  const inboxes = members.map((member) => `user:${member.id}`);
  const meters = [
    await countRows("CHAT", `chat:${chat}`),
    ...(await Promise.all(inboxes.map((name) => countRows("INBOX", name)))),
    ...(await Promise.all(GATEWAYS.map((name) => countRows("GATEWAY", name)))),
    await countRows("LOBBY", "app:1"),
  ];
  const { calls, stop } = await countCalls([
    ["CHAT", `chat:${chat}`],
    ["INBOX", inboxes[0] ?? ""],
    ["GATEWAY", GATEWAYS[0] ?? ""],
    ["LOBBY", "app:1"],
  ]);
  const before = meters.map((rows) => rows());
  await work();
  stop();
  const rows = meters.reduce((sum, meter, at) => sum + meter() - (before[at] ?? 0), 0);
  return { rows, calls, total: [...calls.values()].reduce((sum, n) => sum + n, 0) };
}

const directoryRows = async (): Promise<number> => {
  const tables = ["users", "tokens", "chats", "memberships", "attachments"];
  const counts = await Promise.all(
    tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")),
  );
  return counts.reduce<number>((sum, n) => sum + (n ?? 0), 0);
};

const stringify = JSON.stringify;
afterEach(() => {
  JSON.stringify = stringify;
});

/** How often this text is written as JSON, in whatever object. One without quotes is written as it is. */
function countTexts(text: string): () => number {
  let times = 0;
  JSON.stringify = ((value: unknown, ...rest: []) => {
    if (value === text) times++;
    return stringify(value, ...rest);
  }) as typeof JSON.stringify;
  return () => times;
}

describe("what a text costs in a direct chat with both online", () => {
  it("at most 6 rows in all objects together, none in the directory, and at most 6 calls", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const [a, b] = [await ann.socket(), await bob.socket()];
    await a.do("message.send", { chat_id: chat.id, text: "so that the chat is open", client_id: "warm" });
    await b.event("message.created");
    const directory = await directoryRows();

    const cost = await counted(chat.id, [ann, bob], async () => {
      await a.do("message.send", { chat_id: chat.id, text: "counted", client_id: "counted" });
      await b.event("message.created", (event) => event.message.text === "counted");
      await expect.poll(() => bob.unread(chat.id)).toBe(2);
    });
    for (const call of LISTING) cost.calls.delete(call);
    expect(Object.fromEntries(cost.calls)).toEqual({ "CHAT.executeAll": 1, "INBOX.deliver": 2, "GATEWAY.deliver": 1 });
    // With the frame that asked for it, and no more than this: five object requests.
    expect(cost.rows).toBeGreaterThanOrEqual(4);
    expect(cost.rows).toBeLessThanOrEqual(6);
    expect(await directoryRows()).toBe(directory);
  });

  it("is encoded once in a Gateway, however many sockets hear it there", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const a = await ann.socket();
    const sockets = await Promise.all(Array.from({ length: 12 }, () => bob.socket()));
    const text = 'hello "all"';
    const written = countTexts(text);
    await a.do("message.send", { chat_id: chat.id, text });
    await Promise.all(sockets.map((socket) => socket.event("message.created")));
    expect(written()).toBeGreaterThan(0);
    // Once in each Gateway, and once for the answer.
    expect(written()).toBeLessThanOrEqual(GATEWAYS.length + 1);
  });
});

describe("what a text costs on a chat's own sockets", () => {
  it("no call for a socket: a thousand hear it by one encoding", async () => {
    const [ann, bob] = await pair();
    const chat = await ann.direct(bob);
    const a = await ann.socket(chat.id);
    const sockets: Socket[] = [];
    for (let n = 0; n < 1_000; n++) sockets.push(await bob.socket(chat.id));
    const text = 'to "a thousand"';
    const written = countTexts(text);
    const cost = await counted(chat.id, [ann, bob], async () => {
      await a.do("message.send", { text });
      await Promise.all(sockets.map((socket) => socket.event("message.created")));
      await expect.poll(() => bob.unread(chat.id)).toBe(1);
    });
    for (const call of LISTING) cost.calls.delete(call);
    expect(Object.fromEntries(cost.calls)).toEqual({ "INBOX.deliver": 2 });
    // Once for the thousand and the answer.
    expect(written()).toBe(1);
    for (const socket of [a, ...sockets]) socket.close();
  });
});
