// Erasing is finished whatever cuts it off, and leaves nothing.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { file } from "../support/files.ts";
import { patch } from "../support/meter.ts";
import type { Body, Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

async function chatWithFile(): Promise<{ ann: Person; bob: Person; chat: number; attachment: string }> {
  const [ann, bob] = await people("ann", "bob");
  if (ann === undefined || bob === undefined) throw new Error("no people");
  const chat = (await ann.direct(bob)).id;
  const attachment = (await file(ann)).id;
  await ann.post(`/v1/chats/${chat}/messages`, { attachments: [attachment] });
  await expect.poll(async () => (await bob.get(`/v1/attachments/${attachment}`)).status).toBe(200);
  return { ann, bob, chat, attachment };
}

const listed = async (who: Person): Promise<number[]> =>
  (await who.get("/v1/chats")).body.items.map((chat: Body) => chat.id);
const count = (table: string, column: string, value: number | string) =>
  env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`).bind(value).first<number>("n");

async function nothingIsLeft({ ann, bob, chat, attachment }: Awaited<ReturnType<typeof chatWithFile>>): Promise<void> {
  for (const who of [ann, bob]) {
    await expect.poll(() => listed(who)).not.toContain(chat);
    expect((await who.get(`/v1/chats/${chat}`)).status).toBe(404);
  }
  const tables = await runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'messages'").toArray(),
  );
  expect(tables).toEqual([]);
  expect(await count("chats", "id", chat)).toBe(0);
  expect(await count("memberships", "chat_id", chat)).toBe(0);
  expect(await count("attachments", "id", attachment)).toBe(0);
  expect(await env.FILES.head(`1/${attachment}`)).toBeNull();
}

/** Runs the chat's alarm until it has none. */
async function finish(chat: number): Promise<void> {
  for (let round = 0; round < 20 && (await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`))); round++);
}

describe("erasing a chat", () => {
  it("takes messages, list rows, directory rows and files, and the next message makes another chat", async () => {
    const all = await chatWithFile();
    const b = await all.bob.socket();
    const here = await all.bob.socket(all.chat);
    expect((await all.ann.delete(`/v1/chats/${all.chat}`)).status).toBe(204);
    expect((await all.ann.direct(all.bob)).id).not.toBe(all.chat);
    await b.event("chat.removed");
    await here.event("chat.removed");
    await here.until(() => here.closed !== undefined, "the close");
    await finish(all.chat);
    await nothingIsLeft(all);
  });

  it("that has begun, and got no further, keeps nobody from making another one", async () => {
    const { ann, bob, chat } = await chatWithFile();
    const erasing = "INSERT INTO meta (key, value) VALUES ('erasing', '1')";
    await runInDurableObject(env.CHAT.getByName(`chat:${chat}`), async (_, state) => {
      state.storage.sql.exec(erasing);
      await state.storage.sync();
      state.abort();
    }).catch(() => undefined);
    const next = await ann.direct(bob);
    expect(next.id).toBeGreaterThan(chat);
    expect((await bob.direct(ann)).id).toBe(next.id);
  });

  it.each([
    ["an Inbox that can't be reached", "INBOX", "deliver"],
    ["the directory", "DB", "prepare"],
    ["the bucket", "FILES", "delete"],
  ] as const)("that was cut off by %s is finished by the alarm", async (_, binding, method) => {
    const all = await chatWithFile();
    let failures = 2;
    if (binding === "INBOX") {
      undo.push(
        await patch("INBOX", `user:${all.bob.id}`, [method], (old) => {
          return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
            if (this.ctx.id.name === `user:${all.bob.id}` && failures-- > 0) throw new Error("out of reach");
            return old.apply(this, args);
          };
        }),
      );
    } else {
      const target = env[binding] as unknown as Record<string, (...args: unknown[]) => unknown>;
      const old = target[method]?.bind(target);
      if (old === undefined) throw new Error("nothing to break");
      const erasing = (args: unknown[]) => binding === "FILES" || String(args[0]).includes("attachments WHERE chat_id");
      target[method] = (...args: unknown[]) => {
        if (erasing(args) && failures-- > 0) throw new Error("out of reach");
        return old(...args);
      };
      undo.push(() => delete target[method]);
    }
    expect((await all.ann.delete(`/v1/chats/${all.chat}`)).status).toBe(204);
    await finish(all.chat);
    expect(failures).toBeLessThan(2);
    await nothingIsLeft(all);
  });
});

describe("a group that nobody is in any more", () => {
  async function group(): Promise<{ ann: Person; bob: Person; chat: number }> {
    const [ann, bob] = await people("ann", "bob");
    if (ann === undefined || bob === undefined) throw new Error("no people");
    const { id: chat } = (await ann.post("/v1/chats", { title: "duo", members: [bob.id] })).body;
    await ann.post(`/v1/chats/${chat}/messages`, { text: "is unread" });
    await expect.poll(() => listed(bob)).toContain(chat);
    return { ann, bob, chat };
  }
  const leave = (who: Person, chat: number): Promise<unknown> => who.delete(`/v1/chats/${chat}/members/${who.id}`);
  const removals = (socket: Awaited<ReturnType<Person["socket"]>>): number =>
    socket.events.filter(({ event }) => event === "chat.removed").length;

  it("is in nobody's list, and all connections of those who left last have heard it, once", async () => {
    const { ann, bob, chat } = await group();
    const sockets = [await ann.socket(), await ann.socket(), await bob.socket()];
    await Promise.all([leave(ann, chat), leave(bob, chat)]);
    for (const socket of sockets) await socket.event("chat.removed");
    await finish(chat);
    for (const who of [ann, bob]) expect(await listed(who)).not.toContain(chat);
    expect(sockets.map(removals)).toEqual([1, 1, 1]);
    expect(await count("chats", "id", chat)).toBe(0);
  });

  it.each(["left", "was removed before it was erased"])(
    "is not in the list of one who %s and could not be reached then",
    async (how) => {
      const { ann, bob, chat } = await group();
      let failures = 3;
      undo.push(
        await patch("INBOX", `user:${bob.id}`, ["deliver"], (old) => {
          return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
            if (this.ctx.id.name === `user:${bob.id}` && failures-- > 0) throw new Error("out of reach");
            return old.apply(this, args);
          };
        }),
      );
      if (how === "left") {
        await leave(bob, chat);
        await leave(ann, chat);
      } else {
        await ann.delete(`/v1/chats/${chat}/members/${bob.id}`);
        await ann.delete(`/v1/chats/${chat}`);
      }
      await finish(chat);
      expect(failures).toBeLessThan(3);
      await expect.poll(() => listed(bob)).not.toContain(chat);
      expect(await listed(ann)).not.toContain(chat);
      expect(await count("chats", "id", chat)).toBe(0);
    },
  );
});

describe("deleting a message", () => {
  it("takes its file too", async () => {
    const { ann, chat, attachment } = await chatWithFile();
    const [message] = (await ann.get(`/v1/chats/${chat}/messages`)).body.items;
    expect((await ann.delete(`/v1/chats/${chat}/messages/${message.id}`)).status).toBe(204);
    await expect.poll(() => env.FILES.head(`1/${attachment}`)).toBeNull();
    expect((await ann.get(`/v1/attachments/${attachment}`)).status).toBe(404);
  });
});
