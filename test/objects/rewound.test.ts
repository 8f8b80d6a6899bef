// A chat that was put back to an earlier moment, as the runbook says: lists and directory, which are ahead of it, follow. Putting
// it back is the platform's, and done here by its tables; the rest is what the Worker for maintenance does.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { chatId } from "../../src/core/ids.ts";
import { raise } from "../../src/maintenance.ts";
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
    const [ann, bob, eve, dan] = await people("ann", "bob", "eve", "dan");
    const { id: chat } = await ann.group("As it was", bob, eve);
    await ann.say(chat, "one");
    await ann.say(chat, "two");
    await expect.poll(() => eve.unread(chat)).toBe(2);
    const tables = await inChat(chat, tablesOf);

    for (const text of ["three", "four", "five"]) await ann.say(chat, text);
    await bob.post(`/v1/chats/${chat}/read`, {});
    await ann.patch(`/v1/chats/${chat}`, { title: "Damaged" });
    await ann.delete(`/v1/chats/${chat}/members/${eve.id}`);
    await ann.put(`/v1/chats/${chat}/members/${dan.id}`, {});
    await expect.poll(() => dan.unread(chat)).toBeDefined();
    await expect.poll(() => eve.unread(chat)).toBe(undefined);
    await expect.poll(() => bob.unread(chat)).toBe(0);
    const before = await inChat(chat, (storage) => {
      const { clock, rev, members } = new Room(storage);
      return { clock, rev, members: members.ids() };
    });

    await inChat(chat, (storage) => putBack(storage, tables));
    await abortAllDurableObjects();
    // Without more, the lists stay with what they have.
    await bob.get(`/v1/chats/${chat}`);
    expect(await eve.unread(chat)).toBe(undefined);

    const raised = runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, ctx) => raise(ctx, before));
    await expect(raised).rejects.toThrow("raised");

    for (const one of [bob, eve]) {
      await expect.poll(() => one.unread(chat)).toBe(2);
      expect((await one.get(`/v1/chats/${chat}`)).body.title).toBe("As it was");
      const { items } = (await one.get(`/v1/chats/${chat}/messages`)).body;
      expect(items.map(({ text }: { text: string }) => text)).toEqual(["two", "one"]);
    }
    await expect
      .poll(async () => (await storesOf(env).directory.chats.membersOf([chatId(chat)])).get(chatId(chat)))
      .toEqual([ann.id, bob.id, eve.id]);
    // Nobody whom the chat does not know any more has it in their list.
    await expect.poll(() => dan.unread(chat)).toBe(undefined);
    const socket = await eve.socket();
    expect((await ann.say(chat, "it goes on")).rev).toBe(before.rev + 2);
    await socket.event("message.created", (event) => event.message.text === "it goes on");
    await expect.poll(() => bob.unread(chat)).toBe(3);
    socket.close();
  });
});
