// The AsyncAPI document is valid, and has every command and event of the sockets.

import specification from "@asyncapi/specs/schemas/3.0.0-without-$id.json" with { type: "json" };
import Ajv from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { createAsyncApi } from "../../src/api-docs/asyncapi.ts";
import { EVENTS } from "../../src/dialects/events/schemas.ts";
import { eventsSockets } from "../../src/dialects/events/socket-api.ts";
import { REQUESTS } from "../../src/dialects/messenger/schemas.ts";
import { messengerAnswers, messengerEvents, messengerSockets } from "../../src/dialects/messenger/socket-api.ts";
import { METHODS } from "../../src/dialects/methods/schemas.ts";
import { methodsEvents, methodsSockets } from "../../src/dialects/methods/socket-api.ts";
import { chatCommands } from "../../src/dialects/native/schemas.ts";
import { nativeEvents, nativeSockets } from "../../src/dialects/native/socket-api.ts";

import { EVENTS as ROOMS_EVENTS } from "../../src/dialects/rooms/schemas.ts";
import { roomsEvents, roomsSockets } from "../../src/dialects/rooms/socket-api.ts";

interface Message {
  readonly name: string;
  readonly payload: { readonly schema: object };
  readonly examples?: readonly { readonly payload: unknown }[];
}

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, Message>> }>>;
}

const made = JSON.parse(
  JSON.stringify(createAsyncApi([nativeSockets, methodsSockets, messengerSockets, eventsSockets, roomsSockets])),
) as Document;
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

  it("names every event and acknowledgement of `messenger`, with an example of each that fits its schema", () => {
    expect(namesIn("messenger")).toEqual([
      ...Object.keys(REQUESTS),
      ...Object.keys(messengerEvents),
      "auth-failed",
      ...Object.keys(messengerAnswers).map((name) => `${name} acknowledged`),
    ]);
    const messages = Object.values(made.channels["messenger"]?.messages ?? {});
    for (const { name, payload, examples } of messages.filter((message) => message.name !== "auth-failed")) {
      expect(examples?.length, name).toBeGreaterThan(0);
      const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(payload.schema);
      for (const example of examples ?? []) expect(validate(example.payload), name).toBe(true);
    }
  });

  it("names every event of `events`, as it is asked and as it is answered", () => {
    expect(namesIn("events")).toEqual([...Object.keys(EVENTS), ...Object.keys(EVENTS), "error"]);
  });

  it("names every event of `rooms`", () => {
    expect(namesIn("rooms")).toEqual([...Object.keys(ROOMS_EVENTS), ...Object.keys(roomsEvents)]);
  });
});
