// Pages of history come out of the storage whole and in order, whatever is in the messages.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { LIMITS } from "../../src/core/limits.ts";
import type { Body } from "../support/people.ts";
import { people } from "../support/people.ts";

/** Short ones; the longest there may be, of characters that take many bytes in storage or as JSON; and odd ones. */
const TEXTS = [
  "short",
  "\u{1f680}".repeat(LIMITS.text),
  "\u0001".repeat(LIMITS.text),
  'quotes " and \\ and \n and \u2028',
  "with \0 in it",
  "\u20ac".repeat(700),
];
const DATA = { nested: ["\u20ac".repeat(1_000), { n: 1.5e300 }], empty: "" };

it("of the largest kind, with messages of every length, both ways", async () => {
  const [ann] = await people("ann");
  const chat = await ann.group("Long");
  // Together they may send as many at once.
  const sockets = [await ann.socket(chat.id), await ann.socket(chat.id)] as const;
  const [socket] = sockets;
  const sent: Body[] = [];
  for (let n = 0; n < LIMITS.page + 30; n++) {
    const data = n % 5 === 0 ? DATA : undefined;
    const client_id = n % 3 === 0 ? `c${n}` : undefined;
    const answer = await sockets[n % 2 === 0 ? 0 : 1].do("message.send", {
      text: TEXTS[n % TEXTS.length],
      data,
      client_id,
    });
    expect(answer.ok).toBe(true);
    sent.push(answer.message);
  }
  const path = `/v1/chats/${chat.id}/messages?limit=${LIMITS.page}`;
  const newest = (await ann.get(path)).body;
  expect(newest.items).toEqual(sent.slice(-LIMITS.page).toReversed());
  expect(newest.next).toBe(newest.items.at(-1).id);
  expect((await ann.get(`${path}&before=${newest.next}`)).body).toEqual({
    items: sent.slice(0, 30).toReversed(),
    next: null,
  });
  const oldest = (await ann.get(`${path}&after=0`)).body;
  expect(oldest.items).toEqual(sent.slice(0, LIMITS.page));
  expect((await ann.get(`${path}&after=${oldest.next}`)).body).toEqual({ items: sent.slice(LIMITS.page), next: null });
  // A place that is not there yet is beyond the newest.
  expect((await ann.get(`${path}&before=${sent.at(-1).id + 1_000}`)).body).toEqual(newest);
  expect((await ann.get(`${path}&after=${sent.at(-1).id}`)).body).toEqual({ items: [], next: null });
  const { items } = await socket.do("message.list", { limit: LIMITS.page });
  expect(items).toEqual(newest.items);
  for (const one of sockets) one.close();
  // So it is with what was written before messages were noted as plain.
  const stub = env.CHAT.getByName(`chat:${chat.id}`);
  await runInDurableObject(stub, (_, { storage }) => void storage.sql.exec("UPDATE messages SET plain = 0"));
  expect((await ann.get(path)).body).toEqual(newest);
  expect((await ann.get(`${path}&after=0`)).body).toEqual(oldest);
});
