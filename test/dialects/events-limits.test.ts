// How much `events` gives in one answer, and how much one connection may listen to.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/limits.ts";
import { EventsClient } from "../support/events.ts";
import type { Body, Person } from "../support/people.ts";
import { call, people, person, service } from "../support/people.ts";

async function sayMany(by: Person, chat: number, texts: readonly string[]): Promise<void> {
  const actor = { appId: 1, userId: by.id } as Parameters<ReturnType<typeof service>["chats"]["get"]>[0];
  for (const text of texts) {
    await service().chats.command<"message.send">(actor, chat as never, { do: "message.send", draft: { text } });
  }
}

describe("list-messages", () => {
  it("gives the newest 1,000 of the range, and the rest is to be had by an earlier `to`", async () => {
    const ann = await person("ann");
    const { id } = await ann.group("many");
    const texts = Array.from({ length: LIMITS.eventsMessages + 30 }, (_, n) => `m${n}`);
    await sayMany(ann, id, texts);
    const client = await EventsClient.connect();
    const newest = await client.list(id);
    expect(newest.map(({ msg }) => msg)).toEqual(texts.slice(30));
    const older = await client.list(id, { to: newest[0].created_at });
    expect(older.slice(0, 30).map(({ msg }) => msg)).toEqual(texts.slice(0, 30));
  });

  it("gives as many of the newest as fit into one answer, also to a client that polls", async () => {
    const ann = await person("ann");
    const { id } = await ann.group("long");
    const long = "👋".repeat(LIMITS.text);
    await sayMany(
      ann,
      id,
      Array.from({ length: 30 }, () => long),
    );
    const client = await EventsClient.connect();
    const listed = await client.list(id);
    const bytes = new TextEncoder().encode(JSON.stringify(listed)).length;
    expect(bytes).toBeLessThanOrEqual(LIMITS.eventsAnswer);
    expect(bytes).toBeGreaterThan(LIMITS.eventsAnswer - 2 * 4 * 2 * LIMITS.text);
    expect(listed.at(-1).id).toBe(String(id * 2 ** 24 + 30));

    const opened = await call("GET", "/socket.io/?EIO=4&transport=polling");
    const path = `/socket.io/?EIO=4&transport=polling&sid=${JSON.parse(String(opened.body).slice(1)).sid}`;
    await call("POST", path, "40");
    await call("POST", path, `420${JSON.stringify(["list-messages", { chat: { id } }])}`);
    let polled = "";
    while (!polled.includes("430[")) polled += `${String((await call("GET", path)).body)}\u001e`;
    const answer = polled.split("\u001e").find((packet) => packet.startsWith("430["));
    expect(JSON.parse(answer?.slice(3) ?? "")[0].messages).toEqual(listed);
  });
});

describe("one connection", () => {
  it("listens to so many users and chats, and is told which one is too many", async () => {
    const [ann, bob] = await people("ann", "bob");
    const client = await EventsClient.connect();
    const { sid } = JSON.parse(client.frames[0]?.slice(1) ?? "") as { sid: string };
    const place = `events/${sid.split("-").slice(0, 2).join("/")}`;
    await runInDurableObject(env.GATEWAY.getByName(place), (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO subscriptions (connection, kind, target)
         SELECT ?, 'user', -1 - key FROM json_each(?)`,
        `${place}#${sid}`,
        JSON.stringify(Array.from({ length: LIMITS.subscriptions - 1 }, () => 0)),
      );
    });
    const named = (one: Person): Promise<Body> => client.call("list-chats", { user: { id: one.id } });
    expect((await named(ann)).chats).toEqual([]);
    expect((await named(bob)).error[0].message).toContain(String(LIMITS.subscriptions));
    expect((await named(ann)).chats).toEqual([]);
    const { id } = await bob.group("still to be named");
    expect(await client.list(id)).toEqual([]);
  });
});
