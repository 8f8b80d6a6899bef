/** The shapes of `/v1` as its contract writes them down, and as the server's own schemas say. */

import { expect } from "vitest";
import type { z } from "zod";
import {
  attachmentOutput,
  changesOutput,
  chatOutput,
  detailedChatOutput,
  listedUserOutput,
  memberOutput,
  messageOutput,
  problemOutput,
  sessionOutput,
  userOutput,
} from "../../src/dialects/native/schemas.ts";
import type { Answer, Body } from "./people.ts";

const PERSON = ["id", "username", "name", "photo"];
const CHAT = [
  "id",
  "kind",
  "title",
  "peer",
  "members_count",
  "created_at",
  "updated_at",
  "rev",
  "last_seq",
  "unread",
  "last_message",
];

/** The fields of each shape: all of them, always, and no others. */
const SHAPES = {
  person: { fields: PERSON, schema: messageOutput.shape.user },
  user: { fields: [...PERSON, "email", "created_at", "updated_at"], schema: userOutput },
  listedUser: { fields: [...PERSON, "online"], schema: listedUserOutput },
  session: { fields: ["token", "user"], schema: sessionOutput },
  chat: { fields: CHAT, schema: chatOutput },
  detailedChat: { fields: [...CHAT, "members"], schema: detailedChatOutput },
  member: { fields: ["user", "role", "read_seq"], schema: memberOutput },
  changes: { fields: ["rev", "messages", "members", "chat"], schema: changesOutput },
  attachment: { fields: ["id", "name", "size", "mime", "url"], schema: attachmentOutput },
  image: { fields: ["id", "name", "size", "mime", "url", "width", "height"], schema: attachmentOutput },
  message: {
    fields: [
      "id",
      "chat_id",
      "seq",
      "rev",
      "user",
      "type",
      "text",
      "attachments",
      "data",
      "reply_to",
      "client_id",
      "created_at",
      "edited_at",
      "deleted_at",
      "read",
    ],
    schema: messageOutput,
  },
} as const satisfies Record<string, { fields: readonly string[]; schema: z.ZodType }>;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** `body` is a `shape`: exactly its fields, each as the server's own schema has it; returned for more to be said of it. */
export function expectShape(shape: keyof typeof SHAPES, body: Body): Body {
  const { fields, schema } = SHAPES[shape];
  expect(Object.keys(body).toSorted(), shape).toEqual([...fields].toSorted());
  // The schema strips what it does not know, on every level.
  expect(schema.parse(body)).toEqual(body);
  for (const [field, value] of Object.entries(body)) {
    if (field.endsWith("_at") && value !== null) expect(value, field).toMatch(TIME);
  }
  return body;
}

export type Code =
  | "auth.required"
  | "auth.invalid"
  | "access.denied"
  | "not_found"
  | "input.invalid"
  | "chat.duplicate"
  | "rate.limited"
  | "too_large";

const STATUS: Record<Code, number> = {
  "auth.required": 401,
  "auth.invalid": 401,
  "access.denied": 403,
  not_found: 404,
  "input.invalid": 400,
  "chat.duplicate": 409,
  "rate.limited": 429,
  too_large: 413,
};

/** `answer` is an RFC 9457 problem with this code; with `path`: it names that field among its errors. */
export function expectProblem(answer: Answer, code: Code, path?: string): void {
  expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ code, status: STATUS[code] });
  expect(answer.status).toBe(STATUS[code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(problemOutput.parse(answer.body)).toEqual(answer.body);
  if (code === "input.invalid") expect(answer.body.errors.length).toBeGreaterThan(0);
  else expect(answer.body.errors).toBeUndefined();
  if (path !== undefined) expect(answer.body.errors.map((error: Body) => error.path)).toContain(path);
}

/** `answer` is a frame that says no, with this code; with `path`: it names that field. */
export function expectRefusal(answer: Body, code: Code, path?: string): void {
  expect(answer, JSON.stringify(answer)).toMatchObject({ ok: false, error: { code, detail: expect.any(String) } });
  expect(Object.keys(answer).toSorted()).toEqual(["error", "ok", "re"]);
  if (path !== undefined) expect(answer.error.errors.map((error: Body) => error.path)).toContain(path);
}
