// A message that is written straight as JSON is letter by letter what its object would be.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { chatId, messageId, userId } from "../../src/core/ids.ts";
import { MESSAGE_KINDS } from "../../src/core/message.ts";
import type { Json, SeenMessage } from "../../src/core/message.ts";
import { createRender } from "../../src/dialects/native/render.ts";

const render = createRender((origin, id) => `${origin}/files/${id}?"signed"`);
const ORIGIN = "https://chat.example";

/** What JSON escapes, and what it does not though it might. */
const odd = fc.constantFrom('"', "\\", "\0", "\n", "\u001f", "\u007f", "\u2028", "\ud83d", "\udc4b", "👋", "a");
const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: odd }));
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
/** Whole milliseconds, also at the edges of seconds and minutes, and before 1970. */
const time = fc.oneof(fc.integer({ min: -1e12, max: 8e12 }), fc.constantFrom(0, 999, 1_000, 59_999, 60_000, 1.8e12));
const pixels = orNull(fc.nat());

const person = fc.record({
  id: fc.integer({ min: 1 }).map(userId),
  username: text,
  name: text,
  photo: orNull(text),
  email: orNull(text),
  firstName: orNull(text),
  middleName: orNull(text),
  lastName: orNull(text),
  externalId: orNull(text),
  createdAt: time,
  updatedAt: time,
  deletedAt: orNull(time),
});
const attachment = fc.record({
  id: fc.uuid(),
  name: text,
  size: fc.nat(),
  mime: text,
  width: pixels,
  height: pixels,
  createdAt: time,
});
const message: fc.Arbitrary<SeenMessage> = fc.record({
  id: fc
    .tuple(fc.integer({ min: 1, max: 2 ** 28 }), fc.nat({ max: 2 ** 24 - 1 }))
    .map(([chat, seq]) => messageId(chatId(chat), seq)),
  chatId: fc.integer({ min: 1, max: 2 ** 28 }).map(chatId),
  seq: fc.nat(),
  rev: fc.nat(),
  user: person,
  role: fc.constantFrom("owner" as const, "member" as const),
  kind: fc.constantFrom(...MESSAGE_KINDS),
  text: orNull(text),
  attachments: fc.array(attachment, { maxLength: 3 }),
  data: fc.jsonValue() as fc.Arbitrary<Json>,
  replyTo: orNull(fc.nat({ max: 2 ** 24 }).map((seq) => messageId(chatId(7), seq))),
  clientId: orNull(text),
  createdAt: time,
  editedAt: orNull(time),
  deletedAt: orNull(time),
  read: fc.boolean(),
});

/** Most messages are a text and nothing else; some are that but for one thing. */
const PLAIN = { kind: "text", attachments: [], data: null, replyTo: null, editedAt: null, deletedAt: null } as const;
const plain = fc
  .tuple(message, fc.constantFrom(undefined, ...(Object.keys(PLAIN) as (keyof typeof PLAIN)[])))
  .map(([one, but]): SeenMessage => ({ ...one, ...PLAIN, ...(but === undefined ? {} : { [but]: one[but] }) }));

/** What follows another message: by somebody else, by the same person, or the same one again, changed or not. */
const messages = fc.array(fc.tuple(fc.oneof(plain, message), fc.constantFrom("another", "author", "edited", "same")), {
  maxLength: 5,
});
function inOrder(drawn: readonly (readonly [SeenMessage, string])[]): SeenMessage[] {
  const all: SeenMessage[] = [];
  for (const [one, how] of drawn) {
    const before = all.at(-1);
    if (before === undefined || how === "another") all.push(one);
    else if (how === "author") all.push({ ...one, user: before.user });
    else if (how === "edited") all.push({ ...one, id: before.id, user: before.user, rev: before.rev + 1 });
    else all.push({ ...before, read: one.read });
  }
  return all;
}

it("for every message and page there may be", () => {
  fc.assert(
    fc.property(messages, orNull(fc.nat()), (drawn, next) => {
      const items = inOrder(drawn);
      const page = { items: items.map((one) => render.seen(one, ORIGIN)), next };
      expect(`{${render.pageText({ items, next }, ORIGIN)}}`).toBe(JSON.stringify(page));
    }),
    { numRuns: 500 },
  );
});
