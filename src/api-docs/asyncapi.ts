/** The AsyncAPI 3 document of the sockets, made from the schemas that validate. Knows no dialect by name. */

import { z } from "zod";

/** What a dialect says of its sockets. */
interface Frame {
  readonly name: string;
  readonly summary: string;
  readonly payload: z.ZodType;
  readonly examples?: readonly unknown[];
}

interface Channel {
  readonly id: string;
  readonly address: string;
  readonly description: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly commands: readonly Frame[];
  readonly events: readonly Frame[];
}

interface Api {
  readonly dialect: string;
  readonly channels: readonly Channel[];
}

const key = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());

const schemaOf = (payload: z.ZodType, io: "input" | "output"): object =>
  z.toJSONSchema(payload, {
    io,
    unrepresentable: "any",
    // Names for the OpenAPI document, which have no meaning here.
    override: ({ jsonSchema }) => {
      delete (jsonSchema as { ref?: unknown }).ref;
    },
  });

const message = ({ name, summary, payload, examples }: Frame, io: "input" | "output"): object => ({
  name,
  summary,
  contentType: "application/json",
  payload: { schemaFormat: "application/schema+json;version=draft-2020-12", schema: schemaOf(payload, io) },
  ...(examples === undefined ? {} : { examples: examples.map((example) => ({ payload: example })) }),
});

/** Makes the document for `apis`; names of messages are unique in their channel. */
export function createAsyncApi(apis: readonly Api[]): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  for (const { dialect, channels: described } of apis) {
    for (const { id, address, description, parameters, commands, events } of described) {
      const messages: Record<string, object> = {};
      for (const frame of commands) messages[key(`do ${frame.name}`)] = message(frame, "input");
      for (const frame of events) messages[key(`on ${frame.name}`)] = message(frame, "output");
      channels[id] = {
        address,
        description,
        tags: [{ name: dialect }],
        ...(parameters === undefined
          ? {}
          : {
              parameters: Object.fromEntries(
                Object.entries(parameters).map(([name, text]) => [name, { description: text }]),
              ),
            }),
        messages,
        bindings: { ws: { method: "GET", bindingVersion: "0.1.0" } },
      };
      const refs = (frames: readonly Frame[], prefix: string): object[] =>
        frames.map(({ name }) => ({ $ref: `#/channels/${id}/messages/${key(`${prefix} ${name}`)}` }));
      const channel = { $ref: `#/channels/${id}` };
      operations[`${id}Receive`] = { action: "receive", channel, messages: refs(commands, "do") };
      operations[`${id}Send`] = { action: "send", channel, messages: refs(events, "on") };
    }
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Parlance",
      version: "1",
      description:
        "The sockets of one chat server, in each of its dialects. `receive` is what the server takes, `send` what it says.",
    },
    defaultContentType: "application/json",
    channels,
    operations,
  };
}
