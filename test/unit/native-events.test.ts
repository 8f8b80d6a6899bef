import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../src/core/events.ts";
import { chatId, messageId, userId } from "../../src/core/ids.ts";
import type { Json, Message } from "../../src/core/message.ts";
import { createEncode } from "../../src/dialects/native/events.ts";
import { createRender } from "../../src/dialects/native/render.ts";

const ORIGIN = "https://chat.test";
const CHAT = chatId(7);
const render = createRender((origin, id) => `${origin}/v1/attachments/${id}?sig=a"b`);
const encode = createEncode(render);

/** Texts that look like what a splice could take for its own. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ maxLength: 30 }),
  fc.constantFrom('","read":true}', '"read":', "}}", '\\"', "👍🏽", "\u2028\u0000", '},"unread":9}', "\\"),
);
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

const message: fc.Arbitrary<Message> = fc.record({
  id: fc.constant(messageId(CHAT, 3)),
  chatId: fc.constant(CHAT),
  seq: fc.constant(3),
  rev: fc.nat(),
  user: fc.record({
    id: fc.constant(userId(5)),
    username: text,
    name: text,
    photo: fc.option(text),
    email: fc.option(text),
    firstName: fc.constant(null),
    middleName: fc.constant(null),
    lastName: fc.constant(null),
    externalId: fc.constant(null),
    createdAt: time,
    updatedAt: time,
    deletedAt: fc.constant(null),
  }),
  role: fc.constantFrom("member", "owner"),
  kind: fc.constantFrom("text", "image"),
  text: fc.option(text),
  attachments: fc.array(
    fc.record({
      id: fc.uuid(),
      name: text,
      size: fc.nat(),
      mime: fc.constant("image/png"),
      width: fc.option(fc.nat()),
      height: fc.option(fc.nat()),
      createdAt: time,
    }),
    { maxLength: 2 },
  ),
  data: json,
  replyTo: fc.option(fc.constant(messageId(CHAT, 1))),
  clientId: fc.option(text),
  createdAt: time,
  editedAt: fc.option(time),
  deletedAt: fc.option(time),
});

const view = fc.record({
  read: fc.option(fc.boolean(), { nil: undefined }),
  unread: fc.option(fc.nat(), { nil: undefined }),
});

describe("an event that is encoded once and told to many", () => {
  it("is to each viewer what encoding it for them alone would give, and shows no e-mail address", () => {
    const types = fc.constantFrom("message.created" as const, "message.updated" as const);
    fc.assert(
      fc.property(types, message, fc.nat(), fc.array(view, { minLength: 1 }), (type, one, rev, views) => {
        const encoded = encode({ type, chatId: CHAT, rev, message: one }, ORIGIN);
        for (const { read, unread } of views) {
          const frames = encoded.for({ read, unread });
          expect(frames).toHaveLength(1);
          const plain = {
            event: type,
            chat_id: CHAT,
            rev,
            message: render.seen({ ...one, read: read ?? false }, ORIGIN),
          };
          // Compared as text too: the splice keeps the order of the fields.
          expect(frames[0]).toBe(JSON.stringify(unread === undefined ? plain : { ...plain, unread }));
          expect(Object.keys(JSON.parse(frames[0] ?? "").message.user)).toEqual(["id", "username", "name", "photo"]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a deletion bears the id and the viewer's count", () => {
    const event: ChatEvent = {
      type: "message.deleted",
      chatId: CHAT,
      rev: 9,
      messageId: messageId(CHAT, 3),
      author: userId(5),
      deletedAt: 0,
    };
    const encoded = encode(event, ORIGIN);
    const plain = { event: "message.deleted", chat_id: 7, rev: 9, message_id: messageId(CHAT, 3) };
    expect(JSON.parse(encoded.for({}).join(""))).toEqual(plain);
    expect(JSON.parse(encoded.for({ unread: 2 }).join(""))).toEqual({ ...plain, unread: 2 });
    expect(JSON.parse(encoded.for({}).join(""))).toEqual(plain);
  });

  it("the news of an app are not for this dialect", () => {
    const news = { type: "user.joined", userId: userId(5), username: "ann" } as const;
    expect(encode(news, ORIGIN).for({})).toEqual([]);
  });
});
