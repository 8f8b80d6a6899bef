// People, rooms and messages as the document of `rooms` has them, field by field.

import { describe, expect, it } from "vitest";
import { appId, chatId, messageId, userId } from "../../src/core/ids.ts";
import type { Message } from "../../src/core/message.ts";
import type { Person } from "../../src/core/people.ts";
import { ghostOf } from "../../src/core/people.ts";
import { createRenderMessage } from "../../src/dialects/rooms/message.ts";
import { renderRoom, renderRoomWithUsers, renderUser } from "../../src/dialects/rooms/render.ts";

const APP = appId(3);
const AT = Date.UTC(2021, 6, 17, 12, 25, 59, 456);
const ISO = "2021-07-17T12:25:59.456Z";

const ann: Person = {
  id: userId(2),
  username: "ann",
  name: "Ann van Dyke",
  photo: "https://example.org/a.png",
  email: "ann@example.org",
  firstName: "Ann",
  middleName: "van",
  lastName: "Dyke",
  externalId: "17",
  createdAt: AT,
  updatedAt: AT,
  deletedAt: null,
};

describe("a user", () => {
  it("has the documented fields and no others", () => {
    expect(renderUser(ann, APP)).toEqual({
      id: 2,
      appId: 3,
      appUserId: 17,
      firstName: "Ann",
      middleName: "van",
      lastName: "Dyke",
      createdAt: ISO,
      updatedAt: ISO,
      deletedAt: null,
    });
  });

  it("has the id of its app as that wrote it: a number only where it is one", () => {
    const idOf = (externalId: string | null) => renderUser({ ...ann, externalId }, APP).appUserId;
    expect(["0", "-5", "9007199254740991"].map(idOf)).toEqual([0, -5, 9007199254740991]);
    for (const text of ["007", "1e3", "", " 1", "9007199254740993", "0x10", "usr-1", "NaN", "-0"])
      expect(idOf(text)).toBe(text);
    expect(idOf(null)).toBeNull();
  });

  it("is shown by the name that others see where it has neither first nor last name", () => {
    const names = ({ firstName, lastName }: ReturnType<typeof renderUser>) => [firstName, lastName];
    expect(names(renderUser({ ...ann, firstName: null }, APP))).toEqual([null, "Dyke"]);
    expect(names(renderUser({ ...ann, firstName: null, lastName: null }, APP))).toEqual(["Ann van Dyke", null]);
  });

  it("whose account is gone says since when", () => {
    expect(renderUser(ghostOf(userId(2), AT), APP)).toMatchObject({ appUserId: null, deletedAt: ISO });
  });
});

describe("a room", () => {
  const room = { id: chatId(7), appId: APP, name: "usr-1-2", props: { extra: { any: ["thing"] } }, createdAt: AT };
  const plain = {
    id: 7,
    appId: 3,
    room: "usr-1-2",
    name: "usr-1-2",
    extra: { any: ["thing"] },
    createdAt: ISO,
    updatedAt: ISO,
    deletedAt: null,
  };

  it("is shown with and without its people", () => {
    expect(renderRoom(room)).toEqual(plain);
    expect(renderRoom({ ...room, props: {} }).extra).toBeNull();
    expect(renderRoomWithUsers({ ...room, members: [{ user: ann }] })).toEqual({
      ...plain,
      users: [renderUser(ann, APP)],
    });
  });
});

describe("a message", () => {
  const message: Message = {
    id: messageId(chatId(7), 1),
    chatId: chatId(7),
    seq: 1,
    rev: 2,
    user: ann,
    role: "member",
    kind: "text",
    text: "hello sumit",
    attachments: [],
    data: null,
    replyTo: null,
    clientId: "c",
    createdAt: AT,
    editedAt: null,
    deletedAt: null,
  };
  const render = createRenderMessage((origin, id) => `${origin}/${id}`);

  it("is the document's own example, and what is ours besides", () => {
    expect(render(message, APP, "https://x.org")).toEqual({
      id: 7 * 2 ** 24 + 1,
      roomId: 7,
      message: "aGVsbG8gc3VtaXQ=",
      userId: 2,
      updatedAt: ISO,
      createdAt: ISO,
      deletedAt: null,
      user: renderUser(ann, APP),
      type: "text",
      attachments: [],
      data: null,
    });
  });

  it("says when it was edited, and where its files are", () => {
    const file = { id: "f", name: "a.png", size: 5, mime: "image/png", width: 1, height: 2 };
    const edited = { ...message, text: null, editedAt: AT + 1, attachments: [{ ...file, createdAt: AT }] };
    expect(render(edited, APP, "https://x.org")).toMatchObject({
      message: "",
      updatedAt: "2021-07-17T12:25:59.457Z",
      attachments: [{ ...file, url: "https://x.org/f" }],
    });
  });
});
