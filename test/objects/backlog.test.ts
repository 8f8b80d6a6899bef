// However much a chat holds, and however far somebody is behind in it, a message and a read look at a few rows only.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "../../src/core/commands.ts";
import { appId, messageId } from "../../src/core/ids.ts";
import type { ChatId } from "../../src/core/ids.ts";
import { RETENTION } from "../../src/core/limits.ts";
import { chatStub } from "../../src/objects/rpc.ts";
import { file } from "../support/files.ts";
import { countReads } from "../support/meter.ts";
import type { Person } from "../support/people.ts";
import { people } from "../support/people.ts";

const MANY = 2_000;
/** Rows that are read at most where nothing depends on how much there is. */
const FEW = 200;

async function ask(by: Person, chat: ChatId, commands: readonly Command[]): Promise<void> {
  const results = await chatStub(env, chat).executeAll({ appId: appId(1), userId: by.id }, commands, null);
  for (const result of results) expect(result).toMatchObject({ ok: true });
}

const sends = (count: number): Command[] =>
  Array.from({ length: count }, (_, at) => ({ do: "message.send", draft: { text: `text ${at}` } }));

describe("a chat with many files", () => {
  it("looks at none of them when something is said, and at those that wait alone where one is sent", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    await runInDurableObject(env.CHAT.getByName(`chat:${id}`), (_, { storage: { sql } }) => {
      for (let n = 0; n < MANY; n++) sql.exec("INSERT INTO files (id, task) VALUES (?, 'kept')", crypto.randomUUID());
    });
    await abortAllDurableObjects();
    const rowsRead = await countReads(id);
    await ann.say(id, "hello");
    const attachment = await file(ann, "one.txt");
    await ann.say(id, "with a file", { attachments: [attachment.id] });
    await expect
      .poll(() => env.DB.prepare("SELECT chat_id FROM attachments WHERE id = ?").bind(attachment.id).first("chat_id"))
      .toBe(id);
    expect(await rowsRead()).toBeLessThan(FEW);
  });

  it("does what was left to do with a file when it died", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    await ann.say(id, "hello");
    const attachment = await file(ann, "one.txt");
    await runInDurableObject(env.CHAT.getByName(`chat:${id}`), (_, { storage: { sql } }) => {
      sql.exec("INSERT INTO files (id, task) VALUES (?, 'drop')", attachment.id);
    });
    await abortAllDurableObjects();
    await ann.say(id, "hello again");
    await expect
      .poll(() => env.DB.prepare("SELECT 1 AS one FROM attachments WHERE id = ?").bind(attachment.id).first("one"))
      .toBeNull();
  });
});

describe("somebody who is far behind", () => {
  it("reads one message alone, and the first ones, without the rest being looked at", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    await ask(ann, id, sends(MANY));
    const rowsRead = await countReads(id);
    const read = async (body: object): Promise<number> => (await bob.post(`/v1/chats/${id}/read`, body)).body.unread;
    expect(await bob.post(`/v1/chats/${id}/read`, { message_id: messageId(id, 1_500) })).toMatchObject({
      body: { unread: MANY - 1 },
    });
    expect(await read({ message_id: messageId(id, 1_500) })).toBe(MANY - 1);
    expect(await read({ message_id: messageId(id, 1) })).toBe(MANY - 2);
    expect(await read({ up_to: messageId(id, 20) })).toBe(MANY - 21);
    expect(await rowsRead()).toBeLessThan(3 * FEW);
    expect(await read({})).toBe(0);
  });

  it("is counted together with all others when the chat wakes", async () => {
    const all = await people(...Array.from({ length: 12 }, (_, n) => `p${n}`));
    const [ann, ...others] = all as [Person, ...Person[]];
    const { id } = await ann.group("Group", ...others);
    await ask(ann, id, sends(MANY));
    for (const [at, one] of others.entries()) {
      if (at % 2 === 0) await one.post(`/v1/chats/${id}/read`, { up_to: messageId(id, 10 * (at + 1)) });
    }
    await abortAllDurableObjects();
    const rowsRead = await countReads(id);
    await ann.say(id, "one more");
    // Whoever has read least may come last: then those before are counted in a few looks, not each in their own.
    expect(await rowsRead()).toBeLessThan(6 * MANY);
    for (const [at, one] of others.entries()) {
      await expect.poll(() => one.unread(id)).toBe(MANY + 1 - (at % 2 === 0 ? 10 * (at + 1) : 0));
    }
  });
});

describe("somebody who never reads", () => {
  /** Ann has written so much that a few parts of the log are full; neither of the two has read anything. */
  const long = async (): Promise<{ ann: Person; bob: Person; id: ChatId }> => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    for (let n = 0; n < 4; n++) await ask(n % 2 === 0 ? ann : bob, id, sends(MANY));
    return { ann, bob, id };
  };

  it("has the log looked at once, and not each time that the chat wakes", async () => {
    const { ann, bob, id } = await long();
    for (let n = 1; n <= 3; n++) {
      await abortAllDurableObjects();
      const rowsRead = await countReads(id);
      await ann.say(id, `hello ${n}`);
      expect(await rowsRead()).toBeLessThan(n === 1 ? 12 * MANY : 1.5 * MANY);
      await expect.poll(() => bob.unread(id)).toBe(2 * MANY + n);
    }
  });

  it("has unread what there is, whatever is deleted, read, sent and kept meanwhile", async () => {
    const { ann, bob, id } = await long();
    const both = [ann, bob] as const;
    const log = Array.from({ length: 4 * MANY }, (_, at) => ({ by: Math.floor(at / MANY) % 2, isDeleted: false }));
    const read = [new Set<number>(), new Set<number>()] as const;
    let expired = 0;
    const unread = (reader: 0 | 1): number =>
      log.filter(({ by, isDeleted }, at) => by !== reader && !isDeleted && at >= expired && !read[reader].has(at))
        .length;
    const place = fc.oneof(
      fc.integer({ min: 1, max: 4 * MANY }),
      fc.constantFrom(1, 1_024, 1_025, 2_048, 2_049, 4_096),
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const), by: fc.nat(1) }),
      fc.record({ do: fc.constant("delete" as const), seq: place }),
      fc.record({ do: fc.constant("one" as const), by: fc.nat(1), seq: place }),
      fc.record({ do: fc.constant("upTo" as const), by: fc.nat(1), seq: fc.integer({ min: 1, max: MANY }) }),
      fc.record({ do: fc.constant("wake" as const) }),
      fc.record({ do: fc.constant("expire" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        for (const one of steps) {
          if (one.do === "wake") await abortAllDurableObjects();
          else if (one.do === "expire") {
            if (expired > MANY) continue;
            expect(await chatStub(env, id).expire(Date.now())).toEqual({ ok: true, value: true });
            expired += RETENTION.messages;
          } else if (one.do === "send") {
            await ask(both[one.by] ?? ann, id, sends(1));
            log.push({ by: one.by, isDeleted: false });
          } else if (one.do === "delete") {
            const message = log[one.seq - 1];
            if (message === undefined || message.isDeleted || one.seq <= expired) continue;
            await ask(both[message.by] ?? ann, id, [{ do: "message.delete", messageId: messageId(id, one.seq) }]);
            message.isDeleted = true;
          } else {
            const which = one.do === "one" ? { messageId: messageId(id, one.seq) } : { upTo: messageId(id, one.seq) };
            if (one.do === "one" && (log[one.seq - 1]?.isDeleted === true || one.seq <= expired)) continue;
            await ask(both[one.by] ?? ann, id, [{ do: "read", ...which }]);
            for (let seq = one.do === "one" ? one.seq : 1; seq <= one.seq; seq++) read[one.by as 0 | 1].add(seq - 1);
          }
        }
        await abortAllDurableObjects();
        for (const reader of [0, 1] as const) {
          const { body } = await both[reader].get(`/v1/chats/${id}`);
          expect(body.unread).toBe(unread(reader));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("a chat to which an app listens", () => {
  it("tells it again what it may not have heard before a crash, without the rest being looked at", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    await ask(ann, id, sends(MANY));
    for (const one of [ann, bob]) await one.post(`/v1/chats/${id}/read`, {});
    expect(await chatStub(env, id).subscribe(appId(1), "rooms/local/0#nobody", true)).toMatchObject({ ok: true });
    await ann.say(id, "the last one");
    await abortAllDurableObjects();
    const rowsRead = await countReads(id);
    await ann.say(id, "one more");
    expect(await rowsRead()).toBeLessThan(FEW);
  });
});

describe("what each member has unread once the chat was evicted", () => {
  it("is what it was, whoever is asked about first", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const members = [ann, bob, eve];
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const), by: fc.nat(2) }),
      fc.record({ do: fc.constantFrom("one" as const, "upTo" as const), by: fc.nat(2), at: fc.nat(15) }),
      fc.record({ do: fc.constant("delete" as const), at: fc.nat(15) }),
    );
    const steps = fc.array(step, { minLength: 5, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(steps, fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), async (all, order) => {
        const { id } = await ann.group("Group", bob, eve);
        const log: { by: number; isDeleted: boolean }[] = [];
        const unread = members.map(() => new Set<number>());
        for (const one of all) {
          const seq = one.do === "send" ? log.length + 1 : one.at;
          const message = log[seq - 1];
          if (one.do === "send") {
            await ask(members[one.by] as Person, id, sends(1));
            log.push({ by: one.by, isDeleted: false });
            for (const [at, set] of unread.entries()) if (at !== one.by) set.add(seq);
          } else if (message !== undefined && one.do === "delete" && !message.isDeleted) {
            await ask(members[message.by] as Person, id, [{ do: "message.delete", messageId: messageId(id, seq) }]);
            message.isDeleted = true;
            for (const set of unread) set.delete(seq);
          } else if (message !== undefined && one.do !== "delete") {
            const which = one.do === "one" ? { messageId: messageId(id, seq) } : { upTo: messageId(id, seq) };
            await ask(members[one.by] as Person, id, [{ do: "read", ...which }]);
            const set = unread[one.by] ?? new Set();
            for (const other of set) if (one.do === "one" ? other === seq : other <= seq) set.delete(other);
          }
        }
        await abortAllDurableObjects();
        for (const at of order) {
          const { body } = await (members[at] as Person).get(`/v1/chats/${id}`);
          expect(body.unread).toBe(unread[at]?.size);
        }
      }),
      { numRuns: 25 },
    );
  });
});
