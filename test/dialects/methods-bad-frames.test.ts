// What `methods` says to frames that are wrong, in the words that its clients know; the connection goes on.

import { describe, expect, it } from "vitest";
import { MethodsClient } from "../support/methods.ts";
import { person } from "../support/people.ts";

const error = (type: string, detail: string, key: unknown = null) => ({
  type: "error",
  data: { type, detail, event_response_key: key },
});

describe("a frame", () => {
  it.each([
    ["that is no JSON", "{nope", error("system_error", "The data has to be JSON.")],
    ["that is binary", new TextEncoder().encode("{}").buffer, error("system_error", "The data has to be JSON.")],
    ["that is an array", "[]", error("system_error", "The data has to be a JSON-object.")],
    ["that is a string", '"auth"', error("system_error", "The data has to be a JSON-object.")],
    ["that is null", "null", error("system_error", "The data has to be a JSON-object.")],
    ["without a token", { method: "auth" }, error("field_error", "There is no access token.")],
    ["without token and method", {}, error("field_error", "There is no access token.")],
    [
      "with a bad token",
      { method: "auth", access_token: "bad" },
      error("authorization_error", "Authorization failed."),
    ],
    [
      "with a token that is no string",
      { method: "auth", access_token: 5 },
      error("authorization_error", "Authorization failed."),
    ],
    [
      "with a bad token and a key",
      { method: "nope", access_token: "bad", args: { event_response_key: "k" } },
      error("authorization_error", "Authorization failed.", "k"),
    ],
  ])("%s is refused before anything else", async (_, frame, answer) => {
    const client = await MethodsClient.open();
    expect(await client.frame(frame)).toEqual(answer);
    const { token } = await person();
    expect((await client.frame({ method: "auth", access_token: token })).type).toBe("authenticated");
  });

  it("with a method that is none is refused by its name", async () => {
    const client = await MethodsClient.of(await person());
    const text = "You do not have permissions to execute this method";
    expect(await client.frame({ method: "fly" })).toEqual(error("access_error", `${text} (fly)`));
    expect(await client.frame({ method: "constructor" })).toEqual(error("access_error", `${text} (constructor)`));
    expect(await client.frame({ method: 5, args: { event_response_key: 7 } })).toEqual(
      error("access_error", `${text} (5)`, 7),
    );
    expect((await client.frame({})).data.type).toBe("access_error");
  });

  it.each([
    ["create_chat", {}, "users"],
    ["create_chat", { users: "1" }, "users"],
    ["create_chat", { users: ["x"] }, "users"],
    ["create_chat", { users: [], title: 5 }, "title"],
    ["create_chat", { users: [], title: "x".repeat(201) }, "title"],
    ["update_chat", { chat: 1 }, "title"],
    ["update_chat", { chat: "one", title: "x" }, "chat"],
    ["send_message", { text: "x" }, "chat"],
    ["read_messages", { chat: -1 }, "chat"],
    ["read_messages", { chat: 1.5 }, "chat"],
    ["add_to_chat", { chat: 1 }, "users"],
    ["remove_from_chat", { chat: 1, users: [] }, "users"],
  ])("%s with %j names the argument", async (method, args, argument) => {
    const client = await MethodsClient.of(await person());
    const { data } = await client.call(method, args);
    expect(data.type).toBe("field_error");
    expect(data.detail).toContain(argument);
  });

  it("whose arguments are no object is refused, not crashed on", async () => {
    const client = await MethodsClient.of(await person());
    for (const args of [null, 5, "x", [], [[]]]) {
      expect((await client.frame({ method: "read_messages", args })).data.type).toBe("field_error");
    }
    const deep = `{"method":"auth","args":{"event_response_key":${"[".repeat(5_000)}${"]".repeat(5_000)}}}`;
    expect(await client.frame(deep)).toEqual({ type: "authenticated", data: { event_response_key: null } });
  });
});
