// The AsyncAPI document is valid, and has every command and event of the sockets.

import specification from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { createAsyncApi } from "../../src/api-docs/asyncapi.ts";
import { METHODS } from "../../src/dialects/methods/schemas.ts";
import { methodsEvents, methodsSockets } from "../../src/dialects/methods/socket-api.ts";
import { chatCommands } from "../../src/dialects/native/schemas.ts";
import { nativeEvents, nativeSockets } from "../../src/dialects/native/socket-api.ts";

import { EVENTS } from "../../src/dialects/rooms/schemas.ts";
import { roomsEvents, roomsSockets } from "../../src/dialects/rooms/socket-api.ts";

interface Document {
  readonly channels: Readonly<
    Record<string, { readonly messages: Readonly<Record<string, { readonly name: string }>> }>
  >;
}

const made = JSON.parse(JSON.stringify(createAsyncApi([nativeSockets, methodsSockets, roomsSockets]))) as Document;
const namesIn = (channel: string): string[] =>
  Object.values(made.channels[channel]?.messages ?? {}).map(({ name }) => name);

describe("the AsyncAPI document", () => {
  it("is valid AsyncAPI 3.0", () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(specification);
    validate(made);
    expect(validate.errors ?? []).toEqual([]);
  });

  it("names every command and event of the native sockets", () => {
    expect(namesIn("native")).toEqual(
      expect.arrayContaining([
        ...Object.keys(chatCommands),
        "chat.join",
        "presence.watch",
        ...Object.keys(nativeEvents),
      ]),
    );
    expect(namesIn("nativeChat")).toEqual(expect.arrayContaining(Object.keys(chatCommands)));
  });

  it("names every method and event of `methods`", () => {
    expect(namesIn("methods")).toEqual([...Object.keys(METHODS), ...Object.keys(methodsEvents)]);
  });

  it("names every event of `rooms`", () => {
    expect(namesIn("rooms")).toEqual([...Object.keys(EVENTS), ...Object.keys(roomsEvents)]);
  });
});
