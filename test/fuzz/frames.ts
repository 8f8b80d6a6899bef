/** Hostile frames on connections that are let in: valid and mutated commands and events of each socket dialect, in any order. */

import type { Dialect, FramesCase } from "./cases.ts";
import type { Hostile } from "./hostile.ts";
import { knownIn } from "./known.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";
import { Values } from "./schema.ts";
import type { World } from "./world.ts";
import { actedFor } from "./world.ts";

interface Message {
  readonly name: string;
  readonly payload?: { readonly schema?: Schema };
  readonly examples?: readonly { readonly payload?: unknown }[];
}

export interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, Message>> }>>;
}

/** Channels of the document by what we call them. */
const CHANNELS: Readonly<Record<Dialect, string>> = {
  native: "native",
  chat: "nativeChat",
  methods: "methods",
  messenger: "messenger",
  events: "events",
  events2: "events",
  rooms: "rooms",
};

/** The decoder of Socket.IO takes these for what only a server says: a client that sends one is ended. */
const RESERVED = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);

export class FramesCases {
  readonly #messages: ReadonlyMap<Dialect, readonly Message[]>;
  readonly #world: World;

  constructor(document: AsyncApi, world: World) {
    const entries = Object.entries(CHANNELS).map(([dialect, channel]) => {
      const messages = Object.entries(document.channels[channel]?.messages ?? {});
      return [
        dialect as Dialect,
        messages.filter(([id]) => id.startsWith("do")).map(([, message]) => message),
      ] as const;
    });
    const silent = entries.find(([, messages]) => messages.length === 0);
    if (silent !== undefined) throw new Error(`The document has nothing to say to ${silent[0]}.`);
    this.#messages = new Map(entries);
    this.#world = world;
  }

  /** All that there is to try. */
  names(): string[] {
    return [...this.#messages].flatMap(([dialect, messages]) => messages.map((message) => nameOf(dialect, message)));
  }

  make(dialect: Dialect, random: Random, hostile: Hostile): FramesCase {
    const as = random.below(2);
    const values = new Values(random, hostile, knownIn(this.#world, random, actedFor(this.#world, dialect, as)));
    const wrong = random.of([0, 0, 0.1, 0.3, 0.6]);
    return {
      kind: "frames",
      group: dialect,
      dialect,
      as,
      isFresh: random.is(0.02),
      ...this.#several(dialect, random, hostile, values, wrong),
    };
  }

  #several(dialect: Dialect, random: Random, hostile: Hostile, values: Values, wrong: number) {
    const tries: string[] = [];
    const frames = random.several(1, 8, () => {
      const message = random.of(this.#messages.get(dialect) ?? []);
      tries.push(nameOf(dialect, message));
      return this.#frame(dialect, message, random, hostile, values, wrong);
    });
    return { tries, frames };
  }

  /** A command or an event of this dialect, as it goes over its socket. */
  frame(dialect: Dialect, random: Random, hostile: Hostile, values: Values, wrong: number): string | Buffer {
    return this.#frame(dialect, random.of(this.#messages.get(dialect) ?? []), random, hostile, values, wrong);
  }

  #frame(
    dialect: Dialect,
    message: Message,
    random: Random,
    hostile: Hostile,
    values: Values,
    wrong: number,
  ): string | Buffer {
    const schema = message.payload?.schema ?? {};
    const example = message.examples === undefined || random.is(0.8) ? undefined : random.of(message.examples).payload;
    const payload = example ?? values.of(schema, message.name === "join" ? "room" : "", wrong);
    if (dialect === "native" || dialect === "chat" || dialect === "methods") {
      if (random.is(wrong * 0.03)) return hostile.bytes(hostile.text());
      if (random.is(wrong * 0.05)) return hostile.text();
      return hostile.json(dialect === "methods" ? payload : withId(payload, random, hostile));
    }
    return this.#packet(dialect, message.name, payload, random, hostile, wrong);
  }

  /** An EVENT as the parser takes it, whatever is in it. */
  #packet(dialect: Dialect, name: string, payload: unknown, random: Random, hostile: Hostile, wrong: number): string {
    const namespace = dialect === "messenger" ? "/chat," : "";
    const ack = random.is(0.6) ? String(random.below(500)) : "";
    const { chats, victimChat, attackersApp, victimsApp, openApp } = this.#world;
    let event = name;
    if (name === "new-message" && random.is(0.3)) {
      const chat = random.of([attackersApp.roomId, openApp.roomId, victimsApp.roomId, victimChat, chats[0]]);
      event = `/chat/${random.is(0.9) ? chat : hostile.text().slice(0, 50)}/new-message`;
    }
    if (random.is(wrong * 0.1)) event = hostile.text();
    if (RESERVED.has(event)) event = "x";
    const args = random.weighted<unknown[]>([
      [90, [payload]],
      [3, []],
      [3, [payload, hostile.value()]],
      [4 * wrong, [hostile.value(), payload, null, {}]],
    ]);
    return `42${namespace}${ack}${JSON.stringify([event, ...args])}`;
  }
}

const nameOf = (dialect: Dialect, { name }: Message): string => `${dialect} ${name}`;

function withId(payload: unknown, random: Random, hostile: Hostile): unknown {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload) || random.is(0.1)) return payload;
  return { ...payload, id: random.is(0.7) ? random.below(1_000) : hostile.value() };
}
