// A chat that was put back to an earlier moment, as the runbook says: lists and directory, which are ahead of it, follow. Putting
// it back is the platform's, and done here by its tables; the rest is the runbook's own step.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { chatId } from "../../src/core/ids.ts";
import { ChangeLog } from "../../src/objects/chat/changes.ts";
import { Room } from "../../src/objects/chat/room.ts";
import { people } from "../support/people.ts";
import { storesOf } from "../../src/compose.ts";

type Tables = Map<string, Record<string, SqlStorageValue>[]>;

const inChat = <T>(chat: number, work: (storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage }) => work(storage));

function tablesOf({ sql }: DurableObjectStorage): Tables {
  const names = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '[_s][cq]*'")
    .toArray();
  return new Map(names.map(({ name }) => [name, sql.exec(`SELECT * FROM ${name}`).toArray()]));
}

function putBack(storage: DurableObjectStorage, tables: Tables): void {
  storage.transactionSync(() => {
    for (const [name, rows] of tables) {
      storage.sql.exec(`DELETE FROM ${name}`);
      for (const row of rows) {
        const marks = Object.keys(row).map(() => "?");
        storage.sql.exec(
          `INSERT INTO ${name} (${Object.keys(row).join(", ")}) VALUES (${marks.join(", ")})`,
          ...Object.values(row),
        );
      }
    }
  });
}

describe("a chat that was put back", () => {
  it("is shown to everyone as it was, once it is raised above what it had been", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const { id: chat } = await ann.group("As it was", bob, eve);
    await ann.say(chat, "one");
    await ann.say(chat, "two");
    await expect.poll(() => eve.unread(chat)).toBe(2);
    const tables = await inChat(chat, tablesOf);

    for (const text of ["three", "four", "five"]) await ann.say(chat, text);
    await bob.post(`/v1/chats/${chat}/read`, {});
    await ann.patch(`/v1/chats/${chat}`, { title: "Damaged" });
    await ann.delete(`/v1/chats/${chat}/members/${eve.id}`);
    await expect.poll(() => eve.unread(chat)).toBe(undefined);
    await expect.poll(() => bob.unread(chat)).toBe(0);
    const before = await inChat(chat, (storage) => {
      const { clock, rev } = new Room(storage);
      return { clock, rev };
    });

    await inChat(chat, (storage) => putBack(storage, tables));
    await abortAllDurableObjects();
    // Without more, the lists stay with what they have.
    await bob.get(`/v1/chats/${chat}`);
    expect(await eve.unread(chat)).toBe(undefined);

    await inChat(chat, async (storage) => {
      const room = new Room(storage);
      new ChangeLog(storage.sql).add({
        rev: before.rev + 1,
        clock: before.clock + 1,
        delivered: 0,
        lastSeq: room.lastSeq,
        type: "renamed",
        by: room.chat.createdBy,
        seq: null,
        users: room.members.ids(),
        at: Date.now(),
      });
      await storage.setAlarm(Date.now() + 60_000);
    });
    await abortAllDurableObjects();
    await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`));

    for (const one of [bob, eve]) {
      await expect.poll(() => one.unread(chat)).toBe(2);
      expect((await one.get(`/v1/chats/${chat}`)).body.title).toBe("As it was");
      const { items } = (await one.get(`/v1/chats/${chat}/messages`)).body;
      expect(items.map(({ text }: { text: string }) => text)).toEqual(["two", "one"]);
    }
    await expect
      .poll(async () => (await storesOf(env).directory.chats.membersOf([chatId(chat)])).get(chatId(chat)))
      .toEqual([ann.id, bob.id, eve.id]);
    const socket = await eve.socket();
    expect((await ann.say(chat, "it goes on")).rev).toBe(before.rev + 2);
    await socket.event("message.created", (event) => event.message.text === "it goes on");
    await expect.poll(() => bob.unread(chat)).toBe(3);
    socket.close();
  });
});
