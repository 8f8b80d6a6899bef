// A connection that acts for an app, told by hand: what comes twice, too early or too late is told once, in order where it can be.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DELIVERY } from "../../src/core/limits.ts";
import type { Message } from "../../src/core/message.ts";
import { ghostOf } from "../../src/core/people.ts";
import { gatewayStub } from "../../src/objects/rpc.ts";
import { EventsClient } from "../support/events.ts";
import { people } from "../support/people.ts";

/** A connection that has named two people, its id, its Gateway, and a message to be told to it. */
async function scene() {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const [ann, bob] = await people("ann", "bob");
  const chat = await ann.group("scene", bob);
  const client = await EventsClient.connect();
  for (const { id } of [ann, bob]) await client.call("list-chats", { user: { id } });
  const sid: string = JSON.parse(client.frames[0]?.slice(1) ?? "").sid;
  const place = `events/${sid.split("-").slice(0, 2).join("/")}`;
  const id = `${place}#${sid}`;
  const message = (seq: number): Message => ({
    id: (chat.id * 2 ** 24 + seq) as Message["id"],
    chatId: chat.id,
    seq,
    rev: seq + 1,
    user: { ...ghostOf(ann.id, 1), username: "ann", name: "ann" },
    role: "owner",
    kind: "text",
    text: `m${seq}`,
    attachments: [],
    data: null,
    replyTo: null,
    clientId: null,
    createdAt: 1,
    editedAt: null,
    deletedAt: null,
  });
  const tell = (settled: boolean | undefined, ...seqs: number[]): Promise<string[]> =>
    gatewayStub(env, place).deliver([
      {
        connections: [id],
        events: seqs.map((seq) => ({
          event: { type: "message.created", chatId: chat.id, rev: seq + 1, message: message(seq) },
          settled,
        })),
      },
    ]);
  const told = (): string[] => client.messages(chat.id).map(({ msg }) => msg);
  return { client, tell, told, place, id, chat };
}

/** From here on no timer goes off either until the test lets it: a connection waits only so long for what is missing. */
const standStill = (): void => void vi.useFakeTimers({ toFake: ["Date", "setTimeout"], now: Date.now() });

afterEach(() => void vi.useRealTimers());

describe("what a connection of an app is told", () => {
  it("comes once, by however many ways", async () => {
    const { tell, told } = await scene();
    await tell(true, 1, 2, 3);
    await tell(true, 1, 2, 3, 4);
    await expect.poll(told).toEqual(["m1", "m2", "m3", "m4"]);
  });

  it("waits for the one before it, where that is still on its way", async () => {
    const { tell, told } = await scene();
    standStill();
    await tell(false, 8, 9);
    await tell(true, 10);
    await tell(false, 7, 8);
    await tell(true, 6);
    await expect.poll(told).toEqual(["m6", "m7", "m8", "m9", "m10"]);
  });

  it("does not wait where everything before it has arrived", async () => {
    const { tell, told } = await scene();
    await tell(true, 8);
    await expect.poll(told).toEqual(["m8"]);
    await tell(true, 9);
    await tell(true, 6);
    await expect.poll(told).toEqual(["m8", "m9", "m6"]);
  });

  it("does not wait for ever", async () => {
    const { tell, told, place } = await scene();
    standStill();
    await tell(false, 8);
    await tell(true, 9);
    expect(told()).toEqual([]);
    await runInDurableObject(env.GATEWAY.getByName(place), () => void vi.advanceTimersByTime(DELIVERY.inOrderMs));
    await expect.poll(told).toEqual(["m8", "m9"]);
    await tell(false, 7);
    await expect.poll(told).toEqual(["m8", "m9", "m7"]);
  });

  it("is forgotten with the connection", async () => {
    const { client, tell, place, id } = await scene();
    await tell(true, 1);
    const rows = (): Promise<number> =>
      runInDurableObject(env.GATEWAY.getByName(place), (_, { storage }) =>
        ["heard", "subscriptions"].reduce(
          (sum, table) => sum + storage.sql.exec(`SELECT * FROM ${table} WHERE connection = ?`, id).toArray().length,
          0,
        ),
      );
    expect(await rows()).toBe(3);
    client.close();
    await expect.poll(rows).toBe(0);
    expect(await tell(true, 2)).toEqual([id]);
    expect(await rows()).toBe(0);
  });
});
