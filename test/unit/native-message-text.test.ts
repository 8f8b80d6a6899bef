// A message that is written straight as JSON is letter by letter what its object would be.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { chatId, messageId, userId } from "../../src/core/ids.ts";
import { MESSAGE_KINDS } from "../../src/core/message.ts";
import type { Json, SeenMessage } from "../../src/core/message.ts";
import { createRender } from "../../src/dialects/native/render.ts";

const render = createRender((origin, id) => `${origin}/files/${id}?"signed"`);
const ORIGIN = "https://chat.example";

const text = fc.string({ unit: "grapheme" });
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

it("for every message and page there may be", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), orNull(fc.nat()), (items, next) => {
      const page = { items: items.map((one) => render.seen(one, ORIGIN)), next };
      expect(`{${render.pageText({ items, next }, ORIGIN)}}`).toBe(JSON.stringify(page));
    }),
    { numRuns: 500 },
  );
});
