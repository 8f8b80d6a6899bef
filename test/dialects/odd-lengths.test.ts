// An object with a `length` that can't be compared is refused where a string or a list is asked for, as any other object.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseInput } from "../../src/dialects/input.ts";
import { MethodsClient } from "../support/methods.ts";
import type { Person } from "../support/people.ts";
import { call, people, person } from "../support/people.ts";
import { RoomsClient, appRoom } from "../support/rooms.ts";

const nested = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);

const ODD = [{ length: { toString: 1 } }, { length: [null, { toString: "" }] }, { length: nested(5_000) }];

const asPerson =
  (method: string, path: string) =>
  (by: Person, odd: unknown): Promise<{ status: number }> =>
    by.call(method, path, { title: odd, members: odd, first_name: odd, message: odd, receiver_id: 1, name: odd });

describe("in a body", () => {
  it.each([
    ["of native", asPerson("POST", "/v1/chats"), 400],
    ["of mobile", asPerson("POST", "/chats"), 422],
    ["of the operators", (_: Person, odd: unknown) => call("POST", "/auth/login", { email: odd, password: odd }), 422],
  ])("%s", async (_, ask, status) => {
    const ann = await person("ann");
    for (const odd of ODD) expect((await ask(ann, odd)).status).toBe(status);
  });
});

describe("in a frame", () => {
  it("of native", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const socket = await ann.socket();
    for (const odd of ODD) {
      const answer = await socket.do("message.send", { chat_id: chat.id, text: odd });
      expect(answer.error.code).toBe("input.invalid");
    }
  });

  it("of methods", async () => {
    const client = await MethodsClient.of(await person());
    for (const odd of ODD) {
      const { data } = await client.frame({ method: "create_chat", args: { users: [], title: odd } });
      expect(data.type).toBe("field_error");
    }
  });

  it("of rooms", async () => {
    const ann = await person("ann");
    const room = await appRoom([ann]);
    const client = await RoomsClient.in(room.name, ann);
    for (const odd of ODD) expect(await client.ask("err", "join", odd)).toBe("Invalid room name");
    client.close();
  });
});

it("hides no fault of a schema of ours", () => {
  const faulty = z.string().transform(() => {
    throw new TypeError("ours");
  });
  expect(() => parseInput(faulty, "x")).toThrow("ours");
});
